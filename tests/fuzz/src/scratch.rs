//! Folders for targets that need a file system: in memory where the machine has that, and gone afterwards.

use std::path::Path;

use tempfile::TempDir;

/// A new folder.
pub(crate) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let mut builder = tempfile::Builder::new();
    builder.prefix("assay-fuzz-");
    builder.tempdir_in(memory).or_else(|_| builder.tempdir()).unwrap()
}
