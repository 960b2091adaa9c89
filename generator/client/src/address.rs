//! Where the queue server is, and the token that says who asks.

use std::fmt;

use reqwest::header::HeaderValue;
use reqwest::Url;
use zeroize::Zeroizing;

/// The longest address that is taken.
const LONGEST: usize = 2_000;

/// Why an address or a token cannot be used. Neither is repeated: both may hold secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no address of a service.
    #[error("the queue server's address must be as `http://proxy-public/services/assay`")]
    Form,
    /// It carries a name, a password, a query or a fragment.
    #[error("the queue server's address must hold no name, password, query or fragment")]
    More,
    /// It is no token.
    #[error("the token must be of printable letters without blanks")]
    Token,
}

/// The queue server's address, without the path of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// The address that this text is.
    ///
    /// # Errors
    /// If it is none of a service.
    pub fn parse(text: &str) -> Result<Address, AddressError> {
        if text.len() > LONGEST {
            return Err(AddressError::Form);
        }
        let url = Url::parse(text.trim()).map_err(|_| AddressError::Form)?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(AddressError::Form);
        }
        let nothing_more = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !nothing_more {
            return Err(AddressError::More);
        }
        Ok(Address(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// As people write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A hub's token: it is sent, and otherwise never seen.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// The token that this text is.
    ///
    /// # Errors
    /// If no header could carry it.
    pub fn new(text: &str) -> Result<Token, AddressError> {
        let plain = !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|b| b.is_ascii_graphic());
        if plain { Ok(Token(Zeroizing::new(text.to_owned()))) } else { Err(AddressError::Token) }
    }

    /// The header's value, which logs do not show.
    pub(crate) fn header(&self) -> Result<HeaderValue, AddressError> {
        let text = Zeroizing::new(format!("token {}", self.0.as_str()));
        let mut value = HeaderValue::from_str(&text).map_err(|_| AddressError::Token)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_services() {
        for (text, is) in [
            ("http://proxy-public/services/assay", Ok("http://proxy-public/services/assay")),
            ("https://hub.example.edu/services/assay/", Ok("https://hub.example.edu/services/assay")),
            ("http://127.0.0.1:8080", Ok("http://127.0.0.1:8080")),
            ("", Err(AddressError::Form)),
            ("proxy-public/services/assay", Err(AddressError::Form)),
            ("file:///etc/passwd", Err(AddressError::Form)),
            ("http://ada:secret@hub/", Err(AddressError::More)),
            ("http://hub/?token=secret", Err(AddressError::More)),
            ("http://hub/#x", Err(AddressError::More)),
        ] {
            assert_eq!(Address::parse(text).as_ref().map(Address::as_str).map_err(|e| *e), is, "{text}");
        }
    }

    #[test]
    fn a_token_is_never_shown() {
        let token = Token::new("very-secret").unwrap();
        let header = token.header().unwrap();
        assert_eq!(header.to_str().unwrap(), "token very-secret");
        for shown in [format!("{token:?}"), format!("{header:?}")] {
            assert!(!shown.contains("secret"), "{shown}");
        }
        for text in ["", "a b", "a\nb", "ä", "a\u{1b}"] {
            assert_eq!(Token::new(text).unwrap_err(), AddressError::Token, "{text:?}");
        }
    }
}
