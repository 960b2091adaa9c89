//! Receipts: a statement, signed, in exactly one form of bytes.
//!
//! A receipt is a DSSE envelope (Dead Simple Signing Envelope) around one [`assay_contract::receipts::Statement`],
//! signed with Ed25519. This crate signs and checks; it never reads a file or an environment variable, never makes
//! randomness, and never lets key material reach an error, a `Debug` or a log.
//!
//! One form: [`verify`] refuses an envelope that [`sign`] would not have written byte for byte, so that a receipt can
//! be named by the SHA-256 of its file.

#![forbid(unsafe_code)]

mod envelope;
mod keys;
mod pem;

pub use envelope::{MAX_BYTES, PAYLOAD_TYPE, ReceiptError, Verified, read_unchecked, sign, verify};
pub use keys::{KeyError, KeyId, PublicKey, SigningKey};
