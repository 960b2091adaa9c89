//! The signing key of Setup and Finalise: it arrives as an environment variable and is in no volume.

use assay_contract::receipts::Statement;
use assay_contract::{Exit, Stage, layout};
use assay_receipt::SigningKey;

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

/// A receipt as it is stored.
pub(crate) fn sign(stage: Stage, statement: &Statement, key: &SigningKey) -> Result<Vec<u8>, StageError> {
    assay_receipt::sign(statement, key)
        .map(String::into_bytes)
        .map_err(|error| StageError::new(Exit::Bug, stage, error.to_string()))
}
