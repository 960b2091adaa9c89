//! A file that is written where nobody can name it and then takes its name in one step, so that a name never stands
//! for half a file. If the process dies, either nothing is left or a name that starts with [`PREFIX`].

use std::collections::hash_map::RandomState;
use std::ffi::OsString;
use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;

use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, RenameFlags, fchmod, fsync, linkat, openat, renameat, renameat_with, statat,
    unlinkat,
};
use rustix::io::Errno;

use crate::listing::{self, Then};

/// How names of unfinished files and directories start.
pub(crate) const PREFIX: &str = ".assay-unfinished-";

/// How many names of a directory are looked at for one that was left.
const SETTLED: u32 = 10_000;

/// How often a random name may be taken already.
const TRIES: u32 = 16;

/// A name that nobody can guess and plant first. The randomness of the standard library's hasher keys is enough:
/// a name that is taken is an error or a retry, never an overwrite.
pub(crate) fn unfinished_name() -> OsString {
    let random = RandomState::new().build_hasher().finish();
    format!("{PREFIX}{random:016x}").into()
}

/// Calls `make` with fresh names until one was free.
pub(crate) fn with_fresh_name<T>(
    make: impl Fn(&OsString) -> Result<T, Errno>,
) -> Result<(T, OsString), Errno> {
    let mut last = Errno::EXIST;
    for _ in 0..TRIES {
        let name = unfinished_name();
        match make(&name) {
            Ok(made) => return Ok((made, name)),
            Err(Errno::EXIST) => last = Errno::EXIST,
            Err(errno) => return Err(errno),
        }
    }
    Err(last)
}

/// An unfinished file in `dir`; dropping it leaves nothing.
#[derive(Debug)]
pub(crate) struct Scratch {
    dir: OwnedFd,
    file: File,
    /// `None` for a file without any name yet.
    name: Option<OsString>,
}

/// What became of taking a name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Done,
    /// Something has that name already; nothing changed.
    Taken,
}

impl Scratch {
    /// A new file in `dir`, readable and writable here, without a name where the file system can do that.
    pub(crate) fn nameless(dir: OwnedFd, mode: u32) -> Result<Scratch, Errno> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        match openat(&dir, ".", flags, Mode::RUSR | Mode::WUSR) {
            Ok(fd) => {
                fchmod(&fd, Mode::from_raw_mode(mode))?;
                Ok(Scratch { dir, file: fd.into(), name: None })
            }
            // NFS and some layered file systems have no nameless files; kernels say so in several ways.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOENT) => Scratch::named(dir, mode),
            Err(errno) => Err(errno),
        }
    }

    /// A new file in `dir` with a random name.
    pub(crate) fn named(dir: OwnedFd, mode: u32) -> Result<Scratch, Errno> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let (fd, name) = with_fresh_name(|name| openat(&dir, name, flags, Mode::RUSR | Mode::WUSR))?;
        // From here on dropping removes it, should `fchmod` fail.
        let scratch = Scratch { dir, file: fd.into(), name: Some(name) };
        fchmod(&scratch.file, Mode::from_raw_mode(mode))?;
        Ok(scratch)
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn dir(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }

    /// Makes the file durable and gives it `name`, unless that is taken.
    pub(crate) fn publish_new(mut self, name: &[u8]) -> Result<Named, Errno> {
        fsync(&self.file)?;
        let result = match &self.name {
            None => link_nameless(&self.file, self.dir.as_fd(), name),
            Some(own) => rename_new(self.dir.as_fd(), own, name),
        };
        match result {
            Ok(()) => {
                self.name = None;
                fsync(&self.dir)?;
                Ok(Named::Done)
            }
            Err(Errno::EXIST) => Ok(Named::Taken),
            Err(errno) => Err(errno),
        }
    }

    /// Makes the file durable and gives it `name`, in place of whatever file or link has it. Only for named ones.
    pub(crate) fn publish_over(mut self, name: &[u8]) -> Result<(), Errno> {
        fsync(&self.file)?;
        let own = self.name.as_ref().ok_or(Errno::NOENT)?;
        renameat(&self.dir, own, &self.dir, name)?;
        self.name = None;
        fsync(&self.dir)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            // Nobody can be told; what stays behind has a name that says what it is.
            let _ = unlinkat(&self.dir, name, AtFlags::empty());
        }
    }
}

fn link_nameless(file: &File, dir: BorrowedFd<'_>, name: &[u8]) -> Result<(), Errno> {
    match linkat(file, c"", dir, name, AtFlags::EMPTY_PATH) {
        // Before Linux 6.10 this takes a capability; the way by /proc does not.
        Err(Errno::NOENT | Errno::PERM) => {
            let own = format!("/proc/self/fd/{}", file.as_raw_fd());
            linkat(CWD, own, dir, name, AtFlags::SYMLINK_FOLLOW)
        }
        result => result,
    }
}

/// Renames without overwriting.
fn rename_new(dir: BorrowedFd<'_>, from: &OsString, to: &[u8]) -> Result<(), Errno> {
    match renameat_with(dir, from, dir, to, RenameFlags::NOREPLACE) {
        // NFS cannot, but it can link; a process that dies in between leaves a second name: see `settle`.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => rename_by_link(dir, from, to),
        result => result,
    }
}

fn rename_by_link(dir: BorrowedFd<'_>, from: &OsString, to: &[u8]) -> Result<(), Errno> {
    linkat(dir, from, dir, to, AtFlags::empty())?;
    match unlinkat(dir, from, AtFlags::empty()) {
        // Somebody settled it.
        Err(Errno::NOENT) => Ok(()),
        result => result,
    }
}

/// Takes away the name under which the file `name` was written, if it still has it; tells whether it had, and has no
/// more. Others' directories are looked through too, so no further than [`SETTLED`] names.
pub(crate) fn settle(dir: BorrowedFd<'_>, name: &[u8]) -> Result<bool, Errno> {
    let file = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let (mut looked, mut settled) = (0_u32, false);
    listing::each(dir, |other, _| {
        looked = looked.saturating_add(1);
        if other.as_bytes().starts_with(PREFIX.as_bytes())
            && other.as_bytes() != name
            && statat(dir, other, AtFlags::SYMLINK_NOFOLLOW)
                .is_ok_and(|stat| (stat.st_dev, stat.st_ino) == (file.st_dev, file.st_ino))
        {
            // Where nothing may be written it stays, and the file is one with two names.
            settled = unlinkat(dir, other, AtFlags::empty()).is_ok();
        }
        if settled || looked == SETTLED { Then::Stop } else { Then::More }
    })?;
    Ok(settled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    type Make = fn(OwnedFd, u32) -> Result<Scratch, Errno>;

    #[test]
    fn both_kinds_take_their_name_at_the_end_and_never_over_another() {
        for make in [Scratch::nameless as Make, Scratch::named as Make] {
            let folder = tempfile::tempdir().unwrap();
            let open = || OwnedFd::from(File::open(folder.path()).unwrap());
            let scratch = make(open(), 0o640).unwrap();
            scratch.file().write_all(b"one").unwrap();
            assert!(!folder.path().join("name").exists());
            assert_eq!(scratch.publish_new(b"name").unwrap(), Named::Done);
            let scratch = make(open(), 0o640).unwrap();
            scratch.file().write_all(b"two").unwrap();
            assert_eq!(scratch.publish_new(b"name").unwrap(), Named::Taken);
            drop(make(open(), 0o640).unwrap());
            assert_eq!(std::fs::read(folder.path().join("name")).unwrap(), b"one");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }

    type Rename = fn(BorrowedFd<'_>, &OsString, &[u8]) -> Result<(), Errno>;

    #[test]
    fn neither_way_to_rename_overwrites() {
        for rename in [rename_new as Rename, rename_by_link] {
            let folder = tempfile::tempdir().unwrap();
            let dir = File::open(folder.path()).unwrap();
            std::fs::write(folder.path().join("a"), "a").unwrap();
            std::fs::write(folder.path().join("b"), "b").unwrap();
            assert_eq!(rename(dir.as_fd(), &"a".into(), b"b"), Err(Errno::EXIST));
            assert_eq!(rename(dir.as_fd(), &"a".into(), b"c"), Ok(()));
            assert!(!folder.path().join("a").exists());
            assert_eq!(std::fs::read(folder.path().join("b")).unwrap(), b"b");
        }
    }
}
