//! Walking a hostile tree: without recursion, without following anything, within a budget.
//!
//! Names are visited in the order of their bytes, a directory before what it holds, so that two walks of one tree tell
//! the same. What vanishes meanwhile is not told; what turns into something else is an error.

use std::ffi::OsString;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Stat, statat};
use rustix::io::Errno;

use crate::descent::{Descent, Lost};
use crate::path::Rel;
use crate::root::{self, Root, size};
use crate::{Error, Kind, escaped};

/// How much of a tree may be looked at; passing any limit is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Files, directories and everything else, together.
    pub entries: u64,
    /// Directories inside one another, below the starting one.
    pub depth: u64,
    /// The sum of the sizes of regular files in bytes, holes counted as if they were data.
    pub bytes: u64,
}

/// Something in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where, relative to the start of the walk.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
    /// Its size in bytes, as `stat` tells it.
    pub size: u64,
    /// Bytes it occupies on disk.
    pub on_disk: u64,
    /// Its permission bits, at most `0o7777`.
    pub mode: u32,
    /// How many names it has.
    pub links: u64,
}

/// What a tree amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measured {
    /// Bytes occupied on disk; a file with several names in the tree counts once for each.
    pub on_disk: u64,
    /// Files, directories and everything else, together.
    pub entries: u64,
    /// Directories that may not be read, so that what they hold is not counted.
    pub unreadable: u64,
}

/// A walk; ends after its first error.
pub struct Walk {
    /// For each directory on the way, the names still to be visited, last first.
    descent: Descent<Vec<(OsString, Kind)>>,
    tally: Tally,
    path: PathBuf,
    unreadable: Unreadable,
    over: bool,
}

/// What to do about directories that may not be read.
enum Unreadable {
    Refuse,
    Count(u64),
}

/// What is left of a budget.
pub(crate) struct Tally {
    budget: Budget,
    entries: u64,
    bytes: u64,
    top: Vec<u8>,
}

impl Tally {
    pub(crate) fn new(budget: Budget, top: &[u8]) -> Tally {
        Tally { budget, entries: budget.entries, bytes: budget.bytes, top: top.to_vec() }
    }

    /// The names of a directory, last first, paid for.
    pub(crate) fn names(&mut self, dir: BorrowedFd<'_>) -> Result<Vec<(OsString, Kind)>, Error> {
        let mut names = root::names(dir, &self.top, self.entries).map_err(|error| match error {
            Error::TooMany { path, .. } => Error::TooMany { path, limit: self.budget.entries },
            error => error,
        })?;
        let count = u64::try_from(names.len()).unwrap_or(u64::MAX);
        self.entries = self.entries.saturating_sub(count);
        names.reverse();
        Ok(names)
    }

    /// Whether a directory at `depth` (1 for those in the top) may be entered.
    pub(crate) fn depth(&self, depth: usize) -> Result<(), Error> {
        if u64::try_from(depth).is_ok_and(|depth| depth <= self.budget.depth) {
            Ok(())
        } else {
            Err(Error::TooDeep { path: escaped(&self.top), limit: self.budget.depth })
        }
    }

    pub(crate) fn bytes(&mut self, size: u64) -> Result<(), Error> {
        self.bytes = self.bytes.checked_sub(size).ok_or_else(|| self.too_large())?;
        Ok(())
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> u64 {
        self.bytes
    }

    fn too_large(&self) -> Error {
        Error::TooLarge { path: escaped(&self.top), limit: self.budget.bytes }
    }
}

/// Walks the directory `rel`, which is not told itself.
///
/// # Errors
/// When it cannot be opened as a directory or holds more names than the budget has entries.
pub fn walk(root: &Root, rel: impl AsRef<Path>, budget: Budget) -> Result<Walk, Error> {
    Walk::start(root, rel.as_ref(), budget, Unreadable::Refuse)
}

/// Adds up the directory `rel`, itself not counted. `budget.bytes` is about sizes, not about what is on disk.
///
/// # Errors
/// See [`walk`]; any error of the walk but a directory that may not be read.
pub fn measure(root: &Root, rel: impl AsRef<Path>, budget: Budget) -> Result<Measured, Error> {
    let mut walk = Walk::start(root, rel.as_ref(), budget, Unreadable::Count(0))?;
    let mut measured = Measured::default();
    for entry in walk.by_ref() {
        let entry = entry?;
        measured.on_disk = measured.on_disk.saturating_add(entry.on_disk);
        measured.entries = measured.entries.saturating_add(1);
    }
    if let Unreadable::Count(count) = walk.unreadable {
        measured.unreadable = count;
    }
    Ok(measured)
}

impl Walk {
    fn start(root: &Root, rel: &Path, budget: Budget, unreadable: Unreadable) -> Result<Walk, Error> {
        let rel = Rel::parse(rel)?;
        let top = root.open_dir(rel)?;
        let mut tally = Tally::new(budget, rel.bytes());
        let mut descent =
            Descent::new(top, Vec::new()).map_err(|errno| Error::system("look at", rel.bytes(), errno))?;
        *descent.state() = tally.names(descent.fd())?;
        Ok(Walk { descent, tally, path: PathBuf::new(), unreadable, over: false })
    }

    /// The directory that holds the entry told last, unless that was a directory: then that directory.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.descent.fd()
    }

    fn step(&mut self) -> Result<Option<Entry>, Error> {
        loop {
            let Some((name, _)) = self.descent.state().pop() else {
                match self.descent.leave() {
                    Ok(None) => return Ok(None),
                    Ok(Some(_)) => {
                        self.path.pop();
                        continue;
                    }
                    Err(lost) => return Err(self.lost(lost)),
                }
            };
            let stat = match statat(self.descent.fd(), &name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                Err(Errno::NOENT) => continue,
                Err(errno) => return Err(self.failed(&name, errno)),
            };
            let entry = entry(self.path.join(&name), &stat);
            match entry.kind {
                Kind::Directory => {
                    if !self.enter(name)? {
                        continue;
                    }
                }
                Kind::Regular => self.tally.bytes(entry.size)?,
                Kind::Symlink | Kind::Fifo | Kind::Socket | Kind::Device | Kind::Unknown => {}
            }
            return Ok(Some(entry));
        }
    }

    /// Whether `name` is still there.
    fn enter(&mut self, name: OsString) -> Result<bool, Error> {
        self.tally.depth(self.descent.depth().saturating_add(1))?;
        match self.descent.enter(name.clone(), Vec::new()) {
            Ok(()) => {}
            Err(Errno::NOENT) => return Ok(false),
            Err(Errno::ACCESS) => {
                if let Unreadable::Count(count) = &mut self.unreadable {
                    *count = count.saturating_add(1);
                    return Ok(true);
                }
                return Err(self.failed(&name, Errno::ACCESS));
            }
            Err(errno) => return Err(self.failed(&name, errno)),
        }
        self.path.push(&name);
        *self.descent.state() = self.tally.names(self.descent.fd())?;
        Ok(true)
    }

    fn failed(&self, name: &OsString, errno: Errno) -> Error {
        let path = self.path.join(name);
        let shown = path.as_os_str().as_bytes();
        match errno {
            Errno::NOTDIR | Errno::LOOP => Error::Changed { path: escaped(shown) },
            errno => Error::resolving("look at", shown, errno),
        }
    }

    fn lost(&self, lost: Lost) -> Error {
        let shown = self.path.as_os_str().as_bytes();
        match lost {
            Lost::Moved => Error::Changed { path: escaped(shown) },
            Lost::Errno(errno) => Error::system("leave", shown, errno),
        }
    }
}

impl Iterator for Walk {
    type Item = Result<Entry, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let step = self.step();
        self.over = !matches!(step, Ok(Some(_)));
        step.transpose()
    }
}

fn entry(path: PathBuf, stat: &Stat) -> Entry {
    Entry {
        path,
        kind: Kind::of_mode(stat.st_mode),
        size: size(stat.st_size),
        // `st_blocks` counts 512 bytes, whatever the file system's blocks are.
        on_disk: size(stat.st_blocks).saturating_mul(512),
        mode: stat.st_mode & 0o7777,
        links: u64::from(stat.st_nlink),
    }
}
