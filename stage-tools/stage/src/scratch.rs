//! The directory that a confined command owns: made fresh, filled with a copy, removed afterwards.

use std::path::{Path, PathBuf};

use assay_contract::{Exit, Volume, layout};
use assay_untrusted::{Blame, Budget, Error, Kind, Links, Root, escaped};

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

/// Keeps what is in the command's starting directory as `target`'s `tree`, readable for the stages that follow and of at
/// most `bytes`, holes counted as data. False, and nothing kept, where cases could not start from it: the command may
/// have left special files there, or no directory at all.
pub(crate) fn keep(target: &Mounted, own: &Own, tree: &str, bytes: u64) -> Result<bool, StageError> {
    let work = format!("{}/{WORK}", own.relative);
    let kept = assay_untrusted::readable_by_all(&target.root, &work, TREE)
        .and_then(|()| can_be_copied(&target.root, &work, Budget { bytes, ..TREE }))
        .and_then(|()| assay_untrusted::rename_dir(&target.root, &work, tree));
    match kept {
        Ok(()) => Ok(true),
        Err(error) if error.blame() == Blame::Content || matches!(error, Error::Missing { .. }) => Ok(false),
        Err(error) => Err(target.error(Exit::Io, &work, error)),
    }
}

/// Whether [`prepare`] can copy it.
fn can_be_copied(root: &Root, tree: &str, budget: Budget) -> Result<(), Error> {
    for entry in assay_untrusted::walk(root, tree, budget)? {
        let entry = entry?;
        match entry.kind {
            Kind::Regular | Kind::Directory | Kind::Symlink => {}
            kind @ (Kind::Fifo | Kind::Socket | Kind::Device | Kind::Unknown) => {
                return Err(Error::NotRegular {
                    path: escaped(entry.path.as_os_str().as_encoded_bytes()),
                    kind,
                });
            }
        }
    }
    Ok(())
}
