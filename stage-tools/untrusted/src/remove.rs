//! Removing a hostile tree: never following a link, never leaving the tree, whatever its depth, width and modes.
//!
//! Memory and open directories are bounded; time grows with the number of entries. There is no budget: what must go
//! must go.

use std::ffi::{OsStr, OsString};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

use rustix::fs::{AtFlags, FileType, statat, unlinkat};
use rustix::io::Errno;

use crate::descent::{Descent, HELD, Lost};
use crate::listing::{self, Then};
use crate::path::Rel;
use crate::root::Root;
use crate::tree::change_mode;
use crate::{Error, Kind, escaped};

/// Names of full directories remembered for one directory, in the outermost levels and below.
const REMEMBERED: (usize, usize) = (256, 1);

/// How often directories may turn out to be full after they were emptied, before we say that someone keeps filling
/// them. Far more than a file system needs that skips names while others are removed.
const REFILLS: u32 = 100_000;

/// Removes `rel` and everything in it, whatever it is; fine when it is not there.
///
/// # Errors
/// When something cannot be removed (not ours, immutable, a mount point) or someone keeps adding to the tree.
pub fn remove_tree(root: &Root, rel: impl AsRef<Path>) -> Result<(), Error> {
    let (parent, name) = Rel::parse_name(rel.as_ref())?;
    let parent = match root.open_dir(parent) {
        Err(Error::Missing { .. }) => return Ok(()),
        parent => parent?,
    };
    let top = Level { full: vec![OsString::from_vec(name.to_vec())], unread: false };
    let descent = Descent::new(parent, top).map_err(|errno| Error::system("look at", name, errno))?;
    Removal { descent, refills: 0 }.run()
}

/// What is left to do in a directory.
struct Level {
    /// Directories in it that were not empty.
    full: Vec<OsString>,
    /// Whether its names must be read (again).
    unread: bool,
}

struct Removal {
    /// Starts in the directory that holds the tree.
    descent: Descent<Level>,
    refills: u32,
}

/// What came of removing one name.
enum Unlinked {
    Gone,
    /// It is a directory with something in it.
    Full,
}

impl Removal {
    fn run(mut self) -> Result<(), Error> {
        loop {
            if let Some(name) = self.descent.state().full.pop() {
                self.remove(name)?;
            } else if self.descent.state().unread {
                self.empty()?;
            } else {
                match self.descent.leave() {
                    Ok(None) => return Ok(()),
                    // It is thought to be empty now.
                    Ok(Some(name)) => {
                        let depth = self.descent.depth();
                        self.remove(name)?;
                        if self.descent.depth() > depth {
                            self.count_refill()?;
                        }
                    }
                    Err(Lost::Moved) => return Err(Error::Changed { path: escaped(&self.descent.path()) }),
                    Err(Lost::Errno(errno)) => return Err(self.failed(OsStr::new(""), errno)),
                }
            }
        }
    }

    /// Removes `name` or, where it is a full directory, goes down into it.
    fn remove(&mut self, name: OsString) -> Result<(), Error> {
        match unlink(self.descent.fd(), &name, FileType::Directory) {
            Ok(Unlinked::Gone) => return Ok(()),
            Ok(Unlinked::Full) => {}
            Err(errno) => return Err(self.failed(&name, errno)),
        }
        // Its owner may have locked even himself out. What is not ours keeps its mode; entering will tell.
        let open = |mode| (Kind::of_mode(mode) == Kind::Directory).then_some(mode & 0o7777 | 0o700);
        match change_mode(self.descent.fd(), name.as_bytes(), open) {
            Ok(_) | Err(Errno::PERM | Errno::NOENT) => {}
            Err(errno) => return Err(self.failed(&name, errno)),
        }
        match self.descent.enter(name.clone(), Level { full: Vec::new(), unread: true }) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            // It became something else: next time it is just unlinked.
            Err(Errno::NOTDIR | Errno::LOOP) => {
                self.descent.state().full.push(name);
                self.count_refill()
            }
            Err(errno) => Err(self.failed(&name, errno)),
        }
    }

    /// Removes what is in the directory we are in, except full directories, which are remembered.
    fn empty(&mut self) -> Result<(), Error> {
        let most = if self.descent.depth() < HELD { REMEMBERED.0 } else { REMEMBERED.1 };
        let mut full = Vec::new();
        let mut failure = None;
        let fd = self.descent.fd();
        let mut unread = false;
        let read = listing::each(fd, |name, file_type| match unlink(fd, name, file_type) {
            Ok(Unlinked::Gone) => Then::More,
            Ok(Unlinked::Full) => {
                full.push(name.to_owned());
                unread = full.len() >= most;
                if unread { Then::Stop } else { Then::More }
            }
            Err(errno) => {
                failure = Some((name.to_owned(), errno));
                Then::Stop
            }
        });
        if let Some((name, errno)) = failure {
            return Err(self.failed(&name, errno));
        }
        match read {
            // Some file systems say so of a directory that is gone already.
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(self.failed(OsStr::new(""), errno)),
        }
        *self.descent.state() = Level { full, unread };
        Ok(())
    }

    fn count_refill(&mut self) -> Result<(), Error> {
        self.refills = self.refills.saturating_add(1);
        if self.refills > REFILLS {
            return Err(Error::Changed { path: escaped(&self.descent.path()) });
        }
        Ok(())
    }

    fn failed(&self, name: &OsStr, errno: Errno) -> Error {
        let mut path = self.descent.path();
        path.extend_from_slice(name.as_bytes());
        Error::resolving("remove", &path, errno)
    }
}

/// Removes one name; `expected` saves a call where it is right.
fn unlink(dir: BorrowedFd<'_>, name: &OsStr, expected: FileType) -> Result<Unlinked, Errno> {
    let mut as_directory = expected == FileType::Directory;
    // It may change its kind under our hands, but not forever.
    for _ in 0..8 {
        let flags = if as_directory { AtFlags::REMOVEDIR } else { AtFlags::empty() };
        match unlinkat(dir, name, flags) {
            Ok(()) | Err(Errno::NOENT) => return Ok(Unlinked::Gone),
            Err(Errno::NOTEMPTY | Errno::EXIST) if as_directory => return Ok(Unlinked::Full),
            Err(Errno::NOTDIR) if as_directory => as_directory = false,
            Err(Errno::ISDIR) if !as_directory => as_directory = true,
            Err(Errno::PERM) if !as_directory && is_directory(dir, name) => as_directory = true,
            Err(errno) => return Err(errno),
        }
    }
    Err(Errno::AGAIN)
}

fn is_directory(dir: BorrowedFd<'_>, name: &OsStr) -> bool {
    statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| Kind::of_mode(stat.st_mode) == Kind::Directory)
}
