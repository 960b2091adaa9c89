//! References to container images.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A reference to a container image: `[host[:port]/]path[:tag][@sha256:…]`, of a form that cannot carry a template tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Image(String);

/// A text that is not a reference to an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is not an image; expected a path of lower-case letters and digits, then `:tag` or `@sha256:…`, at most 500 characters"
)]
pub struct InvalidImage {
    /// The text, with everything that is not printable escaped, and cut.
    pub found: String,
}

impl Image {
    /// The image of that name.
    ///
    /// # Errors
    /// If it is not one.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidImage> {
        let text = text.into();
        if is_reference(&text) {
            Ok(Self(text))
        } else {
            Err(InvalidImage { found: text.chars().take(80).flat_map(char::escape_default).collect() })
        }
    }

    /// The image of trusted stages that was made with this version.
    pub(super) fn of_this_version() -> Self {
        Self(concat!("assay/stage:", env!("CARGO_PKG_VERSION")).into())
    }

    /// The registry that it comes from.
    #[must_use]
    pub fn registry(&self) -> &str {
        match self.0.split_once('/') {
            Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
            _ => DEFAULT_REGISTRY,
        }
    }

    /// An image of a registry, of which nothing else is known.
    pub(crate) fn unknown_of(registry: &str) -> String {
        format!("{registry}/unknown")
    }

    /// The reference as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where images come from that name no registry.
const DEFAULT_REGISTRY: &str = "docker.io";

/// Whether an image could name this registry.
pub(super) fn is_registry(text: &str) -> bool {
    let named = text.contains(['.', ':']) || text == "localhost";
    named && !text.contains('/') && is_host_or_component(text)
}

fn is_reference(text: &str) -> bool {
    let (rest, digest_ok) = match text.split_once('@') {
        Some((rest, digest)) => (
            rest,
            assay_contract::Digest::new(digest.replacen("sha256:", "", 1)).is_ok()
                && digest.starts_with("sha256:"),
        ),
        None => (text, true),
    };
    // A colon after the last slash begins a tag; one before it begins a port.
    let (host_and_path, last) = match rest.rsplit_once('/') {
        Some((before, last)) => (Some(before), last),
        None => (None, rest),
    };
    let (name, tag_ok) = match last.split_once(':') {
        Some((name, tag)) => (name, is_tag(tag)),
        None => (last, true),
    };
    let before_ok = host_and_path.is_none_or(|before| {
        let mut parts = before.split('/');
        parts.next().is_some_and(is_host_or_component) && parts.all(is_component)
    });
    text.len() <= 500 && digest_ok && tag_ok && before_ok && is_component(name)
}

fn is_tag(tag: &str) -> bool {
    (1..=128).contains(&tag.len())
        && !tag.starts_with(['.', '-'])
        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

fn is_component(part: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    part.bytes().next().is_some_and(plain)
        && part.bytes().last().is_some_and(plain)
        && part.bytes().all(|b| plain(b) || matches!(b, b'_' | b'.' | b'-'))
}

fn is_host_or_component(part: &str) -> bool {
    let (host, port_ok) = match part.split_once(':') {
        Some((host, port)) => (host, port.parse::<u16>().is_ok() && port.bytes().all(|b| b.is_ascii_digit())),
        None => (part, true),
    };
    port_ok && is_component(&host.to_ascii_lowercase())
}

impl TryFrom<String> for Image {
    type Error = InvalidImage;
    fn try_from(text: String) -> Result<Self, InvalidImage> {
        Self::new(text)
    }
}

impl From<Image> for String {
    fn from(image: Image) -> String {
        image.0
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_told_from_other_text() {
        let digest = format!("a@sha256:{}", "0".repeat(64));
        for good in
            ["gcc", "gcc:14", "hub/user:2026.1", "localhost:5000/a/b:x", "Registry.example/a", &digest]
        {
            assert!(Image::new(good).is_ok(), "{good}");
        }
        let short = format!("a@sha256:{}", "0".repeat(63));
        for bad in [
            "",
            "a b",
            "A",
            "a:",
            "a:{{x}}",
            "{{=1}}",
            "a\n",
            "a@",
            &short,
            "a@md5:0",
            "/a",
            "a/",
            "a//b",
            "a:b:c",
            "h:99999/a",
            "a:-x",
            "a\"",
            "a@sha256:sha256:0",
        ] {
            assert!(Image::new(bad).is_err(), "{bad}");
        }
        assert!(Image::new(Image::of_this_version().as_str()).is_ok());
    }
}
