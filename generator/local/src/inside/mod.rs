//! The processes inside: what this program is when it was started again by itself.
//!
//! No process forks. Each step starts this program anew under a reserved name:
//!
//! - the *gate* makes the user namespace and the others, starts the keeper and waits for it;
//! - the *keeper* is process 1 of the job: it mounts the tmpfs that holds everything, runs stages on request, and is the
//!   only one that reads what they left;
//! - the *newcomer* is process 1 of a stage: it builds the stage's root, gives up every right and becomes the tool.
//!
//! Everything lives in the keeper's process namespace and in its tmpfs. When the outer process dies in any way, the kernel
//! kills gate and keeper, with the keeper every process of the job, and with the last process the mounts.

mod gate;
mod hostile;
mod keeper;
mod loopback;
mod mounts;
mod newcomer;
mod raw;
mod seccomp;
mod watch;

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use assay_contract::Exit;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, set_parent_process_death_signal};

use crate::wire::{self, Failure, Reply};

/// The names under which this program starts itself again.
pub(crate) const GATE: &str = "assay-local:gate";
const KEEPER: &str = "assay-local:keeper";
const NEWCOMER: &str = "assay-local:stage";

/// This program as the kernel knows it, whatever its path has become meanwhile.
pub(crate) const OWN_PROGRAM: &str = "/proc/self/exe";

/// To be called before anything else in `main`.
///
/// `None` in the program that a person started. In a process that the engine started, does that process's work and
/// returns the code to end with.
#[must_use]
pub fn enter() -> Option<ExitCode> {
    let name = std::env::args_os().next()?;
    let outcome = match name.to_str()? {
        GATE => gate::run(),
        KEEPER => keeper::run(),
        NEWCOMER => newcomer::run(),
        _ => return None,
    };
    Some(match outcome {
        Ok(code) => code,
        Err(failure) => {
            // Nobody may be listening any more; then there is nobody to tell.
            let _unheard = pipe_out().and_then(|mut out| wire::send(&mut out, &Reply::Failed(failure), &[]));
            ExitCode::from(Exit::IsolationUnavailable.code())
        }
    })
}

/// Standard input as a file: the standard library's own would read ahead of what the next process needs.
fn pipe_in() -> io::Result<File> {
    Ok(File::from(rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?))
}

/// Standard output as a file, for the same reason.
fn pipe_out() -> io::Result<File> {
    Ok(File::from(rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?))
}

/// Asks the kernel to kill this process with its parent; to be repeated after every change of rights.
///
/// The parent may have died before the kernel was asked. The outer process holds the only writing end of our standard
/// input, and it cannot have died without closing it.
fn die_with_parent() -> Result<(), Failure> {
    use wire::{During, Step};
    set_parent_process_death_signal(Some(Signal::KILL))
        .during(Step::Start, "asking to die with the parent")?;
    let stdin = rustix::stdio::stdin();
    if hung_up(&stdin).during(Step::Start, "looking for the parent")? {
        return Err(Failure { step: Step::Start, what: "the parent is gone".into(), errno: 0 });
    }
    Ok(())
}

fn hung_up(fd: &impl std::os::fd::AsFd) -> io::Result<bool> {
    let mut fds = [PollFd::new(fd, PollFlags::empty())];
    poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
    Ok(fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR))
}

/// A file for reading that no child inherits.
fn open_read(path: &str) -> io::Result<OwnedFd> {
    Ok(File::open(path)?.into())
}
