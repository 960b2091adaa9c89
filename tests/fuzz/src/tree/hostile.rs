//! What students leave: links to anywhere, pipes, sockets, odd names and modes, deep folders, files with many names.
//!
//! Making them never follows what was made before, or the target itself would write outside.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use arbitrary::{Arbitrary, Result, Unstructured};
use rustix::fs::{CWD, FileType, Mode, mknodat};

/// A path of a few names, some of which are often met again.
#[derive(Debug)]
pub(super) struct Where(Vec<Vec<u8>>);

const NAMES: [&[u8]; 7] = [b"secret", b"new\nline", b"\xff\xfe", b"-rf", b".assay-x", b"e\xcc\x81", b".."];

impl<'a> Arbitrary<'a> for Where {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Where> {
        let mut names = Vec::new();
        for _ in 0..u.int_in_range(1..=3_u8)? {
            // Few names, so that what is done meets what was made.
            names.push(match u.int_in_range(0..=23_u8)? {
                0 => vec![b'x'; 255],
                1..8 => u.choose(&NAMES)?.to_vec(),
                8..16 => b"a".to_vec(),
                _ => b"b".to_vec(),
            });
        }
        Ok(Where(names))
    }
}

impl Where {
    /// The path below the folder `top`.
    pub(super) fn below(&self, top: &str) -> PathBuf {
        let names = self.0.iter().map(|name| OsStr::from_bytes(name));
        Path::new(top).components().map(|part| part.as_os_str()).chain(names).collect()
    }

    /// The path, where it leads through directories alone.
    fn reached(&self, tree: &Path) -> Option<PathBuf> {
        let (last, above) = self.0.split_last()?;
        let mut path = tree.to_owned();
        for name in above {
            path.push(OsStr::from_bytes(name));
            path.symlink_metadata().ok().filter(|found| found.is_dir() && name != b"..")?;
        }
        path.push(OsStr::from_bytes(last));
        (last != b"..").then_some(path)
    }
}

/// Something to be made, where it can be.
#[derive(Debug, Arbitrary)]
pub(super) enum Make {
    Directory(Where),
    File(Where, Vec<u8>),
    /// A file of holes.
    Sparse(Where, u16),
    Link(Where, u8),
    SecondName(Where, Where),
    Pipe(Where),
    Socket(Where),
    Mode(Where, u16),
    Deep(Where, u8),
}

const TARGETS: [&str; 11] = [
    "../outside",
    "../outside/secret",
    "../../outside/a",
    "/proc/self/root/etc/passwd",
    "/",
    "/dev/zero",
    ".",
    "..",
    "a",
    "a/../../outside",
    "nowhere",
];

impl Make {
    /// Makes it; fine where something is in the way.
    pub(super) fn make(&self, tree: &Path) {
        let (Make::Directory(at)
        | Make::File(at, _)
        | Make::Sparse(at, _)
        | Make::Link(at, _)
        | Make::SecondName(at, _)
        | Make::Pipe(at)
        | Make::Socket(at)
        | Make::Mode(at, _)
        | Make::Deep(at, _)) = self;
        let Some(path) = at.reached(tree) else { return };
        let there = path.symlink_metadata().ok();
        if let (Make::Mode(_, mode), Some(found)) = (self, &there)
            && (found.is_file() || found.is_dir())
        {
            // What its owner may not read is the system's to refuse, unless the owner is root: no oracle for both.
            let mode = u32::from(*mode) & 0o7777 | if found.is_dir() { 0o700 } else { 0o600 };
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        }
        if there.is_some() {
            return;
        }
        let node = |of| _ = mknodat(CWD, &path, of, Mode::RUSR | Mode::WUSR, 0);
        match self {
            Make::Directory(_) => drop(fs::create_dir(&path)),
            Make::File(_, bytes) => drop(fs::write(&path, bytes)),
            Make::Sparse(_, length) => {
                drop(fs::File::create(&path).and_then(|file| file.set_len(u64::from(*length) / 2)));
            }
            Make::Link(_, target) => drop(symlink(TARGETS[usize::from(*target) % TARGETS.len()], &path)),
            Make::SecondName(_, of) => {
                if let Some(of) = of.reached(tree) {
                    drop(fs::hard_link(of, &path));
                }
            }
            Make::Pipe(_) => node(FileType::Fifo),
            Make::Socket(_) => node(FileType::Socket),
            Make::Mode(..) => {}
            Make::Deep(_, depth) => {
                let mut path = path;
                // Deeper ones cost more than they show; unit tests go to the bottom.
                for _ in 0..*depth % 24 {
                    path.push("d");
                }
                drop(fs::create_dir_all(path));
            }
        }
    }
}
