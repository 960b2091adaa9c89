//! What a command keeps by having it open: files without a name, which were deleted or never had one, and the buffers of
//! sockets. No walk through its directory finds the former, and no process shows the latter as its memory.
//!
//! Nothing of it is opened here. What a process holds in other ways than by a descriptor is seen only where the volume is
//! memory, and so has a size of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use super::Census;

/// The kind of file system that is memory (`TMPFS_MAGIC`): one that is mounted for a volume holds nothing else.
const IN_MEMORY: u64 = 0x0102_1994;
/// The kernel's unit of blocks.
const BLOCK_BYTES: u64 = 512;
/// What a socket can hold: the most that may be asked for (`net.core.wmem_max` as the kernel has it), which the kernel
/// doubles (socket(7)). How full it is nobody tells.
const SOCKET_BYTES: u64 = 2 * 212_992;

/// What all processes of a command have open.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Open {
    /// What files without a name take on disk, in bytes.
    pub(super) nameless: u64,
    /// What sockets can hold, in bytes.
    pub(super) buffers: u64,
}

impl Open {
    /// Looks at the descriptors of the command's processes; files count that lie where `own` does.
    pub(super) fn of(census: &Census, own: &Path) -> Open {
        let Ok(device) = fs::metadata(own).map(|own| own.dev()) else { return Open::default() };
        let mut files = BTreeMap::new();
        let mut sockets = BTreeSet::new();
        for alive in census.alive().unwrap_or_default() {
            // A process that has just ended has none.
            let Ok(descriptors) = fs::read_dir(format!("{}/fd", alive.place)) else { continue };
            for descriptor in descriptors.flatten() {
                // Through the link to the file itself, which is looked at and not opened.
                let Ok(file) = fs::metadata(descriptor.path()) else { continue };
                if file.is_file() && file.nlink() == 0 && file.dev() == device {
                    files.insert(file.ino(), file.blocks().saturating_mul(BLOCK_BYTES));
                } else if file.file_type().is_socket() {
                    sockets.insert(file.ino());
                }
            }
        }
        Open {
            nameless: files.values().fold(0, |sum, bytes| sum.saturating_add(*bytes)),
            buffers: SOCKET_BYTES.saturating_mul(sockets.len() as u64),
        }
    }
}

/// What the whole volume of `own` holds, in bytes; `None` where others may write to its file system as well.
pub(super) fn in_volume(own: &Path) -> Option<u64> {
    let system = rustix::fs::statfs(own).ok()?;
    let blocks = system.f_blocks.saturating_sub(system.f_bfree);
    (u64::try_from(system.f_type).ok()? == IN_MEMORY)
        .then_some(blocks.saturating_mul(u64::try_from(system.f_bsize).ok()?))
}
