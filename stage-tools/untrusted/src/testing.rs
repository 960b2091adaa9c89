//! What unit tests of several modules need.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::path::Rel;

/// A relative path that is known to be good.
pub(crate) fn rel(path: &str) -> Rel<'_> {
    Rel::parse(Path::new(path)).unwrap()
}

/// Makes a named pipe.
pub(crate) fn fifo(path: &Path) {
    mknodat(CWD, path.as_os_str().as_bytes(), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}
