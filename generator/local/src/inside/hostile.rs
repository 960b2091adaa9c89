//! Reads what stages left in the volumes. Everything here may have been made by student code.
//!
//! Nothing is followed, nothing is waited for, nothing is read beyond its cap. No stage runs while this does.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use rustix::fs::{Dir, FileType, Mode, OFlags, ResolveFlags, fstat, openat2};
use rustix::io::Errno;

/// How deep, how many and how much is walked.
pub(super) const MAX_DEPTH: usize = 32;
/// Files and folders of one volume.
pub(super) const MAX_ENTRIES: usize = 50_000;
/// Bytes of one file.
pub(super) const MAX_FILE: u64 = 64 << 20;
/// Bytes of one volume.
pub(super) const MAX_BYTES: u64 = 1 << 30;

/// What was found where a file was looked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Plain { bytes: Vec<u8>, executable: bool },
    Absent,
    Refused(String),
}

/// What a walk meets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Met {
    Folder,
    File { bytes: Vec<u8>, executable: bool },
    LeftOut(String),
}

fn beneath(root: impl AsFd, path: impl rustix::path::Arg, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    // Without NONBLOCK the opening of a FIFO would wait for a writer.
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let resolve = ResolveFlags::BENEATH
        | ResolveFlags::NO_SYMLINKS
        | ResolveFlags::NO_MAGICLINKS
        | ResolveFlags::NO_XDEV;
    openat2(root, path, flags, Mode::empty(), resolve)
}

/// The plain file of at most `cap` bytes at `path` beneath `root`.
pub(super) fn take(root: impl AsFd, path: impl rustix::path::Arg, cap: u64) -> io::Result<Found> {
    let refused = |why: &str| Ok(Found::Refused(why.into()));
    let fd = match beneath(root, path, OFlags::RDONLY) {
        Ok(fd) => fd,
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(Found::Absent),
        Err(Errno::LOOP | Errno::XDEV) => return refused("a link leads there"),
        // A socket, or a device without a driver.
        Err(Errno::NXIO | Errno::NODEV) => return refused("it is not a plain file"),
        // Such as a device node where devices are not allowed, which anybody can make (0, 0).
        Err(error) => return refused(&format!("it cannot be opened ({})", io::Error::from(error))),
    };
    let stat = fstat(&fd)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return refused("it is not a plain file");
    }
    if stat.st_nlink != 1 {
        return refused("it has a second name");
    }
    let mut bytes = Vec::new();
    // One more than the cap: a file that is too large is refused, never cut.
    File::from(fd).take(cap.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > cap {
        return refused("it is too large");
    }
    Ok(Found::Plain { bytes, executable: stat.st_mode & 0o100 != 0 })
}

/// Meets everything beneath `root`, a folder always before what it holds, until a limit is passed.
pub(super) fn walk(
    root: &OwnedFd,
    mut meet: impl FnMut(&[OsString], Met) -> io::Result<()>,
) -> io::Result<()> {
    let (mut entries, mut bytes_left) = (0, MAX_BYTES);
    // A list instead of recursion: a student chose the depth.
    let mut folders: Vec<Vec<OsString>> = vec![Vec::new()];
    while let Some(folder) = folders.pop() {
        let path: PathBuf = if folder.is_empty() { ".".into() } else { folder.iter().collect() };
        let fd = match beneath(root, &path, OFlags::RDONLY | OFlags::DIRECTORY) {
            Ok(fd) => fd,
            Err(error) => {
                meet(&folder, Met::LeftOut(format!("it cannot be opened ({})", io::Error::from(error))))?;
                continue;
            }
        };
        for entry in Dir::read_from(&fd)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            let mut path = folder.clone();
            path.push(OsStr::from_bytes(name).to_owned());
            entries += 1;
            if entries > MAX_ENTRIES {
                return meet(
                    &path,
                    Met::LeftOut("there are too many files; the rest is left out as well".into()),
                );
            }
            let kind = match entry.file_type() {
                FileType::Directory if path.len() >= MAX_DEPTH => Met::LeftOut("it is too deep".into()),
                FileType::Directory => {
                    folders.push(path.clone());
                    Met::Folder
                }
                _ => match take(&fd, entry.file_name(), MAX_FILE.min(bytes_left))? {
                    Found::Plain { bytes, executable } => {
                        bytes_left = bytes_left.saturating_sub(bytes.len() as u64);
                        Met::File { bytes, executable }
                    }
                    Found::Absent => Met::LeftOut("it is gone".into()),
                    Found::Refused(why) => Met::LeftOut(why),
                },
            };
            meet(&path, kind)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, mknodat, open};
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    fn folder() -> (tempfile::TempDir, OwnedFd) {
        let folder = tempfile::tempdir().unwrap();
        let fd =
            open(folder.path(), OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).unwrap();
        (folder, fd)
    }

    fn fifo(at: &Path) {
        mknodat(CWD, at, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    }

    #[test]
    fn only_plain_files_of_a_fitting_size_are_taken() {
        let (place, root) = folder();
        let at = |name: &str| place.path().join(name);
        fs::write(at("plain"), "12345").unwrap();
        fs::write(at("twice"), "12345").unwrap();
        fs::hard_link(at("twice"), at("again")).unwrap();
        symlink("/etc/passwd", at("link")).unwrap();
        symlink("..", at("up")).unwrap();
        fs::create_dir(at("dir")).unwrap();
        fifo(&at("fifo"));
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        File::create(at("huge")).unwrap().set_len(1 << 40).unwrap();

        assert_eq!(
            take(&root, "plain", 5).unwrap(),
            Found::Plain { bytes: b"12345".into(), executable: false }
        );
        for (path, cap) in [
            ("plain", 4),
            ("twice", 9),
            ("link", 9),
            ("up/x", 9),
            ("dir", 9),
            ("fifo", 9),
            ("socket", 9),
            ("huge", 9),
        ] {
            assert!(matches!(take(&root, path, cap).unwrap(), Found::Refused(_)), "{path}");
        }
        for path in ["nothing", "plain/x", "dir/x"] {
            assert_eq!(take(&root, path, 9).unwrap(), Found::Absent, "{path}");
        }
        assert!(matches!(take(&root, "../etc/passwd", 9).unwrap(), Found::Refused(_)));
    }

    #[test]
    fn a_walk_meets_folders_before_their_files_and_follows_nothing() {
        let (place, root) = folder();
        fs::create_dir_all(place.path().join("a/b")).unwrap();
        fs::write(place.path().join("a/b/c"), "x").unwrap();
        fifo(&place.path().join("a/pipe"));
        symlink("/", place.path().join("a/root")).unwrap();
        let mut met = Vec::new();
        walk(&root, |path, what| {
            met.push((path.iter().collect::<PathBuf>(), what));
            Ok(())
        })
        .unwrap();
        let order = |path: &str| met.iter().position(|(p, _)| p == Path::new(path)).unwrap();
        assert!(order("a") < order("a/b") && order("a/b") < order("a/b/c"));
        assert_eq!(met.len(), 5);
        assert!(matches!(met[order("a/pipe")].1, Met::LeftOut(_)));
        assert!(matches!(met[order("a/root")].1, Met::LeftOut(_)));
    }

    #[test]
    fn a_walk_stops_at_its_depth() {
        let (place, root) = folder();
        let deep: PathBuf = std::iter::repeat_n("d", MAX_DEPTH + 10).collect();
        fs::create_dir_all(place.path().join(deep)).unwrap();
        let mut deepest = 0;
        walk(&root, |path, _| {
            deepest = deepest.max(path.len());
            Ok(())
        })
        .unwrap();
        assert_eq!(deepest, MAX_DEPTH);
    }
}
