//! Mounting, and taking rights away from what is mounted.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, mount, mount_bind, mount_bind_recursive, mount_remount};

/// A fresh tmpfs; `options` are those of mount(8).
pub(super) fn tmpfs(at: &Path, options: &str) -> io::Result<()> {
    let options = std::ffi::CString::new(options)?;
    Ok(mount("tmpfs", at, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, options.as_c_str())?)
}

/// A fresh `/proc` of the process namespace that this process is in.
pub(super) fn proc(at: &Path) -> io::Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    Ok(mount("proc", at, "proc", flags, None)?)
}

/// Shows `from` at `at` under `flags`, without what is mounted beneath it.
pub(super) fn bind(from: &Path, at: &Path, flags: MountFlags) -> io::Result<()> {
    mount_bind(from, at)?;
    restrict(at, flags)
}

/// Shows `from` at `at` read only, with what is mounted beneath it; no set-user-ID, no devices.
pub(super) fn bind_tree_read_only(from: &Path, at: &Path) -> io::Result<()> {
    mount_bind_recursive(from, at)?;
    let flags = MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV;
    // Each mount has flags of its own: what lies beneath would stay writable.
    for (point, _) in mounted()?.into_iter().filter(|(point, _)| point.starts_with(at)) {
        match restrict(&point, flags) {
            // What is mounted over can no longer be reached by its path, here or in the stage.
            Err(error) if point != at && error.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
    }
    Ok(())
}

/// Adds `flags` to those of the mount at `at`.
pub(super) fn restrict(at: &Path, flags: MountFlags) -> io::Result<()> {
    // The kernel refuses to drop a flag that came from outside this user namespace, so all are named again. Of mounts
    // on one point the last one listed is on top.
    let present = mounted()?.into_iter().rfind(|(point, _)| point == at).map(|(_, flags)| flags);
    let present = present.ok_or(io::ErrorKind::NotFound)?;
    Ok(mount_remount(at, MountFlags::BIND | present | flags, "")?)
}

/// Mount points of this process with their flags, in the order in which they were mounted.
fn mounted() -> io::Result<Vec<(PathBuf, MountFlags)>> {
    Ok(parse(&fs::read("/proc/self/mountinfo")?))
}

fn parse(mountinfo: &[u8]) -> Vec<(PathBuf, MountFlags)> {
    use std::os::unix::ffi::OsStringExt;
    mountinfo
        .split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let mut fields = line.split(|byte| *byte == b' ').skip(4);
            let point = std::ffi::OsString::from_vec(unescape(fields.next()?));
            Some((point.into(), flags(fields.next()?)))
        })
        .collect()
}

fn flags(options: &[u8]) -> MountFlags {
    options.split(|byte| *byte == b',').fold(MountFlags::empty(), |flags, option| {
        flags
            | match option {
                b"ro" => MountFlags::RDONLY,
                b"nosuid" => MountFlags::NOSUID,
                b"nodev" => MountFlags::NODEV,
                b"noexec" => MountFlags::NOEXEC,
                b"noatime" => MountFlags::NOATIME,
                b"nodiratime" => MountFlags::NODIRATIME,
                b"relatime" => MountFlags::RELATIME,
                _ => MountFlags::empty(),
            }
    })
}

/// The kernel writes blank, tab, line feed and backslash as `\` and three octal digits.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let octal = (*first == b'\\').then(|| after.get(..3)).flatten();
        let value = octal
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|d| u8::from_str_radix(d, 8).ok());
        match value {
            Some(value) => {
                bytes.push(value);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_and_flags_are_read_as_the_kernel_writes_them() {
        let text = b"36 35 98:0 /a /mnt/a\\040b rw,nosuid,relatime shared:1 - ext4 /dev/sda rw\n\
                     37 36 0:5 / /proc ro,nodev,noexec - proc proc rw\n";
        let parsed = parse(text);
        assert_eq!(parsed[0], (PathBuf::from("/mnt/a b"), MountFlags::NOSUID | MountFlags::RELATIME));
        assert_eq!(
            parsed[1],
            (PathBuf::from("/proc"), MountFlags::RDONLY | MountFlags::NODEV | MountFlags::NOEXEC)
        );
        assert_eq!(parsed.len(), 2);
    }

    #[test]
    fn a_lone_backslash_stays() {
        assert_eq!(unescape(b"a\\"), b"a\\");
        assert_eq!(unescape(b"\\134x"), b"\\x");
    }
}
