//! Going down into a tree and up again by directories that are held open, however deep it is.
//!
//! The outermost [`HELD`] directories on the way stay open, so going up to them cannot be led astray. Deeper ones are
//! closed on the way down and found again by `..`, which is believed only if it leads to the directory we came from.

use std::ffi::OsString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{Mode, OFlags, fstat, openat};
use rustix::io::Errno;

use crate::beneath::{self, DIRECTORY};
use crate::path::Rel;

/// How many directories stay open on the way down.
pub(crate) const HELD: usize = 64;

/// A place in a tree, and the way back to its top; `T` is what is remembered for each directory on the way.
pub(crate) struct Descent<T> {
    here: Place<T>,
    fd: OwnedFd,
    above: Vec<Above<T>>,
}

struct Place<T> {
    /// Its name in the directory above; empty at the top.
    name: OsString,
    identity: (u64, u64),
    state: T,
}

struct Above<T> {
    place: Place<T>,
    fd: Option<OwnedFd>,
}

/// Why a step failed.
#[derive(Debug)]
pub(crate) enum Lost {
    /// The directory above is no longer where it was.
    Moved,
    Errno(Errno),
}

impl From<Errno> for Lost {
    fn from(errno: Errno) -> Lost {
        Lost::Errno(errno)
    }
}

impl<T> Descent<T> {
    pub(crate) fn new(top: OwnedFd, state: T) -> Result<Descent<T>, Errno> {
        let identity = identity(top.as_fd())?;
        let here = Place { name: OsString::new(), identity, state };
        Ok(Descent { here, fd: top, above: Vec::new() })
    }

    /// The directory we are in.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// What is remembered for it.
    pub(crate) fn state(&mut self) -> &mut T {
        &mut self.here.state
    }

    /// How far below the top we are.
    pub(crate) fn depth(&self) -> usize {
        self.above.len()
    }

    /// Goes down into the directory `name`, which must not be a link or on another mount.
    pub(crate) fn enter(&mut self, name: OsString, state: T) -> Result<(), Errno> {
        let rel = Rel::parse(Path::new(&name)).map_err(|_| Errno::INVAL)?;
        let fd = beneath::open(self.fd(), rel, DIRECTORY)?;
        let place = Place { identity: identity(fd.as_fd())?, name, state };
        let place = std::mem::replace(&mut self.here, place);
        let fd = std::mem::replace(&mut self.fd, fd);
        let held = self.above.len() < HELD;
        self.above.push(Above { place, fd: held.then_some(fd) });
        Ok(())
    }

    /// Goes up; tells the name of the directory that was left, or `None` at the top.
    pub(crate) fn leave(&mut self) -> Result<Option<OsString>, Lost> {
        let Some(Above { place, fd }) = self.above.pop() else { return Ok(None) };
        let fd = match fd {
            Some(fd) => fd,
            None => {
                let flags = DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let fd = openat(&self.fd, "..", flags, Mode::empty())?;
                if identity(fd.as_fd())? != place.identity {
                    return Err(Lost::Moved);
                }
                fd
            }
        };
        self.fd = fd;
        Ok(Some(std::mem::replace(&mut self.here, place).name))
    }

    /// Where we are, from the top, for messages; not for opening.
    pub(crate) fn path(&self) -> Vec<u8> {
        let names = self.above.iter().map(|above| &above.place.name).chain([&self.here.name]);
        let mut path = Vec::new();
        // A message shows little of it.
        for name in names.filter(|name| !name.is_empty()).take(16) {
            path.extend_from_slice(name.as_bytes());
            path.push(b'/');
        }
        path
    }
}

fn identity(fd: BorrowedFd<'_>) -> Result<(u64, u64), Errno> {
    let stat = fstat(fd)?;
    Ok((stat.st_dev, stat.st_ino))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deep(levels: usize) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let path: std::path::PathBuf = std::iter::repeat_n("d", levels).collect();
        std::fs::create_dir_all(folder.path().join(path)).unwrap();
        folder
    }

    fn top(folder: &tempfile::TempDir) -> Descent<usize> {
        Descent::new(std::fs::File::open(folder.path()).unwrap().into(), 0).unwrap()
    }

    #[test]
    fn down_and_up_again_beyond_what_is_held() {
        let levels = HELD * 2;
        let folder = deep(levels);
        let mut descent = top(&folder);
        for level in 1..=levels {
            descent.enter("d".into(), level).unwrap();
        }
        for level in (1..=levels).rev() {
            assert_eq!(*descent.state(), level);
            assert_eq!(descent.leave().unwrap(), Some("d".into()));
        }
        assert_eq!((*descent.state(), descent.depth()), (0, 0));
        assert_eq!(descent.leave().unwrap(), None);
    }

    #[test]
    fn a_directory_that_was_moved_away_does_not_lead_us_elsewhere() {
        let levels = HELD + 3;
        let folder = deep(levels);
        let mut descent = top(&folder);
        for level in 1..=levels {
            descent.enter("d".into(), level).unwrap();
        }
        let from: std::path::PathBuf = std::iter::repeat_n("d", levels).collect();
        std::fs::rename(folder.path().join(from), folder.path().join("elsewhere")).unwrap();
        assert!(matches!(descent.leave(), Err(Lost::Moved)));
    }
}
