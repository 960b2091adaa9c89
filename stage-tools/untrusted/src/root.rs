//! A directory that is held open, and what may be done beneath it: open, read, list, make directories, write.
//!
//! Nothing here follows a link, crosses a mount, blocks on a named pipe or overwrites what it was not told to. All
//! paths are relative to the held directory, so a rename elsewhere on the machine changes nothing.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, fchmod, fstat, fsync, mkdirat, openat, statat};
use rustix::io::Errno;

use crate::beneath::{self, DIRECTORY};
use crate::listing::{self, Then};
use crate::path::Rel;
use crate::scratch::{self, Named, PREFIX, Scratch, with_fresh_name};
use crate::{Error, Kind, escaped, remove_tree};

/// A directory that is held open.
#[derive(Debug)]
pub struct Root {
    fd: OwnedFd,
}

/// A regular file, open for reading, and what it was when it was opened.
#[derive(Debug)]
pub struct Opened {
    /// The file.
    pub file: File,
    /// Its size in bytes; it may change while it is read.
    pub size: u64,
    /// Its permission bits, at most `0o7777`.
    pub mode: u32,
}

/// Whether a file may have other names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HardLinks {
    /// It must have one name.
    Refuse,
    /// It may have any number: someone can write to it by another name.
    Allow,
}

/// What came of publishing a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// It is there now.
    New,
    /// It was there before, with the same content.
    AlreadyThere,
}

impl Root {
    /// Opens a directory whose path is trusted, such as a volume's. Links in `path` are followed.
    ///
    /// # Errors
    /// When it is not there, not a directory, or may not be read.
    pub fn open(path: &Path) -> Result<Root, Error> {
        let flags = DIRECTORY | OFlags::CLOEXEC;
        let shown = path.as_os_str().as_bytes();
        let fd = openat(CWD, path, flags, Mode::empty())
            .map_err(|errno| Error::resolving("open the directory", shown, errno))?;
        Ok(Root { fd })
    }

    pub(crate) fn of(fd: OwnedFd) -> Root {
        Root { fd }
    }

    /// Opens the directory `rel`; empty opens this one again.
    ///
    /// # Errors
    /// When a part is a link, on another mount, missing or not a directory.
    pub fn dir(&self, rel: impl AsRef<Path>) -> Result<Root, Error> {
        let rel = Rel::parse(rel.as_ref())?;
        Ok(Root { fd: self.open_dir(rel)? })
    }

    /// Opens the regular file `rel` for reading; it must have one name only.
    ///
    /// # Errors
    /// When it is missing, or anything but such a file, or a part of its path is a link or on another mount.
    pub fn open_file(&self, rel: impl AsRef<Path>) -> Result<Opened, Error> {
        self.open_file_with(rel, HardLinks::Refuse)
    }

    /// Like [`Root::open_file`], with a say about hard links.
    ///
    /// # Errors
    /// See [`Root::open_file`].
    pub fn open_file_with(&self, rel: impl AsRef<Path>, hard_links: HardLinks) -> Result<Opened, Error> {
        let path = rel.as_ref();
        let rel = Rel::parse(path)?;
        let open = || {
            let fd = beneath::open(self.as_fd(), rel, OFlags::RDONLY)
                .map_err(|errno| Error::resolving("open", rel.bytes(), errno))?;
            opened(fd, rel.bytes(), hard_links)
        };
        match open() {
            Err(Error::HardLinked { .. }) if self.settle(path)? => open(),
            result => result,
        }
    }

    /// Finishes what a writer began that died between giving the file `rel` its name and taking away the one under
    /// which it was written. Tells whether there was such a name, and it is gone.
    fn settle(&self, rel: &Path) -> Result<bool, Error> {
        let (parent, name) = Rel::parse_name(rel)?;
        scratch::settle(self.open_dir(parent)?.as_fd(), name)
            .map_err(|errno| Error::system("look for other names of", name, errno))
    }

    /// All bytes of the regular file `rel`, of which there may be `cap`.
    ///
    /// # Errors
    /// See [`Root::open_file`]; [`Error::TooLarge`] when there are more.
    pub fn read(&self, rel: impl AsRef<Path>, cap: u64) -> Result<Vec<u8>, Error> {
        let rel = rel.as_ref();
        let shown = rel.as_os_str().as_bytes();
        let opened = self.open_file(rel)?;
        // One more byte tells "exactly at the limit" from "cut there"; the size seen at opening proves nothing.
        let mut bytes = Vec::new();
        opened
            .file
            .take(cap.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|source| Error::io("read", shown, source))?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length <= cap) {
            Ok(bytes)
        } else {
            Err(Error::TooLarge { path: escaped(shown), limit: cap })
        }
    }

    /// The names in the directory `rel`, sorted by their bytes; at most `max`.
    ///
    /// # Errors
    /// When it cannot be opened as a directory; [`Error::TooMany`] when there are more.
    pub fn list(&self, rel: impl AsRef<Path>, max: u64) -> Result<Vec<(OsString, Kind)>, Error> {
        let rel = Rel::parse(rel.as_ref())?;
        let dir = self.open_dir(rel)?;
        let mut names = names(dir.as_fd(), rel.bytes(), max)?;
        // Not every file system keeps kinds in its directories.
        for (name, kind) in names.iter_mut().filter(|(_, kind)| *kind == Kind::Unknown) {
            if let Ok(stat) = statat(&dir, &*name, AtFlags::SYMLINK_NOFOLLOW) {
                *kind = Kind::of_mode(stat.st_mode);
            }
        }
        Ok(names)
    }

    /// What `rel` is, without following it; `None` when nothing is there.
    ///
    /// # Errors
    /// When a part of its path is a link, on another mount or not a directory.
    pub fn kind(&self, rel: impl AsRef<Path>) -> Result<Option<Kind>, Error> {
        let (parent, name) = Rel::parse_name(rel.as_ref())?;
        let dir = match self.open_dir(parent) {
            Err(Error::Missing { .. }) => return Ok(None),
            dir => dir?,
        };
        match statat(&dir, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(Kind::of_mode(stat.st_mode))),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(Error::system("look at", name, errno)),
        }
    }

    /// Makes the directory `rel` and those it lies in, where they are missing, and opens it. New ones get exactly
    /// `mode` (whatever the umask) and are durable; others keep theirs.
    ///
    /// # Errors
    /// When a part is a link, on another mount or not a directory.
    pub fn create_dirs(&self, rel: impl AsRef<Path>, mode: u32) -> Result<Root, Error> {
        let rel = Rel::parse(rel.as_ref())?;
        let mut here = self.open_dir(Rel::parse(Path::new(""))?)?;
        for part in rel.parts() {
            here = create_dir(here.as_fd(), part, mode, Durable::Yes).map_err(|error| match error {
                MakeDir::Taken(errno) => Error::resolving("open the directory", rel.bytes(), errno),
                MakeDir::Failed(errno) => Error::system("make the directory", rel.bytes(), errno),
            })?;
        }
        Ok(Root { fd: here })
    }

    /// Writes a new file with exactly `mode`, durable before its name exists; its directory must be there.
    ///
    /// # Errors
    /// [`Error::Conflict`] when a file of that name has other content; [`Error::NotRegular`] or [`Error::Link`] when
    /// something else has the name. Then nothing changed.
    pub fn write_new(&self, rel: impl AsRef<Path>, bytes: &[u8], mode: u32) -> Result<Published, Error> {
        let (parent, name) = Rel::parse_name(rel.as_ref())?;
        let shown = rel.as_ref().as_os_str().as_bytes();
        let scratch = Scratch::nameless(self.open_dir(parent)?, mode)
            .map_err(|errno| Error::system("make a file for", shown, errno))?;
        let mut file = scratch.file();
        file.write_all(bytes).map_err(|source| Error::io("write", shown, source))?;
        publish(scratch, name, shown, |there| same(there, bytes))
    }

    /// Writes a file with exactly `mode` in place of the file of that name, if any: readers see the old or the new
    /// one, whole. Its directory must be there.
    ///
    /// # Errors
    /// When a link, a directory or another special file has the name; then nothing changed.
    pub fn replace(&self, rel: impl AsRef<Path>, bytes: &[u8], mode: u32) -> Result<(), Error> {
        let mut replacement = self.replacement(rel.as_ref(), mode)?;
        replacement
            .write_all(bytes)
            .map_err(|source| Error::io("write", rel.as_ref().as_os_str().as_bytes(), source))?;
        replacement.commit()
    }

    /// A file that is written bit by bit and then, by [`Replacement::commit`], takes the place of `rel` as with
    /// [`Root::replace`].
    ///
    /// # Errors
    /// See [`Root::replace`].
    pub fn replacement(&self, rel: impl AsRef<Path>, mode: u32) -> Result<Replacement, Error> {
        let (parent, name) = Rel::parse_name(rel.as_ref())?;
        let shown = rel.as_ref().as_os_str().as_bytes();
        let dir = self.open_dir(parent)?;
        match statat(&dir, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => match Kind::of_mode(stat.st_mode) {
                Kind::Regular => {}
                Kind::Symlink => return Err(Error::Link { path: escaped(shown) }),
                kind => return Err(Error::NotRegular { path: escaped(shown), kind }),
            },
            Err(Errno::NOENT) => {}
            Err(errno) => return Err(Error::system("look at", shown, errno)),
        }
        let scratch =
            Scratch::named(dir, mode).map_err(|errno| Error::system("make a file for", shown, errno))?;
        Ok(Replacement { scratch, rel: rel.as_ref().to_owned() })
    }

    /// Gives the directory itself these permissions.
    ///
    /// # Errors
    /// When it is not ours.
    pub fn set_mode(&self, mode: u32) -> Result<(), Error> {
        fchmod(self, Mode::from_raw_mode(mode))
            .map_err(|errno| Error::system("change the mode of", b"", errno))
    }

    /// Lays a file over a tree: like [`Root::replace`], but whatever is in the way of `rel` gives way: a directory, a
    /// link or another special file of that name, a file or link where a directory must be.
    ///
    /// # Errors
    /// When reading or writing fails.
    pub fn lay_over(&self, rel: impl AsRef<Path>, bytes: &[u8], mode: u32) -> Result<(), Error> {
        let rel = rel.as_ref();
        let (parent, _) = Rel::parse_name(rel)?;
        let mut above: Vec<&Path> =
            rel.ancestors().skip(1).take_while(|path| !path.as_os_str().is_empty()).collect();
        above.reverse();
        for directory in above {
            if self.kind(directory)?.is_some_and(|kind| kind != Kind::Directory) {
                remove_tree(self, directory)?;
            }
        }
        self.create_dirs(Path::new(std::ffi::OsStr::from_bytes(parent.bytes())), 0o755)?;
        if self.kind(rel)?.is_some_and(|kind| kind != Kind::Regular) {
            remove_tree(self, rel)?;
        }
        self.replace(rel, bytes, mode)
    }

    /// Makes a new directory in the directory `rel`, under a name that [`Root::sweep_unfinished`] knows, and gives its
    /// path.
    ///
    /// # Errors
    /// When `rel` is not there or may not be written.
    pub fn unfinished_dir(&self, rel: impl AsRef<Path>) -> Result<PathBuf, Error> {
        let rel = rel.as_ref();
        let dir = self.open_dir(Rel::parse(rel)?)?;
        let ((), name) = with_fresh_name(|name| mkdirat(&dir, name, Mode::RWXU))
            .map_err(|errno| Error::system("make a directory in", rel.as_os_str().as_bytes(), errno))?;
        Ok(rel.join(name))
    }

    /// Makes durable which names the directory itself holds.
    ///
    /// # Errors
    /// When the file system does not.
    pub fn sync(&self) -> Result<(), Error> {
        fsync(self).map_err(|errno| Error::system("make durable", b"", errno))
    }

    /// Removes from the directory `rel` what writers left that died, if it has not changed for `age`.
    ///
    /// # Errors
    /// When the directory cannot be read (10 000 names at most) or something cannot be removed.
    pub fn sweep_unfinished(&self, rel: impl AsRef<Path>, age: Duration) -> Result<(), Error> {
        let dir = self.dir(rel)?;
        let Some(before) = SystemTime::now().checked_sub(age) else { return Ok(()) };
        let before = before.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        for (name, _) in dir.list("", 10_000)? {
            let unfinished = name.as_bytes().starts_with(PREFIX.as_bytes());
            if unfinished && dir.changed(&name)?.is_some_and(|at| at <= before) {
                remove_tree(&dir, &name)?;
            }
        }
        Ok(())
    }

    /// When `name` was last changed, in seconds since 1970; `None` when it is gone.
    fn changed(&self, name: &OsString) -> Result<Option<u64>, Error> {
        match statat(self, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(u64::try_from(stat.st_mtime).unwrap_or(0))),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(Error::system("look at", name.as_bytes(), errno)),
        }
    }

    pub(crate) fn open_dir(&self, rel: Rel<'_>) -> Result<OwnedFd, Error> {
        beneath::open(self.as_fd(), rel, DIRECTORY)
            .map_err(|errno| Error::resolving("open the directory", rel.bytes(), errno))
    }
}

/// A file that is to take another's place; dropping it changes nothing.
#[derive(Debug)]
pub struct Replacement {
    scratch: Scratch,
    rel: PathBuf,
}

impl std::io::Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.scratch.file().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.scratch.file().flush()
    }
}

impl Replacement {
    /// Makes the file durable and gives it its name.
    ///
    /// # Errors
    /// When a directory has the name by now; then nothing changed.
    pub fn commit(self) -> Result<(), Error> {
        let Replacement { scratch, rel } = self;
        let (_, name) = Rel::parse_name(&rel)?;
        let shown = rel.as_os_str().as_bytes();
        // A link planted since then is replaced itself, never what it points to.
        scratch.publish_over(name).map_err(|errno| match errno {
            Errno::ISDIR | Errno::NOTEMPTY | Errno::EXIST => {
                Error::NotRegular { path: escaped(shown), kind: Kind::Directory }
            }
            errno => Error::system("rename into place", shown, errno),
        })
    }
}

impl AsFd for Root {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Checks that what was opened is a regular file.
pub(crate) fn opened(fd: OwnedFd, shown: &[u8], hard_links: HardLinks) -> Result<Opened, Error> {
    let stat = fstat(&fd).map_err(|errno| Error::system("look at", shown, errno))?;
    let kind = Kind::of_mode(stat.st_mode);
    if kind != Kind::Regular {
        return Err(Error::NotRegular { path: escaped(shown), kind });
    }
    let links = count(stat.st_nlink);
    if hard_links == HardLinks::Refuse && links != 1 {
        return Err(Error::HardLinked { path: escaped(shown), links });
    }
    Ok(Opened { file: fd.into(), size: size(stat.st_size), mode: stat.st_mode & 0o7777 })
}

/// A size as the kernel tells it, which is never negative.
pub(crate) fn size(st_size: i64) -> u64 {
    u64::try_from(st_size).unwrap_or(u64::MAX)
}

/// A count that has another width on other processors.
pub(crate) fn count(count: impl Into<u64>) -> u64 {
    count.into()
}

pub(crate) fn names(dir: BorrowedFd<'_>, shown: &[u8], max: u64) -> Result<Vec<(OsString, Kind)>, Error> {
    let mut names = Vec::new();
    let mut left = max;
    let mut full = false;
    listing::each(dir, |name, file_type| {
        let Some(rest) = left.checked_sub(1) else {
            full = true;
            return Then::Stop;
        };
        left = rest;
        names.push((name.to_owned(), Kind::of(file_type)));
        Then::More
    })
    .map_err(|errno| Error::system("list", shown, errno))?;
    if full {
        return Err(Error::TooMany { path: escaped(shown), limit: max });
    }
    names.sort_unstable();
    Ok(names)
}

/// Gives `scratch` its name; where that is taken by a regular file, `same` says whether its content is ours.
pub(crate) fn publish(
    scratch: Scratch,
    name: &[u8],
    shown: &[u8],
    same: impl FnOnce(File) -> std::io::Result<bool>,
) -> Result<Published, Error> {
    let dir = scratch
        .dir()
        .try_clone_to_owned()
        .map_err(|source| Error::io("open the directory of", shown, source))?;
    let named = scratch.publish_new(name).map_err(|errno| Error::system("link into place", shown, errno))?;
    if named == Named::Done {
        return Ok(Published::New);
    }
    let taken = Rel::parse(Path::new(std::ffi::OsStr::from_bytes(name)))?;
    let there = beneath::open(dir.as_fd(), taken, OFlags::RDONLY)
        .map_err(|errno| Error::resolving("open", shown, errno))?;
    // A second name may be what a writer left that died between linking and removing its own name.
    let there = opened(there, shown, HardLinks::Allow)?;
    if same(there.file).map_err(|source| Error::io("read", shown, source))? {
        Ok(Published::AlreadyThere)
    } else {
        Err(Error::Conflict { path: escaped(shown) })
    }
}

/// Whether `file` holds exactly `bytes`.
fn same(mut file: File, mut bytes: &[u8]) -> std::io::Result<bool> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = file.read(&mut buffer)?;
        let read = buffer.get(..length).unwrap_or_default();
        if read.is_empty() {
            return Ok(bytes.is_empty());
        }
        match bytes.strip_prefix(read) {
            Some(rest) => bytes = rest,
            None => return Ok(false),
        }
    }
}

/// Whether a directory must survive a crash of the machine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durable {
    Yes,
    No,
}

/// Why a directory was not made.
pub(crate) enum MakeDir {
    /// Something else has the name.
    Taken(Errno),
    Failed(Errno),
}

/// Makes the directory `name` where it is missing, with exactly `mode`, and opens it.
pub(crate) fn create_dir(
    parent: BorrowedFd<'_>,
    name: &[u8],
    mode: u32,
    durable: Durable,
) -> Result<OwnedFd, MakeDir> {
    // With its mode from the start: whoever dies after this leaves a directory that others can use.
    let new = match mkdirat(parent, name, Mode::from_raw_mode(mode)) {
        Ok(()) => true,
        Err(Errno::EXIST) => false,
        Err(errno) => return Err(MakeDir::Failed(errno)),
    };
    let rel = Rel::parse(Path::new(std::ffi::OsStr::from_bytes(name)))
        .map_err(|_| MakeDir::Failed(Errno::INVAL))?;
    let made = beneath::open(parent, rel, DIRECTORY).map_err(MakeDir::Taken)?;
    if new {
        fchmod(&made, Mode::from_raw_mode(mode)).map_err(MakeDir::Failed)?;
        if durable == Durable::Yes {
            fsync(parent).map_err(MakeDir::Failed)?;
        }
    }
    Ok(made)
}
