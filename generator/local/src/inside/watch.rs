//! Watches a stage from its first process to its last: output, deadline, and the person who started it all.
//!
//! The deadline holds even when nobody reads what is sent: nothing is written that could block.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::wire::{self, Failure, How, Reply};

/// Output that waits for a reader; what comes beyond it is dropped and counted.
const MAX_WAITING: usize = 256 << 10;
/// Output of one stage that is passed on at all.
const MAX_PASSED: usize = 4 << 20;
/// A frame of output is shorter than what a pipe takes at once when it says that it is ready (`PIPE_BUF`, 4096).
const PORTION: usize = 3 << 10;

/// What is watched.
pub(super) struct Watch<'a> {
    /// From the outer process; it hangs up when that process is gone.
    pub(super) requests: &'a File,
    /// To the outer process.
    pub(super) replies: &'a mut File,
    /// From the newcomer: why the tool could not be started, or nothing.
    pub(super) status: OwnedFd,
    /// What the stage writes.
    pub(super) output: OwnedFd,
    /// When the stage is killed.
    pub(super) deadline: Instant,
}

/// How it ended, and how many bytes of output were dropped.
pub(super) struct Seen {
    pub(super) how: How,
    pub(super) dropped_bytes: u64,
}

struct Outgoing {
    waiting: Vec<u8>,
    passed: usize,
    dropped: u64,
}

/// Watches `child`, process 1 of a stage, until every process of the stage is gone.
///
/// # Errors
/// If the outer process is gone, or if a system call fails; the stage is gone then too.
pub(super) fn watch(mut watch: Watch<'_>, mut child: Child) -> io::Result<Seen> {
    let seen = follow(&mut watch, &child);
    // Process 1 of a process namespace is dead only when all of the namespace are.
    let killed = child.kill();
    let status = child.wait()?;
    let (failure, mut outgoing, late) = seen?;
    killed?;
    drain(&watch.output, &mut outgoing)?;
    while !outgoing.waiting.is_empty() {
        // The stage is gone: from here on a reader that stalls holds up nobody but itself.
        pass_on(&mut outgoing, watch.replies)?;
    }
    Ok(Seen { how: how(failure, late, status), dropped_bytes: outgoing.dropped })
}

fn how(failure: Option<Failure>, late: bool, status: std::process::ExitStatus) -> How {
    use std::os::unix::process::ExitStatusExt;
    match (failure, status.code(), status.signal()) {
        (Some(failure), _, _) => How::NotStarted(failure),
        (None, Some(code), _) => How::Exited(u8::try_from(code).unwrap_or(u8::MAX)),
        (None, None, _) if late => How::Deadline,
        (None, None, signal) => How::Signalled(signal.and_then(|n| u8::try_from(n).ok()).unwrap_or(0)),
    }
}

fn follow(watch: &mut Watch<'_>, child: &Child) -> io::Result<(Option<Failure>, Outgoing, bool)> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(Errno::SRCH)?;
    let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
    let mut outgoing = Outgoing { waiting: Vec::new(), passed: 0, dropped: 0 };
    let mut failure = None;
    let (mut late, mut starting, mut writing) = (false, true, true);
    loop {
        let left = watch.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() && !late {
            late = true;
            pidfd_send_signal(&pidfd, Signal::KILL)?;
        }
        let ready = Ready::wait(
            watch,
            &pidfd,
            !outgoing.waiting.is_empty(),
            starting,
            writing,
            (!late).then_some(left),
        )?;
        if ready.requests {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if ready.status {
            starting = false;
            failure = started_or_not(&watch.status)?;
            if failure.is_none() {
                wire::send(watch.replies, &Reply::Started, &[])?;
            }
        }
        if ready.output {
            writing = take_in(&watch.output, &mut outgoing)?;
        }
        if ready.replies {
            pass_on(&mut outgoing, watch.replies)?;
        }
        if ready.child && !starting {
            return Ok((failure, outgoing, late));
        }
    }
}

/// What can be done without waiting.
struct Ready {
    requests: bool,
    child: bool,
    status: bool,
    output: bool,
    replies: bool,
}

impl Ready {
    fn wait(
        watch: &Watch<'_>,
        pidfd: &OwnedFd,
        waiting: bool,
        starting: bool,
        writing: bool,
        left: Option<Duration>,
    ) -> io::Result<Ready> {
        let when = |wanted: bool, flag| if wanted { flag } else { PollFlags::empty() };
        let replies = watch.replies.as_fd();
        let mut fds = vec![
            PollFd::new(watch.requests, PollFlags::empty()),
            PollFd::new(pidfd, PollFlags::IN),
            PollFd::from_borrowed_fd(replies, when(waiting, PollFlags::OUT)),
        ];
        // A pipe that is closed would be reported for ever: it is asked only while it is open.
        if starting {
            fds.push(PollFd::new(&watch.status, PollFlags::IN));
        }
        if writing {
            fds.push(PollFd::new(&watch.output, PollFlags::IN));
        }
        let timeout = left.map(|left| Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        });
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let any = |index: usize| fds.get(index).is_some_and(|fd| !fd.revents().is_empty());
        Ok(Ready {
            requests: any(0),
            child: any(1),
            replies: any(2),
            status: starting && any(3),
            output: writing && any(if starting { 4 } else { 3 }),
        })
    }
}

/// Why the tool could not be started; `None` where the pipe was closed without a word, as a successful start does.
fn started_or_not(status: &OwnedFd) -> io::Result<Option<Failure>> {
    let mut from = File::from(status.try_clone()?);
    Ok(match wire::receive::<Reply>(&mut from)? {
        Some((Reply::Failed(failure), _)) => Some(failure),
        _ => None,
    })
}

/// Reads once; false when the output has come to its end.
fn take_in(output: &OwnedFd, outgoing: &mut Outgoing) -> io::Result<bool> {
    let mut buffer = [0; 16 << 10];
    let len = match rustix::io::read(output, &mut buffer) {
        Ok(0) => return Ok(false),
        Ok(len) => len,
        Err(Errno::INTR) => return Ok(true),
        Err(error) => return Err(error.into()),
    };
    let room =
        MAX_WAITING.saturating_sub(outgoing.waiting.len()).min(MAX_PASSED.saturating_sub(outgoing.passed));
    let kept = len.min(room);
    outgoing.waiting.extend_from_slice(&buffer[..kept]);
    outgoing.passed += kept;
    outgoing.dropped += (len - kept) as u64;
    Ok(true)
}

/// What is left in the pipe when no process of the stage lives.
fn drain(output: &OwnedFd, outgoing: &mut Outgoing) -> io::Result<()> {
    let mut left = File::from(output.try_clone()?);
    let mut buffer = Vec::new();
    let room = MAX_PASSED.saturating_sub(outgoing.passed);
    left.by_ref().take(room as u64).read_to_end(&mut buffer)?;
    outgoing.waiting.append(&mut buffer);
    outgoing.dropped += io::copy(&mut left, &mut io::sink())?;
    Ok(())
}

fn pass_on(outgoing: &mut Outgoing, replies: &mut File) -> io::Result<()> {
    let portion: Vec<u8> = outgoing.waiting.drain(..outgoing.waiting.len().min(PORTION)).collect();
    wire::send(replies, &Reply::Output, &portion)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portion_of_output_fits_what_a_ready_pipe_takes() {
        assert!(wire::encode(&Reply::Output, &[0; PORTION]).unwrap().len() <= 4_096);
    }
}
