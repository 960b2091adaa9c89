//! Copying a hostile tree, and making one readable.
//!
//! A copy holds what can do no harm: regular files with mode 0644 or 0755, directories, and symbolic links only where
//! the caller asks for them. Links are recreated as they are and never followed, here or later by this crate.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

use rustix::fs::{Mode, OFlags, chmod, copy_file_range, fchmod, fstat, readlinkat};
use rustix::io::Errno;

use crate::beneath;
use crate::copy::BUFFER;
use crate::descent::{Descent, Lost};
use crate::new_tree::NewTree;
use crate::path::Rel;
use crate::root::{HardLinks, Opened, Root, opened};
use crate::walk::{Budget, Entry, Tally, walk};
use crate::{Error, Kind, escaped};

/// What to do about symbolic links when copying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// They are an error.
    Refuse,
    /// They are made again with the same target, wherever that leads.
    Keep,
}

/// How much one `copy_file_range` is asked to copy.
const CHUNK: u64 = 64 * 1024 * 1024;

/// Copies the directory `from_rel` to `to_rel`, which must not exist; its parent must. Files with several names become
/// one file for each. The copy appears in one step; it is not made durable.
///
/// # Errors
/// Special files, links unless kept, passing the budget, [`Error::Conflict`] when something is there. Nothing is left
/// then.
pub fn copy_tree(
    from: &Root,
    from_rel: impl AsRef<Path>,
    to: &Root,
    to_rel: impl AsRef<Path>,
    links: Links,
    budget: Budget,
) -> Result<(), Error> {
    let mut walk = walk(from, from_rel, budget)?;
    let mut tree = NewTree::begin(to, to_rel.as_ref())?;
    // The walk counts sizes as told; this counts bytes as copied, of files that may grow.
    let mut copied = Tally::new(budget, to_rel.as_ref().as_os_str().as_bytes());
    while let Some(entry) = walk.next() {
        let entry = entry?;
        let shown = entry.path.as_os_str().as_bytes();
        match (entry.kind, links) {
            (Kind::Directory, _) => tree.add_dir(&entry.path)?,
            (Kind::Regular, _) => copy_file(walk.fd(), &entry, &mut tree, &mut copied)?,
            (Kind::Symlink, Links::Keep) => {
                let (_, name) = Rel::parse_name(&entry.path)?;
                let target = readlinkat(walk.fd(), name, Vec::new())
                    .map_err(|errno| Error::system("read the link", shown, errno))?;
                tree.add_link(&entry.path, &OsString::from_vec(target.into_bytes()))?;
            }
            (Kind::Symlink, Links::Refuse) => return Err(Error::Link { path: escaped(shown) }),
            (kind @ (Kind::Fifo | Kind::Socket | Kind::Device | Kind::Unknown), _) => {
                return Err(Error::NotRegular { path: escaped(shown), kind });
            }
        }
    }
    tree.finish()
}

fn copy_file(
    dir: BorrowedFd<'_>,
    entry: &Entry,
    tree: &mut NewTree<'_>,
    copied: &mut Tally,
) -> Result<(), Error> {
    let shown = entry.path.as_os_str().as_bytes();
    let name = Path::new(entry.path.file_name().unwrap_or_default());
    let source = beneath::open(dir, Rel::parse(name)?, OFlags::RDONLY)
        .map_err(|errno| Error::resolving("open", shown, errno))?;
    let Opened { file: source, size: _, mode } = opened(source, shown, HardLinks::Allow)?;
    let copy = tree.add_file(&entry.path, mode & 0o100 != 0)?;
    copy_in_kernel(&source, &copy, copied, shown)?;
    // Some file systems cannot, or say "nothing more" of files they cannot copy. Both positions have moved on, so this
    // goes on from there; at the end it costs one read.
    copy_by_hand(source, copy, copied, shown)
}

fn copy_in_kernel(source: &File, copy: &File, copied: &mut Tally, shown: &[u8]) -> Result<(), Error> {
    loop {
        // One byte more than allowed is enough to notice.
        let chunk = copied.left().saturating_add(1).min(CHUNK);
        match copy_file_range(source, None, copy, None, usize::try_from(chunk).unwrap_or(usize::MAX)) {
            Ok(0) => return Ok(()),
            Ok(length) => copied.bytes(u64::try_from(length).unwrap_or(u64::MAX))?,
            Err(Errno::INTR) => {}
            Err(Errno::NOSYS | Errno::XDEV | Errno::INVAL | Errno::OPNOTSUPP | Errno::PERM) => return Ok(()),
            Err(errno) => return Err(Error::system("copy", shown, errno)),
        }
    }
}

fn copy_by_hand(source: File, copy: File, copied: &mut Tally, shown: &[u8]) -> Result<(), Error> {
    let (mut source, mut copy) = (source, copy);
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = source.read(&mut buffer).map_err(|error| Error::io("read", shown, error))?;
        let bytes = buffer.get(..length).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(());
        }
        copied.bytes(u64::try_from(length).unwrap_or(u64::MAX))?;
        copy.write_all(bytes).map_err(|error| Error::io("write", shown, error))?;
    }
}

/// Lets everyone read what is in `rel`, `rel` included, as `chmod -R u+rwX,go+rX` would, without its special bits.
/// Links and special files are left alone. Directories that even their owner may not enter are no obstacle.
///
/// # Errors
/// When something is not ours, the budget is passed (`budget.bytes` does not matter), or a directory turns into
/// something else meanwhile.
pub fn readable_by_all(root: &Root, rel: impl AsRef<Path>, budget: Budget) -> Result<(), Error> {
    let rel = Rel::parse(rel.as_ref())?;
    match rel.split_last() {
        None => {
            let mode = fstat(root).map(|stat| stat.st_mode);
            mode.and_then(|mode| fchmod(root, Mode::from_raw_mode(readable(mode).unwrap_or(mode & 0o777))))
                .map_err(|errno| Error::system("make readable", b"", errno))?;
        }
        Some((parent, name)) => {
            let parent = root.open_dir(parent)?;
            change_mode(parent.as_fd(), name, readable)
                .map_err(|errno| Error::resolving("make readable", rel.bytes(), errno))?;
        }
    }
    let mut tally = Tally::new(budget, rel.bytes());
    let top = root.open_dir(rel)?;
    let mut descent =
        Descent::new(top, Vec::new()).map_err(|errno| Error::system("look at", rel.bytes(), errno))?;
    *descent.state() = tally.names(descent.fd())?;
    loop {
        let Some((name, _)) = descent.state().pop() else {
            match descent.leave() {
                Ok(None) => return Ok(()),
                Ok(Some(_)) => continue,
                Err(Lost::Moved) => return Err(Error::Changed { path: escaped(&descent.path()) }),
                Err(Lost::Errno(errno)) => return Err(Error::system("leave", &descent.path(), errno)),
            }
        };
        let failed = |descent: &Descent<_>, errno| {
            let mut path = descent.path();
            path.extend_from_slice(name.as_bytes());
            Error::resolving("make readable", &path, errno)
        };
        match change_mode(descent.fd(), name.as_bytes(), readable) {
            Ok(Kind::Directory) => {
                tally.depth(descent.depth().saturating_add(1))?;
                match descent.enter(name.clone(), Vec::new()) {
                    Ok(()) => *descent.state() = tally.names(descent.fd())?,
                    Err(Errno::NOENT) => {}
                    Err(errno) => return Err(failed(&descent, errno)),
                }
            }
            Ok(_) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(failed(&descent, errno)),
        }
    }
}

/// `u+rwX,go+rX` for regular files and directories, special bits dropped; `None` for everything else.
fn readable(mode: u32) -> Option<u32> {
    match Kind::of_mode(mode) {
        Kind::Directory => Some(mode & 0o777 | 0o755),
        Kind::Regular if mode & 0o111 != 0 => Some(mode & 0o777 | 0o755),
        Kind::Regular => Some(mode & 0o777 | 0o644),
        Kind::Symlink | Kind::Fifo | Kind::Socket | Kind::Device | Kind::Unknown => None,
    }
}

/// Gives `name` in `dir` the mode that `wanted` makes of its present one (type bits included), without following it
/// and without opening it for reading; tells what it is.
pub(crate) fn change_mode(
    dir: BorrowedFd<'_>,
    name: &[u8],
    wanted: impl FnOnce(u32) -> Option<u32>,
) -> Result<Kind, Errno> {
    let rel = Rel::parse(Path::new(OsStr::from_bytes(name))).map_err(|_| Errno::INVAL)?;
    // `O_PATH` opens even what has mode 000, and of a link the link itself: the kernel refuses that with `LOOP` here.
    let fd = match beneath::open(dir, rel, OFlags::PATH) {
        Err(Errno::LOOP) => return Ok(Kind::Symlink),
        result => result?,
    };
    let mode = fstat(&fd)?.st_mode;
    if let Some(new) = wanted(mode)
        && new != mode & 0o7777
    {
        // `fchmod` does not take such a descriptor; its entry in /proc leads to exactly this file.
        chmod(format!("/proc/self/fd/{}", fd.as_raw_fd()), Mode::from_raw_mode(new))?;
    }
    Ok(Kind::of_mode(mode))
}
