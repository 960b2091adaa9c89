//! The keys of receipts: Ed25519, read from PEM, named by a short id.
//!
//! A [`PublicKey`] cannot be one under which forgeries exist (small order) or that has a second spelling. A
//! [`SigningKey`] is wiped when dropped and never shown.

use std::fmt;

use data_encoding::HEXLOWER;
use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::pem;

/// Why a key cannot be used. Says nothing about what the key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The text is no PEM file of the kind that is needed.
    #[error("not a PEM file that begins with `-----BEGIN {label}-----` and ends with its end line")]
    NotPem {
        /// The kind that is needed.
        label: &'static str,
    },
    /// The file holds a key of another algorithm, curve or encoding.
    #[error(
        "not an Ed25519 key as `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` write them"
    )]
    NotEd25519,
    /// The bytes are no point of the curve, or one under which signatures can be forged, or misspelt.
    #[error("not a safe Ed25519 public key: make a new pair of keys")]
    Unsafe,
}

/// A short name for a public key: the first 8 bytes of the SHA-256 of its 32 bytes, written as 16 hexadecimal digits.
///
/// It tells keys apart; it does not prove anything, as the envelope's key id is not signed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

impl KeyId {
    /// The id written as `text`; `None` unless it is 16 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<KeyId> {
        HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(KeyId)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// A key that checks receipts.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// The key in an SPKI PEM file.
    ///
    /// # Errors
    /// If the text is no such file, holds another kind of key, or a key that is not safe.
    pub fn from_pem(text: &str) -> Result<PublicKey, KeyError> {
        PublicKey::from_bytes(&*pem::PUBLIC.read(text)?)
    }

    /// The key of these 32 bytes.
    ///
    /// # Errors
    /// If they are not the one spelling of a point of the curve, or the point has a small order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<PublicKey, KeyError> {
        if !is_reduced(bytes) {
            return Err(KeyError::Unsafe);
        }
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Unsafe)?;
        if key.is_weak() { Err(KeyError::Unsafe) } else { Ok(PublicKey(key)) }
    }

    /// The key as an SPKI PEM file.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::PUBLIC.write(self.0.as_bytes()).to_string()
    }

    /// The key's 32 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The key's short name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let mut id = [0; 8];
        id.copy_from_slice(&Sha256::digest(self.0.as_bytes())[..8]);
        KeyId(id)
    }

    /// Whether this key's owner signed `message`, by the strict rules: S below L, no small-order point anywhere.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

/// Whether the y coordinate is below the field's prime, 2^255 − 19; a larger one is a second spelling of a point.
fn is_reduced(bytes: &[u8; 32]) -> bool {
    bytes[31] & 0x7f != 0x7f || bytes[1..31].iter().any(|b| *b != 0xff) || bytes[0] < 0xed
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

/// A key that signs receipts. Wiped when dropped.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key in a PKCS#8 PEM file.
    ///
    /// # Errors
    /// If the text is no such file or holds another kind of key.
    pub fn from_pem(text: &str) -> Result<SigningKey, KeyError> {
        Ok(SigningKey(ed25519_dalek::SigningKey::from_bytes(&*pem::PRIVATE.read(text)?)))
    }

    /// The key made of these 32 bytes, which must come from the system's source of randomness.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> SigningKey {
        SigningKey(ed25519_dalek::SigningKey::from_bytes(&Zeroizing::new(seed)))
    }

    /// The key as a PKCS#8 PEM file; wiped when dropped.
    #[must_use]
    pub fn to_pem(&self) -> Zeroizing<String> {
        pem::PRIVATE.write(self.0.as_bytes())
    }

    /// The key that checks what this one signs.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// A name for `what` that only this key's owner can come to, and always comes to: 32 hexadecimal digits.
    #[must_use]
    pub fn secret_name(&self, what: &str) -> String {
        // No receipt begins like this, and a signature does not tell the key.
        let signature = self.sign(format!("assay secret name\n{what}").as_bytes());
        HEXLOWER.encode(&Sha256::digest(signature)[..16])
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, redacted)", self.public().id())
    }
}

#[cfg(test)]
mod tests;
