//! The directory that a confined command owns: made fresh, filled with a copy, removed afterwards.

use std::path::{Path, PathBuf};

use assay_contract::{Exit, Volume, layout};
use assay_untrusted::{Budget, Links};

use crate::confine::{Command, WORK};
use crate::documents::Mounted;
use crate::error::StageError;

/// What a copy or a walk of a job's tree may meet before it gives up. Limits on disk use stop a build long before.
pub(crate) const TREE: Budget = Budget { entries: 200_000, depth: 256, bytes: 16 << 30 };

/// A command's own directory inside a volume.
#[derive(Debug)]
pub(crate) struct Own {
    volume: Volume,
    relative: String,
}

impl Own {
    /// Its absolute path.
    pub(crate) fn path(&self) -> PathBuf {
        Path::new(&self.volume.path()).join(&self.relative)
    }
}

/// Makes the directory `name` in `target`, with a copy of `from`'s `tree` to start in.
pub(crate) fn prepare(target: &Mounted, name: &str, from: &Mounted, tree: &str) -> Result<Own, StageError> {
    let relative = format!("{}/{name}", layout::SCRATCH);
    target.clear(&relative)?;
    for folder in Command::FOLDERS {
        target.folders(&format!("{relative}/{folder}"))?;
    }
    let work = format!("{relative}/{WORK}");
    // The copy brings the folder itself.
    target.clear(&work)?;
    assay_untrusted::copy_tree(&from.root, tree, &target.root, &work, Links::Keep, TREE)
        .map_err(|error| target.error(Exit::Io, &work, error))?;
    Ok(Own { volume: target.volume(), relative })
}

/// Keeps what is in the command's starting directory as `target`'s `tree`, readable for the stages that follow.
pub(crate) fn keep(target: &Mounted, own: &Own, tree: &str) -> Result<(), StageError> {
    let work = format!("{}/{WORK}", own.relative);
    assay_untrusted::readable_by_all(&target.root, &work, TREE)
        .and_then(|()| assay_untrusted::rename_dir(&target.root, &work, tree))
        .map_err(|error| target.error(Exit::Io, &work, error))
}
