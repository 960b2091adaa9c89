//! The only unsafe code of this crate: two system calls that the safe interfaces do not have.

#![expect(unsafe_code, reason = "unshare and marking inherited file descriptors have no safe interface")]

use std::fs;
use std::io;
use std::os::fd::{BorrowedFd, RawFd};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::thread::{UnshareFlags, unshare_unsafe};

/// A namespace that this process can leave for a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Namespace {
    User,
    Mount,
    /// For children: the process itself stays where it is.
    Pid,
    Network,
    Ipc,
    HostName,
    Cgroup,
}

/// Leaves `namespaces` for new ones.
pub(super) fn unshare(namespaces: &[Namespace]) -> io::Result<()> {
    let flags = namespaces.iter().fold(UnshareFlags::empty(), |flags, namespace| {
        flags
            | match namespace {
                Namespace::User => UnshareFlags::NEWUSER,
                Namespace::Mount => UnshareFlags::NEWNS,
                Namespace::Pid => UnshareFlags::NEWPID,
                Namespace::Network => UnshareFlags::NEWNET,
                Namespace::Ipc => UnshareFlags::NEWIPC,
                Namespace::HostName => UnshareFlags::NEWUTS,
                Namespace::Cgroup => UnshareFlags::NEWCGROUP,
            }
    });
    // SAFETY: the danger of `unshare` is `FILES`, which takes a file descriptor table away from other threads that
    // rely on it. `Namespace` has no such value, so `flags` never holds it.
    unsafe { unshare_unsafe(flags) }?;
    Ok(())
}

/// Makes the kernel close, when a program is next executed, every file that a parent left open by mistake.
pub(super) fn close_inherited_on_exec() -> io::Result<()> {
    for entry in fs::read_dir("/proc/self/fd")? {
        let name = entry?.file_name();
        let Some(fd) = name.to_str().and_then(|name| name.parse::<RawFd>().ok()).filter(|fd| *fd > 2) else {
            continue;
        };
        // SAFETY: a borrowed descriptor must stay open while it is borrowed and must not be -1. It was listed as open,
        // is above 2, and this process has one thread, so nothing closes it in between. Only its close-on-exec flag is
        // changed, on which no owner of a descriptor relies.
        let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
        fcntl_setfd(borrowed, FdFlags::CLOEXEC)?;
    }
    Ok(())
}
