//! Reading and writing the documents of the contract in volumes.
//!
//! Every read has a cap and goes through `assay_untrusted`, also where the writer was trusted: a volume on shared storage
//! is no better than its last writer.

use std::path::Path;

use assay_contract::{Digest, Exit, Output, Volume, layout};
use assay_untrusted::{Error, Root};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::error::{StageError, Who};

/// The largest document that is read: plans of some ten thousand cases stay below it.
pub(crate) const DOCUMENT_CAP: u64 = 16 << 20;

/// The largest file of an assignment, and the largest stage tool.
pub(crate) const CONTENT_CAP: u64 = 64 << 20;

/// A volume, as one stage or duty uses it.
#[derive(Debug)]
pub(crate) struct Mounted {
    who: Who,
    volume: Volume,
    pub(crate) root: Root,
}

impl Mounted {
    /// Opens `volume` for `who`.
    pub(crate) fn open(who: impl Into<Who>, volume: Volume) -> Result<Mounted, StageError> {
        Mounted::open_at(who, volume, Path::new(&volume.path()))
    }

    /// Opens `volume` where it is said to be.
    pub(crate) fn open_at(who: impl Into<Who>, volume: Volume, path: &Path) -> Result<Mounted, StageError> {
        let who = who.into();
        Mounted::open_hostile_at(who, volume, path)?.map_err(|closed| not_mounted(who, closed))
    }

    /// Opens `volume`, where student code ran, or tells that it closed the volume behind it.
    pub(crate) fn open_hostile(
        who: impl Into<Who>,
        volume: Volume,
    ) -> Result<Result<Mounted, String>, StageError> {
        Mounted::open_hostile_at(who.into(), volume, Path::new(&volume.path()))
    }

    fn open_hostile_at(who: Who, volume: Volume, path: &Path) -> Result<Result<Mounted, String>, StageError> {
        let failed =
            |error: &Error| format!("the volume {volume} cannot be opened at {}: {error}", path.display());
        match Root::open(path) {
            Ok(root) => Ok(Ok(Mounted { who, volume, root })),
            Err(error @ Error::Denied { .. }) => Ok(Err(failed(&error))),
            Err(error) => Err(not_mounted(who, failed(&error))),
        }
    }

    /// Which volume it is.
    pub(crate) fn volume(&self) -> Volume {
        self.volume
    }

    /// An error about a file of this volume.
    pub(crate) fn error(&self, exit: Exit, path: &str, why: impl std::fmt::Display) -> StageError {
        StageError::new(exit, self.who, format!("{}:/{path}: {why}", self.volume))
    }

    /// Whether there is anything at `path`. That it cannot be told is an error, and no `false`.
    pub(crate) fn holds(&self, path: &str) -> Result<bool, StageError> {
        self.root.kind(path).map(|kind| kind.is_some()).map_err(|error| self.error(Exit::Io, path, error))
    }

    /// A document that must be there and whole.
    pub(crate) fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, StageError> {
        let bytes = self.read_bytes(path, DOCUMENT_CAP)?;
        serde_json::from_slice(&bytes).map_err(|error| {
            self.error(Exit::DocumentDamaged, path, error).hint("publish the assignment again")
        })
    }

    /// A file that must be there, of at most `cap` bytes.
    pub(crate) fn read_bytes(&self, path: &str, cap: u64) -> Result<Vec<u8>, StageError> {
        self.root.read(path, cap).map_err(|error| self.error(Exit::DocumentDamaged, path, error))
    }

    /// Writes a document that nobody may change afterwards; the same bytes again are no error.
    pub(crate) fn write_once(&self, path: &str, bytes: &[u8]) -> Result<(), StageError> {
        self.folders_of(path)?;
        self.root.write_new(path, bytes, 0o644).map(drop).map_err(|error| self.error(Exit::Io, path, error))
    }

    /// Writes a file, in place of what may be there.
    pub(crate) fn replace(&self, path: &str, bytes: &[u8]) -> Result<(), StageError> {
        self.folders_of(path)?;
        self.root.replace(path, bytes, 0o644).map_err(|error| self.error(Exit::Io, path, error))
    }

    /// Makes the folders that lead to `path`.
    pub(crate) fn folders_of(&self, path: &str) -> Result<(), StageError> {
        match path.rsplit_once('/') {
            None => Ok(()),
            Some((folder, _)) => self.folders(folder),
        }
    }

    /// Makes `folder` and those that lead to it.
    pub(crate) fn folders(&self, folder: &str) -> Result<(), StageError> {
        self.root.create_dirs(folder, 0o755).map(drop).map_err(|error| self.error(Exit::Io, folder, error))
    }

    /// Removes whatever is at `path`.
    pub(crate) fn clear(&self, path: &str) -> Result<(), StageError> {
        assay_untrusted::remove_tree(&self.root, path).map_err(|error| self.error(Exit::Io, path, error))
    }

    /// Leaves a small fact for the engine.
    pub(crate) fn tell(&self, output: Output, value: &str) -> Result<(), StageError> {
        self.replace(&format!("{}/{}", layout::OUTPUTS, output.name()), value.as_bytes())
    }
}

/// A document as it is stored: readable JSON with a final newline, the same bytes for the same content.
pub(crate) fn to_bytes<T: Serialize>(who: impl Into<Who>, document: &T) -> Result<Vec<u8>, StageError> {
    let mut bytes = serde_json::to_vec_pretty(document)
        .map_err(|error| StageError::new(Exit::Bug, who, format!("cannot write a document: {error}")))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// SHA-256 of `bytes`.
pub(crate) fn digest(who: impl Into<Who>, bytes: &[u8]) -> Result<Digest, StageError> {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Digest::new(hex).map_err(|error| StageError::new(Exit::Bug, who, error.to_string()))
}

fn not_mounted(who: Who, why: String) -> StageError {
    StageError::new(Exit::Io, who, why).hint("check that its claim exists and is bound")
}
