//! What is kept in a student's home, under `.assay`: what was handed in, what has no clear end yet, tickets, results.
//!
//! Files come into being whole or not at all, and are on the disk before anybody is told so. Everything here is the student's
//! own: it is read under caps, and proves nothing to anybody but its owner.

mod jobs;
mod outbox;
mod pending;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

pub use jobs::{Kept, Place};
pub use outbox::{Outbox, Packed};
pub use pending::Pending;

/// The longest document that is read.
const LONGEST: u64 = 16 << 20;

/// What does not work with a home.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}: {source}", path.display())]
pub struct HomeError {
    doing: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl HomeError {
    fn new(doing: &'static str, path: &Path, source: io::Error) -> HomeError {
        HomeError { doing, path: path.to_owned(), source }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self.source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "your home is full: delete what you do not need, then run this again"
            }
            io::ErrorKind::ReadOnlyFilesystem => {
                "your home cannot be written to: restart your server, or ask who runs this installation"
            }
            io::ErrorKind::PermissionDenied => "check who owns this, and its permissions",
            io::ErrorKind::FileTooLarge => "hand in less: this system takes no files of that size",
            _ => "",
        }
    }
}

/// A student's home.
#[derive(Debug, Clone)]
pub struct Home(PathBuf);

impl Home {
    /// The home at this path.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Home {
        Home(path.into())
    }

    /// Something in it, by a path of [`assay_contract::layout`].
    #[must_use]
    pub fn path(&self, of: &str) -> PathBuf {
        self.0.join(of)
    }

    fn folder(&self, of: &str) -> Result<PathBuf, HomeError> {
        let path = self.path(of);
        fs::create_dir_all(&path).map_err(|error| HomeError::new("make the folder", &path, error))?;
        Ok(path)
    }
}

/// Writes a file that is there whole or not at all, and on the disk when this returns.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), HomeError> {
    let path = folder.join(name);
    let failed = |error| HomeError::new("write", &path, error);
    let mut file = temporary(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    keep(file, &path)
}

/// A file without a name that anybody would take for one of ours; gone if it is not kept.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    // Its name says nothing to someone who asked for another one.
    tempfile::Builder::new().prefix(".tmp-").tempfile_in(folder).map_err(|error| io::Error::from(error.kind()))
}

fn keep(file: NamedTempFile, path: &Path) -> Result<(), HomeError> {
    let failed = |error| HomeError::new("write", path, error);
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    // The name too: a ticket is of no use in a folder that does not know it.
    if let Some(folder) = path.parent() {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    }
    Ok(())
}

/// Reads a document; `None` where there is no such regular file.
fn read(path: &Path) -> Result<Option<Vec<u8>>, HomeError> {
    let failed = |error| HomeError::new("read", path, error);
    // Looked at first: opening a pipe would wait for whoever writes to it.
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
    match read {
        Ok(length) if length as u64 > LONGEST => Err(failed(io::ErrorKind::FileTooLarge.into())),
        Ok(_) => Ok(Some(bytes)),
        Err(error) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_no_regular_file_is_not_there() {
        let home = tempfile::tempdir().unwrap();
        let pipe = home.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        assert!(read(&pipe).unwrap().is_none());
        assert!(read(home.path()).unwrap().is_none());
        assert!(read(&home.path().join("nothing")).unwrap().is_none());
    }

    #[test]
    fn an_endless_document_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("sparse");
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("sparse"));
    }

    #[test]
    fn a_file_is_its_owners_alone_and_replaces_whole() {
        let home = tempfile::tempdir().unwrap();
        for text in ["one", "two"] {
            write(home.path(), "file", text.as_bytes()).unwrap();
        }
        let path = home.path().join("file");
        assert_eq!(read(&path).unwrap().unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "nothing half written stays");
    }
}
