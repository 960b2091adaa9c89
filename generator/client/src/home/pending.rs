//! Hand-ins without a clear end: written before anything is sent, gone with the ticket.
//!
//! Whoever runs the very same command again finds the record, and sends the same zip under the same key.

use std::fs;

use assay_contract::{API_VERSION, AssignmentId, Digest, RequestKey};
use serde::{Deserialize, Serialize};

use super::{HomeError, Outbox, read, write};

/// What the names of these records end with.
const SUFFIX: &str = ".pending.json";
/// The most records that are looked through; each is a command whose end nobody knows.
const MOST: usize = 1_000;

/// A hand-in without a clear end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Pending {
    /// [`API_VERSION`].
    pub api_version: String,
    /// Which assignment.
    pub assignment: AssignmentId,
    /// The zip's SHA-256.
    pub digest: Digest,
    /// The same without its random bytes.
    pub content: Digest,
    /// The key under which it was sent.
    pub key: RequestKey,
    /// When it was first sent, by this machine's clock; to be told, not to be believed.
    pub since: String,
}

impl Outbox {
    /// The hand-in of this content that has no clear end, if its zip is still what it was.
    ///
    /// # Errors
    /// If the outbox cannot be read.
    pub fn pending(&self, assignment: &AssignmentId, content: &Digest) -> Result<Option<Pending>, HomeError> {
        let there = |pending: &Pending| self.holds(&pending.digest);
        let same = |pending: &Pending| pending.assignment == *assignment && pending.content == *content;
        Ok(self.all_pending()?.into_iter().filter(same).find(there))
    }

    /// All hand-ins of an assignment that have no clear end.
    ///
    /// # Errors
    /// If the outbox cannot be read.
    pub fn all_pending_of(&self, assignment: &AssignmentId) -> Result<Vec<Pending>, HomeError> {
        let all = self.all_pending()?;
        Ok(all.into_iter().filter(|pending| pending.assignment == *assignment).collect())
    }

    fn all_pending(&self) -> Result<Vec<Pending>, HomeError> {
        let failed = |error| HomeError::new("read", self.folder(), error);
        let mut found = Vec::new();
        for entry in fs::read_dir(self.folder()).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if !entry.file_name().to_string_lossy().ends_with(SUFFIX) || found.len() >= MOST {
                continue;
            }
            // A record that cannot be read is none: at worst the same is handed in twice.
            let bytes = read(&entry.path()).ok().flatten().unwrap_or_default();
            found.extend(serde_json::from_slice::<Pending>(&bytes).ok().filter(|p| p.api_version == API_VERSION));
        }
        found.sort_by(|a, b| (&a.since, &a.digest).cmp(&(&b.since, &b.digest)));
        Ok(found)
    }

    /// Keeps the record of a hand-in that is about to be sent.
    ///
    /// # Errors
    /// If the home cannot take it.
    pub fn begin(&self, pending: &Pending) -> Result<(), HomeError> {
        let text = serde_json::to_vec_pretty(pending)
            .map_err(|error| HomeError::new("write", self.folder(), error.into()))?;
        write(self.folder(), &name(&pending.digest), &text)
    }

    /// Removes the record: the hand-in has come to a clear end.
    pub fn end(&self, digest: &Digest) {
        // One that stays is found again, and the server then says that it has it.
        let _stays = fs::remove_file(self.folder().join(name(digest)));
    }

    /// Removes a zip that was not received and never will be.
    pub fn discard(&self, digest: &Digest) {
        let _stays = fs::remove_file(self.folder().join(format!("{digest}.zip")));
    }
}

fn name(digest: &Digest) -> String {
    format!("{digest}{SUFFIX}")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::home::Home;
    use crate::key;

    #[test]
    fn only_the_same_content_for_the_same_assignment_is_the_same_hand_in() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Home::at(folder.path()).outbox(|| ()).unwrap();
        let write = |to: &mut dyn Write| -> Result<(), HomeError> {
            to.write_all(b"something").unwrap();
            Ok(())
        };
        let packed = outbox.pack(write).unwrap();
        let assignment = AssignmentId::new("c/a").unwrap();
        let (digest, content) = (packed.digest().clone(), packed.content().clone());
        let pending = Pending {
            api_version: API_VERSION.into(),
            assignment: assignment.clone(),
            digest: digest.clone(),
            content: content.clone(),
            key: key(&assignment, &digest).unwrap(),
            since: "2026-03-16T12:00:00Z".into(),
        };
        outbox.begin(&pending).unwrap();
        assert_eq!(outbox.pending(&assignment, &content).unwrap(), None, "its zip is not there");
        outbox.put(packed).unwrap();
        assert_eq!(outbox.pending(&assignment, &content).unwrap(), Some(pending));
        assert_eq!(outbox.pending(&AssignmentId::new("c/b").unwrap(), &content).unwrap(), None);
        assert_eq!(outbox.pending(&assignment, &Digest::new("0".repeat(64)).unwrap()).unwrap(), None);
        fs::write(outbox.folder().join(format!("x{SUFFIX}")), "garbage").unwrap();
        assert_eq!(outbox.all_pending_of(&assignment).unwrap().len(), 1);
        outbox.end(&digest);
        assert_eq!(outbox.pending(&assignment, &content).unwrap(), None);
    }
}
