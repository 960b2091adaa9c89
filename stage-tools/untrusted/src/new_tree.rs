//! A tree that grows where nobody looks for it and takes its name when it is finished, so that a name never stands for
//! half a tree. It is not made durable: it lives in a volume of the job.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{
    AtFlags, Mode, OFlags, RenameFlags, fchmod, mkdirat, openat, renameat, renameat_with, statat, symlinkat,
};
use rustix::io::Errno;

use crate::beneath::{self, DIRECTORY};
use crate::path::Rel;
use crate::root::{Durable, MakeDir, Root, create_dir};
use crate::scratch::with_fresh_name;
use crate::{Error, escaped, remove_tree};

/// The mode of every directory in it.
const DIRECTORY_MODE: u32 = 0o755;

/// An unfinished tree; dropping it removes it.
pub(crate) struct NewTree<'p> {
    parent: Root,
    /// Its name at the end.
    name: &'p [u8],
    /// Where it goes, for messages.
    shown: &'p [u8],
    unfinished: Option<OsString>,
    top: OwnedFd,
    /// The directory that was written to last: what is written comes mostly directory by directory.
    last: Option<(Vec<u8>, OwnedFd)>,
}

impl<'p> NewTree<'p> {
    /// Begins a tree that will be `rel` in `dest`.
    pub(crate) fn begin(dest: &Root, rel: &'p Path) -> Result<NewTree<'p>, Error> {
        let (parent, name) = Rel::parse_name(rel)?;
        let shown = rel.as_os_str().as_bytes();
        let parent = Root::of(dest.open_dir(parent)?);
        if statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
            return Err(Error::Conflict { path: escaped(shown) });
        }
        let ((), unfinished) = with_fresh_name(|name| mkdirat(&parent, name, Mode::RWXU))
            .map_err(|errno| Error::system("make a directory for", shown, errno))?;
        let opened = Rel::parse(Path::new(&unfinished))
            .map_err(|_| Errno::INVAL)
            .and_then(|rel| beneath::open(parent.as_fd(), rel, DIRECTORY))
            .and_then(|top| fchmod(&top, Mode::from_raw_mode(DIRECTORY_MODE)).map(|()| top));
        match opened {
            Ok(top) => Ok(NewTree { parent, name, shown, unfinished: Some(unfinished), top, last: None }),
            Err(errno) => {
                // The first error is the one to tell.
                let _ = remove_tree(&parent, &unfinished);
                Err(Error::system("make a directory for", shown, errno))
            }
        }
    }

    /// Makes a directory whose parent is there.
    pub(crate) fn add_dir(&mut self, path: &Path) -> Result<(), Error> {
        let (parent, name) = Rel::parse_name(path)?;
        let made = create_dir(self.directory(parent)?.as_fd(), name, DIRECTORY_MODE, Durable::No);
        let made = made.map_err(|error| {
            let (MakeDir::Taken(errno) | MakeDir::Failed(errno)) = error;
            Error::system("make the directory", path.as_os_str().as_bytes(), errno)
        })?;
        self.last = Some((path.as_os_str().as_bytes().to_vec(), made));
        Ok(())
    }

    /// Makes an empty file, open for writing, whose directory is there.
    pub(crate) fn add_file(&mut self, path: &Path, executable: bool) -> Result<File, Error> {
        let (parent, name) = Rel::parse_name(path)?;
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let mode = Mode::from_raw_mode(if executable { 0o755 } else { 0o644 });
        openat(self.directory(parent)?, name, flags, mode)
            // The umask has had its say in `openat`.
            .and_then(|fd| fchmod(&fd, mode).map(|()| File::from(fd)))
            .map_err(|errno| Error::system("make", path.as_os_str().as_bytes(), errno))
    }

    /// Makes a link to `target`, which is not looked at.
    pub(crate) fn add_link(&mut self, path: &Path, target: &OsStr) -> Result<(), Error> {
        let (parent, name) = Rel::parse_name(path)?;
        symlinkat(target, self.directory(parent)?, name)
            .map_err(|errno| Error::system("make the link", path.as_os_str().as_bytes(), errno))
    }

    /// Gives the tree its name.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        let Some(unfinished) = &self.unfinished else { return Ok(()) };
        let renamed =
            match renameat_with(&self.parent, unfinished, &self.parent, self.name, RenameFlags::NOREPLACE) {
                // NFS lacks the flag. Without it only an empty directory could be replaced.
                Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                    renameat(&self.parent, unfinished, &self.parent, self.name)
                }
                result => result,
            };
        match renamed {
            Ok(()) => {
                self.unfinished = None;
                Ok(())
            }
            Err(Errno::EXIST | Errno::NOTEMPTY) => Err(Error::Conflict { path: escaped(self.shown) }),
            Err(errno) => Err(Error::system("rename into place", self.shown, errno)),
        }
    }

    fn directory(&mut self, rel: Rel<'_>) -> Result<&OwnedFd, Error> {
        if rel.bytes().is_empty() {
            return Ok(&self.top);
        }
        let fd = match self.last.take() {
            Some((path, fd)) if path == rel.bytes() => fd,
            _ => beneath::open(self.top.as_fd(), rel, DIRECTORY)
                .map_err(|errno| Error::resolving("open the directory", rel.bytes(), errno))?,
        };
        let (_, fd) = self.last.insert((rel.bytes().to_vec(), fd));
        Ok(fd)
    }
}

impl Drop for NewTree<'_> {
    fn drop(&mut self) {
        if let Some(unfinished) = &self.unfinished {
            // Nobody can be told; what stays behind has a name that says what it is.
            let _ = remove_tree(&self.parent, unfinished);
        }
    }
}
