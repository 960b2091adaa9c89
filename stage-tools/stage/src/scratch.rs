//! The directory that a confined command owns: made fresh, filled with a copy, removed afterwards.

use std::path::{Path, PathBuf};

use assay_contract::configuration::OverlayFile;
use assay_contract::{Digest, Exit, Volume, layout};
use assay_untrusted::{Budget, Error, Kind, Links, Root};

use crate::confine::{Command, TREE, WORK};
use crate::documents::{CONTENT_CAP, Mounted};
use crate::error::StageError;

/// A command's own directory inside a volume.
#[derive(Debug)]
pub(crate) struct Own {
    volume: Volume,
    relative: String,
    /// The directories that lead to it, held open from before the command ran.
    above: Vec<Root>,
    /// What it held before the command ran, in bytes on disk.
    on_disk: u64,
}

impl Own {
    /// Its absolute path.
    pub(crate) fn path(&self) -> PathBuf {
        Path::new(&self.volume.path()).join(&self.relative)
    }

    /// Undoes what a build may have done to the permissions of the directories that lead here: Landlock does not rule
    /// `chmod`. A volume's own directory that is not ours could not be changed either.
    pub(crate) fn reopen(&self) {
        for directory in &self.above {
            let _not_ours = directory.set_mode(0o755);
        }
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
    let failed = |error: Error| target.error(Exit::Io, &work, error);
    // The copy brings the folder itself.
    target.clear(&work)?;
    assay_untrusted::copy_tree(&from.root, tree, &target.root, &work, Links::Keep, TREE).map_err(failed)?;
    let on_disk = assay_untrusted::measure(&target.root, &relative, TREE).map_err(failed)?.on_disk;
    let above = ["", layout::SCRATCH, &relative]
        .into_iter()
        .map(|path| target.root.dir(path))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    Ok(Own { volume: target.volume(), relative, above, on_disk })
}

/// Lays the author's files over what the command starts from; they win over what a build left.
pub(crate) fn lay_over<'a>(
    target: &Mounted,
    own: &Own,
    overlay: &[OverlayFile],
    submission: &Mounted,
    place: impl Fn(&Digest) -> Result<&'a str, StageError>,
) -> Result<(), StageError> {
    for OverlayFile { path, content, executable } in overlay {
        let bytes = submission.read_bytes(place(content)?, CONTENT_CAP)?;
        let path = format!("{}/{WORK}/{path}", own.relative);
        let mode = if *executable { 0o755 } else { 0o644 };
        target.root.lay_over(&path, &bytes, mode).map_err(|error| target.error(Exit::Io, &path, error))?;
    }
    Ok(())
}

/// Keeps what a build left in its starting directory as `target`'s `tree`, readable for the stages that follow; or says
/// why no stage could use it. `more_bytes` is what it may hold beyond what it started from.
///
/// What a tree holds is the submission's doing. Only reading and writing that fails is not.
pub(crate) fn keep(
    target: &Mounted,
    own: &Own,
    tree: &str,
    more_bytes: u64,
) -> Result<Result<(), String>, StageError> {
    let work = format!("{}/{WORK}", own.relative);
    let budget = Budget { bytes: own.on_disk.saturating_add(more_bytes), ..TREE };
    let kept = assay_untrusted::readable_by_all(&target.root, &work, budget)
        .and_then(|()| only_files(&target.root, &work, budget))
        .and_then(|()| assay_untrusted::rename_dir(&target.root, &work, tree));
    match kept {
        Ok(()) => Ok(Ok(())),
        Err(error @ (Error::Io { .. } | Error::BadPath { .. })) => Err(target.error(Exit::Io, &work, error)),
        Err(error) => Ok(Err(error.to_string())),
    }
}

/// Whether the next stage can copy the tree: files, folders and links, of the sizes that they say they have.
fn only_files(root: &Root, tree: &str, budget: Budget) -> Result<(), Error> {
    for entry in assay_untrusted::walk(root, tree, budget)? {
        let entry = entry?;
        if !matches!(entry.kind, Kind::Regular | Kind::Directory | Kind::Symlink) {
            let path = assay_untrusted::escaped(entry.path.as_os_str().as_encoded_bytes());
            return Err(Error::NotRegular { path, kind: entry.kind });
        }
    }
    Ok(())
}
