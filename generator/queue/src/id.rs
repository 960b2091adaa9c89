//! A job's id: the same for the same request, and not to be guessed.
//!
//! It is an HMAC over what was asked, so any of several servers makes the same id without asking another, and a request that
//! is sent again finds its job also when the Workflow is long gone. Who knows an id knows it from the server: where there
//! is no hub, an id is what shows a job's standing.

use assay_contract::{AssignmentId, Digest, JobId, RequestKey, StudentId};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// What ids begin with; those of jobs that staff start by hand begin otherwise.
const PREFIX: &str = "q-";
/// Bytes of the HMAC that are in an id: 160 bits, 32 characters.
const BYTES: usize = 20;
/// The least length of the secret, in bytes.
pub const LEAST_SECRET: usize = 32;

/// What makes ids; whoever has it can tell the ids of requests that they know all about.
pub struct Ids {
    secret: Zeroizing<Vec<u8>>,
}

impl Ids {
    /// From the secret that all servers share; `None` if it is shorter than [`LEAST_SECRET`].
    #[must_use]
    pub fn new(secret: Zeroizing<Vec<u8>>) -> Option<Ids> {
        (secret.len() >= LEAST_SECRET).then_some(Ids { secret })
    }

    /// The id of what was asked.
    ///
    /// # Errors
    /// Only by a bug: every id is of the form of ids.
    pub fn of(
        &self,
        assignment: &AssignmentId,
        student: &StudentId,
        digest: &Digest,
        key: &RequestKey,
    ) -> Result<JobId, assay_contract::InvalidId> {
        // No part can hold a line end, so no two requests make one text.
        let asked = format!("assay.dev/v1 job\n{assignment}\n{student}\n{digest}\n{key}\n");
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) else {
            return JobId::new("");
        };
        mac.update(asked.as_bytes());
        let mac = mac.finalize().into_bytes();
        let text = BASE32_NOPAD.encode(mac.get(..BYTES).unwrap_or_default());
        JobId::new(format!("{PREFIX}{}", text.to_lowercase()))
    }
}

impl std::fmt::Debug for Ids {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ids")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(byte: u8) -> Ids {
        Ids::new(Zeroizing::new(vec![byte; LEAST_SECRET])).unwrap()
    }

    fn of(ids: &Ids, assignment: &str, student: &str, key: &str) -> String {
        let digest = Digest::new("0".repeat(64)).unwrap();
        let (assignment, student) =
            (AssignmentId::new(assignment).unwrap(), StudentId::new(student).unwrap());
        ids.of(&assignment, &student, &digest, &RequestKey::new(key).unwrap()).unwrap().to_string()
    }

    const KEY: &str = "0123456789abcdef";

    #[test]
    fn the_same_request_is_the_same_job_on_every_server() {
        assert_eq!(of(&ids(1), "c/a", "ada", KEY), of(&ids(1), "c/a", "ada", KEY));
        // Of a stranger's implementation: HMAC-SHA-256 by openssl, its first 20 bytes in base32.
        assert_eq!(of(&ids(1), "c/a", "ada", KEY), "q-it77od2oiiystcypkmpocwtm2lmzncfh");
    }

    #[test]
    fn every_part_makes_another_job() {
        let all = [
            of(&ids(1), "c/a", "ada", KEY),
            of(&ids(2), "c/a", "ada", KEY),
            of(&ids(1), "c/b", "ada", KEY),
            of(&ids(1), "c/a", "bob", KEY),
            of(&ids(1), "c/a", "ada", "0123456789abcdeg"),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len(), "{all:?}");
    }

    #[test]
    fn a_short_secret_is_none() {
        assert!(Ids::new(Zeroizing::new(vec![1; LEAST_SECRET - 1])).is_none());
    }
}
