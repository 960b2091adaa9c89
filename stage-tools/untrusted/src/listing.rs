//! Reading the names of a directory that is held open, with a limit.

use std::ffi::OsStr;
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt as _;

use rustix::fs::{FileType, RawDir, SeekFrom, seek};
use rustix::io::Errno;

/// Bytes of directory entries read at once.
const BATCH: usize = 32 * 1024;

/// Whether to go on after a name.
pub(crate) enum Then {
    More,
    Stop,
}

/// Calls `visit` with each name in `dir` but `.` and `..`, from the start, in the directory's own order. The kind is
/// what the directory says, which may be `Unknown`.
pub(crate) fn each(
    dir: BorrowedFd<'_>,
    mut visit: impl FnMut(&OsStr, FileType) -> Then,
) -> Result<(), Errno> {
    // All users of the directory share its position.
    seek(dir, SeekFrom::Start(0))?;
    let mut buffer = [MaybeUninit::uninit(); BATCH];
    let mut entries = RawDir::new(dir, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." && matches!(visit(OsStr::from_bytes(name), entry.file_type()), Then::Stop) {
            break;
        }
    }
    Ok(())
}
