//! The DSSE envelope: what is signed, how it is written, and when it is believed.
//!
//! Order matters in [`verify`]: nothing of the payload is parsed before its signature holds, so that only bytes which
//! a holder of a key wrote reach the statement's parser. Never accepts two forms of one receipt.

use assay_contract::receipts::Statement;
use data_encoding::BASE64;
use serde::Deserialize;
use thiserror::Error;

use crate::{KeyId, PublicKey, SigningKey};

/// What an envelope of ours carries. It is signed with the payload, so no other statement format can be passed off.
pub const PAYLOAD_TYPE: &str = "application/vnd.assay.receipt.v1+json";

/// The longest receipt that is written or read, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;

/// Why a text is no receipt that can be believed, or why none could be made. Never holds key material.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReceiptError {
    /// Longer than [`MAX_BYTES`].
    #[error("longer than the {MAX_BYTES} bytes that a receipt may have")]
    TooLong,
    /// Not an envelope: no JSON, a field missing, unknown or repeated.
    #[error("not a receipt: line {line}, column {column} of its JSON is not as in an envelope")]
    Malformed {
        /// Where, counted from 1.
        line: usize,
        /// Where in that line, counted from 1.
        column: usize,
    },
    /// The envelope carries something other than a receipt of this version.
    #[error("not a receipt of this version: its payload type is not `{PAYLOAD_TYPE}`")]
    PayloadType,
    /// There is no signature, or more than one.
    #[error("a receipt has one signature, this one has {count}")]
    Signatures {
        /// How many there are.
        count: usize,
    },
    /// The payload, the signature or the key id is not spelt as it must be.
    #[error("the receipt's `{field}` is not written as it must be")]
    Encoding {
        /// Which field.
        field: &'static str,
    },
    /// None of the keys that are trusted has the id that the receipt names.
    #[error("signed with key {key_id}, which is not among the trusted ones")]
    UnknownKey {
        /// The id that the receipt names.
        key_id: KeyId,
    },
    /// The signature does not hold: the receipt was changed, or made by someone without the key.
    #[error("the signature does not hold: the receipt was changed, or was not made with key {key_id}")]
    Signature {
        /// The key that it was checked with.
        key_id: KeyId,
    },
    /// The signature holds, and what was signed is no statement that this version knows.
    #[error("validly signed, but not a statement that this version of the program knows")]
    Statement,
    /// The signature holds, and the file is not in the one form that a receipt has.
    #[error("validly signed, but written in another form than a receipt has: use the original file")]
    Form,
}

/// A receipt that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What it says.
    pub statement: Statement,
    /// Which of the trusted keys signed it.
    pub key_id: KeyId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeSignature {
    keyid: String,
    sig: String,
}

/// Signs a statement. The same statement and key give the same bytes: one line of JSON and a line end.
///
/// # Errors
/// [`ReceiptError::TooLong`] if the receipt would be longer than [`MAX_BYTES`], which no reader accepts.
pub fn sign(statement: &Statement, key: &SigningKey) -> Result<String, ReceiptError> {
    let payload = payload(statement)?;
    let text = render(&payload, key.public().id(), &key.sign(&signed_bytes(&payload)));
    if text.len() > MAX_BYTES { Err(ReceiptError::TooLong) } else { Ok(text) }
}

/// Checks a receipt against the keys that are trusted.
///
/// # Errors
/// If `text` is not, byte for byte, what [`sign`] writes with one of `keys`; the error says in what it differs.
pub fn verify(text: &[u8], keys: &[PublicKey]) -> Result<Verified, ReceiptError> {
    if text.len() > MAX_BYTES {
        return Err(ReceiptError::TooLong);
    }
    let Envelope { payload: encoded, payload_type, signatures } = serde_json::from_slice(text)
        .map_err(|error| ReceiptError::Malformed { line: error.line(), column: error.column() })?;
    if payload_type != PAYLOAD_TYPE {
        return Err(ReceiptError::PayloadType);
    }
    let [EnvelopeSignature { keyid, sig }] = signatures.as_slice() else {
        return Err(ReceiptError::Signatures { count: signatures.len() });
    };
    let key_id = KeyId::parse(keyid).ok_or(ReceiptError::Encoding { field: "keyid" })?;
    let signature: [u8; 64] = BASE64
        .decode(sig.as_bytes())
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(ReceiptError::Encoding { field: "sig" })?;
    let signed =
        BASE64.decode(encoded.as_bytes()).map_err(|_| ReceiptError::Encoding { field: "payload" })?;

    let mut candidates = keys.iter().filter(|key| key.id() == key_id).peekable();
    if candidates.peek().is_none() {
        return Err(ReceiptError::UnknownKey { key_id });
    }
    let message = signed_bytes(&signed);
    if !candidates.any(|key| key.verifies(&message, &signature)) {
        return Err(ReceiptError::Signature { key_id });
    }

    let statement: Statement = serde_json::from_slice(&signed).map_err(|_| ReceiptError::Statement)?;
    if payload(&statement)? != signed || render(&signed, key_id, &signature).as_bytes() != text {
        return Err(ReceiptError::Form);
    }
    Ok(Verified { statement, key_id })
}

/// What a receipt says, whoever signed it: for finding receipts, never for believing one.
///
/// # Errors
/// If `text` is no envelope around a statement that this version knows.
pub fn read_unchecked(text: &[u8]) -> Result<Statement, ReceiptError> {
    if text.len() > MAX_BYTES {
        return Err(ReceiptError::TooLong);
    }
    let Envelope { payload: encoded, payload_type, signatures: _ } = serde_json::from_slice(text)
        .map_err(|error| ReceiptError::Malformed { line: error.line(), column: error.column() })?;
    if payload_type != PAYLOAD_TYPE {
        return Err(ReceiptError::PayloadType);
    }
    let said = BASE64.decode(encoded.as_bytes()).map_err(|_| ReceiptError::Encoding { field: "payload" })?;
    serde_json::from_slice(&said).map_err(|_| ReceiptError::Statement)
}

/// The one form of a statement: its fields in their declared order, without white space.
fn payload(statement: &Statement) -> Result<Vec<u8>, ReceiptError> {
    serde_json::to_vec(statement).map_err(|_| ReceiptError::Statement)
}

/// The one form of an envelope. No value in it can need escaping.
fn render(payload: &[u8], key_id: KeyId, signature: &[u8; 64]) -> String {
    format!(
        "{{\"payload\":\"{}\",\"payloadType\":\"{PAYLOAD_TYPE}\",\
         \"signatures\":[{{\"keyid\":\"{key_id}\",\"sig\":\"{}\"}}]}}\n",
        BASE64.encode(payload),
        BASE64.encode(signature),
    )
}

/// DSSE's pre-authentication encoding: type and payload with their lengths, so that neither can run into the other.
fn signed_bytes(payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

#[cfg(test)]
mod tests;
