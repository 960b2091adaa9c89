//! Opening a path beneath a directory: no link followed, no mount crossed, no way up.
//!
//! The kernel does it in one step with `openat2`. Where that call is missing or hidden by a seccomp filter, the same
//! is done one component at a time, each opened with `O_NOFOLLOW` from the one before.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags, StatxFlags, openat, openat2, statat, statx};
use rustix::io::Errno;

use crate::path::Rel;

/// Flags every open here has.
const ALWAYS: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

/// To read a directory.
pub(crate) const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY);

/// Opens `rel` beneath `dir`; errno values mean what they mean for `openat2`: `LOOP` a link, `XDEV` another mount.
pub(crate) fn open(dir: BorrowedFd<'_>, rel: Rel<'_>, flags: OFlags) -> Result<OwnedFd, Errno> {
    match by_kernel(dir, rel, flags) {
        // Paths longer than the kernel takes at once are opened in steps, too.
        Err(Errno::NOSYS | Errno::PERM | Errno::NAMETOOLONG) => by_steps(dir, rel, flags),
        result => result,
    }
}

/// With `O_PATH` the kernel refuses flags that have no meaning for it.
fn with_always(flags: OFlags) -> OFlags {
    if flags.contains(OFlags::PATH) {
        flags.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC)
    } else {
        flags.union(ALWAYS)
    }
}

fn by_kernel(dir: BorrowedFd<'_>, rel: Rel<'_>, flags: OFlags) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH
        | ResolveFlags::NO_SYMLINKS
        | ResolveFlags::NO_MAGICLINKS
        | ResolveFlags::NO_XDEV;
    openat2(dir, rel.or_dot(), with_always(flags), Mode::empty(), resolve)
}

fn by_steps(dir: BorrowedFd<'_>, rel: Rel<'_>, flags: OFlags) -> Result<OwnedFd, Errno> {
    let Some((parent, last)) = rel.split_last() else {
        return openat(dir, ".", with_always(flags), Mode::empty());
    };
    let home = mount_of(dir)?;
    let mut here: Option<OwnedFd> = None;
    for part in parent.parts() {
        here = Some(step(at(&here, dir), part, OFlags::PATH | OFlags::DIRECTORY, home)?);
    }
    step(at(&here, dir), last, flags, home)
}

fn at<'fd>(here: &'fd Option<OwnedFd>, dir: BorrowedFd<'fd>) -> BorrowedFd<'fd> {
    here.as_ref().map_or(dir, AsFd::as_fd)
}

/// One component; `flags` decide what it may be.
fn step(dir: BorrowedFd<'_>, part: &[u8], flags: OFlags, home: MountId) -> Result<OwnedFd, Errno> {
    let opened = match openat(dir, part, with_always(flags), Mode::empty()) {
        // `O_DIRECTORY | O_NOFOLLOW` says "not a directory" of a link; a caller wants to know which it was.
        Err(Errno::NOTDIR) if is_link(dir, part) => return Err(Errno::LOOP),
        result => result?,
    };
    if mount_of(opened.as_fd())? != home {
        return Err(Errno::XDEV);
    }
    Ok(opened)
}

fn is_link(dir: BorrowedFd<'_>, part: &[u8]) -> bool {
    statat(dir, part, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
}

/// Device, and the mount's id where the kernel tells it (a bind mount has the device of its source).
type MountId = (u64, Option<u64>);

fn mount_of(fd: BorrowedFd<'_>) -> Result<MountId, Errno> {
    let device = rustix::fs::fstat(fd)?.st_dev;
    match statx(fd, c"", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID) {
        Ok(found) if found.stx_mask & StatxFlags::MNT_ID.bits() != 0 => Ok((device, Some(found.stx_mnt_id))),
        Ok(_) | Err(Errno::NOSYS | Errno::PERM) => Ok((device, None)),
        Err(errno) => Err(errno),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fifo, rel};
    use std::io::Read as _;
    use std::os::unix::fs::symlink;

    type Open = fn(BorrowedFd<'_>, Rel<'_>, OFlags) -> Result<OwnedFd, Errno>;
    const WAYS: [(&str, Open); 3] = [("openat2", by_kernel), ("steps", by_steps), ("either", open)];

    #[test]
    fn both_ways_open_what_lies_beneath() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
        std::fs::write(folder.path().join("a/b/file"), "x").unwrap();
        let dir = std::fs::File::open(folder.path()).unwrap();
        for (way, open) in WAYS {
            let fd = open(dir.as_fd(), rel("a/b/file"), OFlags::RDONLY).unwrap();
            let mut text = String::new();
            std::fs::File::from(fd).read_to_string(&mut text).unwrap();
            assert_eq!(text, "x", "{way}");
            assert!(open(dir.as_fd(), rel("a/b"), DIRECTORY).is_ok(), "{way}");
            assert!(open(dir.as_fd(), rel(""), DIRECTORY).is_ok(), "{way}");
        }
    }

    #[test]
    fn both_ways_refuse_links_wherever_they_stand() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("real")).unwrap();
        std::fs::write(folder.path().join("real/file"), "x").unwrap();
        symlink("real", folder.path().join("dir-link")).unwrap();
        symlink("real/file", folder.path().join("file-link")).unwrap();
        symlink("/proc/self/root", folder.path().join("magic")).unwrap();
        symlink("dir-link", folder.path().join("chain")).unwrap();
        let dir = std::fs::File::open(folder.path()).unwrap();
        for (way, open) in WAYS {
            for path in ["dir-link/file", "file-link", "magic/etc/passwd", "chain/file"] {
                let result = open(dir.as_fd(), rel(path), OFlags::RDONLY);
                assert_eq!(result.err(), Some(Errno::LOOP), "{way} {path}");
            }
            let result = open(dir.as_fd(), rel("dir-link"), DIRECTORY);
            assert!(matches!(result, Err(Errno::LOOP | Errno::NOTDIR)), "{way}");
            let result = open(dir.as_fd(), rel("real/file/x"), OFlags::RDONLY);
            assert_eq!(result.err(), Some(Errno::NOTDIR), "{way}");
            let result = open(dir.as_fd(), rel("absent/x"), OFlags::RDONLY);
            assert_eq!(result.err(), Some(Errno::NOENT), "{way}");
        }
    }

    #[test]
    fn both_ways_refuse_another_mount() {
        let dir = std::fs::File::open("/").unwrap();
        for (way, open) in WAYS {
            let result = open(dir.as_fd(), rel("proc/version"), OFlags::RDONLY);
            assert_eq!(result.err(), Some(Errno::XDEV), "{way}");
        }
    }

    #[test]
    fn a_named_pipe_does_not_block() {
        let folder = tempfile::tempdir().unwrap();
        fifo(&folder.path().join("pipe"));
        let dir = std::fs::File::open(folder.path()).unwrap();
        for (way, open) in WAYS {
            assert!(open(dir.as_fd(), rel("pipe"), OFlags::RDONLY).is_ok(), "{way}");
        }
    }

    #[test]
    fn paths_longer_than_the_kernel_takes_are_opened_in_steps() {
        let folder = tempfile::tempdir().unwrap();
        let mut here: OwnedFd = std::fs::File::open(folder.path()).unwrap().into();
        let name = "d".repeat(200);
        for _ in 0..30 {
            rustix::fs::mkdirat(&here, name.as_str(), Mode::RWXU).unwrap();
            here = openat(&here, name.as_str(), DIRECTORY, Mode::empty()).unwrap();
        }
        let path = vec![name; 30].join("/");
        let dir = std::fs::File::open(folder.path()).unwrap();
        assert_eq!(by_kernel(dir.as_fd(), rel(&path), DIRECTORY).err(), Some(Errno::NAMETOOLONG));
        assert!(open(dir.as_fd(), rel(&path), DIRECTORY).is_ok());
    }
}
