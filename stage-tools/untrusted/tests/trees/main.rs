//! Trees that students could have left: opened, read, written to, walked, copied and removed.

mod copying;
mod opening;
mod removing;
mod walking;
mod writing;

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use assay_untrusted::{Budget, Root};
use rustix::fs::{CWD, FileType, Mode, mknodat};

const BUDGET: Budget = Budget { entries: 1_000_000, depth: 10_000, bytes: 1 << 40 };

fn folder() -> (tempfile::TempDir, Root) {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::open(folder.path()).unwrap();
    (folder, root)
}

fn fifo(path: &Path) {
    mknodat(CWD, path.as_os_str().as_bytes(), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

fn socket(path: &Path) {
    // The name stays when the listener is gone.
    drop(std::os::unix::net::UnixListener::bind(path).unwrap());
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A chain of `levels` directories called `d`, made without ever naming a long path.
fn chain(top: &Path, levels: usize) {
    let mut here: std::os::fd::OwnedFd = std::fs::File::open(top).unwrap().into();
    for _ in 0..levels {
        rustix::fs::mkdirat(&here, "d", Mode::RWXU).unwrap();
        let flags = rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::RDONLY;
        here = rustix::fs::openat(&here, "d", flags, Mode::empty()).unwrap();
    }
    rustix::fs::openat(&here, "bottom", rustix::fs::OFlags::CREATE | rustix::fs::OFlags::RDWR, Mode::RUSR)
        .unwrap();
}
