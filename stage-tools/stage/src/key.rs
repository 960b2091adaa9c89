//! The signing key of Setup and Finalise: it arrives as an environment variable and is in no volume.

use assay_contract::receipts::Statement;
use assay_contract::{Exit, Stage, layout};
use assay_receipt::SigningKey;
use assay_untrusted::Error;

use crate::documents::Mounted;
use crate::error::StageError;

/// The key that this stage was given.
pub(crate) fn from_environment(stage: Stage) -> Result<SigningKey, StageError> {
    let hint = format!(
        "set {} to an Ed25519 key in PKCS#8 PEM, as `openssl genpkey -algorithm ed25519` makes it",
        layout::SIGNING_KEY
    );
    let pem = std::env::var(layout::SIGNING_KEY).map_err(|_| {
        StageError::new(Exit::Key, stage, format!("no {} in the environment", layout::SIGNING_KEY))
            .hint(&hint)
    })?;
    SigningKey::from_pem(&pem)
        .map_err(|error| StageError::new(Exit::Key, stage, error.to_string()).hint(&hint))
}

/// The receipt at `path`, if this job wrote one before: its statement, and its bytes.
///
/// A job that runs again must come to what it came to; what was signed holds.
pub(crate) fn earlier(
    volume: &Mounted,
    path: &str,
    key: &SigningKey,
) -> Result<Option<(Statement, Vec<u8>)>, StageError> {
    let bytes = match volume.root.read(path, assay_receipt::MAX_BYTES as u64) {
        Ok(bytes) => bytes,
        Err(Error::Missing { .. }) => return Ok(None),
        Err(error) => return Err(volume.error(Exit::DocumentDamaged, path, error)),
    };
    let verified = assay_receipt::verify(&bytes, &[key.public()]).map_err(|error| {
        volume
            .error(Exit::DocumentDamaged, path, error)
            .hint("a receipt of this job is there that its key did not sign; was the key changed meanwhile?")
    })?;
    Ok(Some((verified.statement, bytes)))
}

/// A receipt as it is stored.
pub(crate) fn sign(stage: Stage, statement: &Statement, key: &SigningKey) -> Result<Vec<u8>, StageError> {
    assay_receipt::sign(statement, key)
        .map(String::into_bytes)
        .map_err(|error| StageError::new(Exit::Bug, stage, error.to_string()))
}
