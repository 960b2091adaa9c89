//! Starts a confined command, watches its limits, ends its whole tree and reports.
//!
//! Nothing that the command does may block this loop: pipes are read without waiting, and a tree that does not die is
//! reported instead of waited for.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use assay_contract::outcome::{Confinement, End, LimitKind, Usage};
use assay_untrusted::{Error, Root, measure, readable_by_all};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::FdFlags;
use rustix::process::{Pid, PidfdFlags, WaitOptions};
use wait4::Wait4;

use super::helper::Report;
use super::ledger::Ledger;
use super::open::{self, Open};
use super::{Census, Command, Ended, helper};

/// How often the tree is looked at.
const SAMPLE_EVERY: Duration = Duration::from_millis(5);
/// How often its directory is measured, which costs more.
const MEASURE_EVERY: Duration = Duration::from_millis(200);
/// The most memory that the helper takes before it becomes the command, in bytes. The kernel counts it as the command's,
/// and with it the peak of whoever started the helper: above this, only what the command adds is believed.
const HELPER_MEMORY: u64 = 4 << 20;
/// How long a killed tree may take to be gone.
const GRACE: Duration = Duration::from_secs(10);

/// See [`super::run`].
pub(super) fn run(command: &Command, census: &Census) -> Ended {
    let children_before = children_cpu();
    let seen = Seen {
        disk_before: on_disk(command).unwrap_or(0),
        volume_before: open::in_volume(&command.own),
        ..Seen::default()
    };
    match Tree::start(command) {
        Ok(tree) => tree.watch(command, census, children_before, seen),
        Err(error) => Ended {
            end: End::Unconfined(format!("cannot start a process: {error}")),
            usage: Usage::default(),
            stdout: Vec::new(),
            stderr: Vec::new(),
            confinement: Confinement::default(),
        },
    }
}

struct Tree {
    first: Child,
    pidfd: OwnedFd,
    stdout: Capture,
    stderr: Capture,
    report: File,
    started: Instant,
}

impl Tree {
    fn start(command: &Command) -> io::Result<Tree> {
        // Only this end may cross into the new process; everything else that is open closes itself on exec.
        let (report, report_writer) = rustix::pipe::pipe()?;
        rustix::io::fcntl_setfd(&report, FdFlags::CLOEXEC)?;
        // What earlier outputs took is given back by now; without this the kernel would count it as the next command's.
        let _kept_without = std::fs::write("/proc/self/clear_refs", "5");
        let stdin = match &command.stdin {
            Some(path) => Stdio::from(File::open(path)?),
            None => Stdio::null(),
        };
        let mut first = helper::program(command, &report_writer)?
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let started = Instant::now();
        drop(report_writer);
        let pid = Pid::from_child(&first);
        let limit = command.limits.output_bytes;
        let stdout = Capture::new(first.stdout.take().map(OwnedFd::from), limit)?;
        let stderr = Capture::new(first.stderr.take().map(OwnedFd::from), limit)?;
        let pidfd = rustix::process::pidfd_open(pid, PidfdFlags::empty())?;
        Ok(Tree { first, pidfd, stdout, stderr, report: File::from(report), started })
    }

    fn watch(
        mut self,
        command: &Command,
        census: &Census,
        children_before: Duration,
        mut seen: Seen,
    ) -> Ended {
        let passed = self.until_over(command, census, children_before, &mut seen);
        let wall_ms = millis(self.started.elapsed());
        let gone = self.end_tree(census);
        let (start, confinement) = self.read_report();
        let drained = self.stdout.read().and_then(|()| self.stderr.read());
        let counted = children_cpu().saturating_sub(children_before);
        let mut usage =
            Usage { cpu_ms: millis(seen.ledger.used(counted)), wall_ms, memory_bytes: seen.memory };
        let end = match (gone, drained, start) {
            (Err(error), _, _) => End::Unconfined(format!("its processes could not be ended: {error}")),
            (_, Err(error), _) => End::Unconfined(format!("its output could not be read: {error}")),
            (_, _, Err(end)) => end,
            (Ok((status, peak)), Ok(()), Ok(peak_before)) => {
                if peak > peak_before || peak_before <= HELPER_MEMORY {
                    usage.memory_bytes = usage.memory_bytes.max(peak);
                }
                passed
                    .or_else(|| self.limit_seen_too_late(command, &usage, status, &seen))
                    .map_or_else(|| natural_end(status), End::Limit)
            }
        };
        Ended { end, usage, stdout: self.stdout.kept, stderr: self.stderr.kept, confinement }
    }

    /// Waits until the first process ends (`None`) or a limit is passed.
    fn until_over(
        &mut self,
        command: &Command,
        census: &Census,
        children_before: Duration,
        seen: &mut Seen,
    ) -> Option<LimitKind> {
        let limits = &command.limits;
        let mut next_measure = self.started + MEASURE_EVERY;
        let mut next_sample = self.started + SAMPLE_EVERY;
        loop {
            if self.wait_for_news() {
                return None;
            }
            // An error in reading shows again when the pipes are drained.
            let _later = self.stdout.read().and_then(|()| self.stderr.read());
            if self.stdout.over || self.stderr.over {
                return Some(LimitKind::Output);
            }
            let now = Instant::now();
            if millis(now - self.started) > limits.wall_ms {
                return Some(LimitKind::Wall);
            }
            if now >= next_sample {
                next_sample = now + SAMPLE_EVERY;
                let Ok(sample) = census.sample(&mut seen.ledger) else { continue };
                if sample.processes > limits.processes {
                    return Some(LimitKind::Processes);
                }
                let mut memory = sample.memory_bytes;
                let most = limits.memory_bytes.saturating_sub(seen.buffers);
                if memory > most && sample.processes > 1 {
                    memory = census.proportional_memory().unwrap_or(memory);
                }
                seen.memory = seen.memory.max(memory);
                if memory > most {
                    return Some(LimitKind::Memory);
                }
                let counted = children_cpu().saturating_sub(children_before).saturating_add(sample.cpu);
                if millis(seen.ledger.used(counted)) > limits.cpu_ms {
                    return Some(LimitKind::Cpu);
                }
            }
            if now >= next_measure {
                next_measure = now + MEASURE_EVERY;
                let open = Open::of(census, &command.own);
                seen.buffers = open.buffers;
                if seen.disk_is_over(command, open.nameless) {
                    return Some(LimitKind::Disk);
                }
            }
        }
    }

    /// Waits for output, for the end of the first process, or for the next look; true if the first process ended.
    fn wait_for_news(&self) -> bool {
        let mut fds = vec![PollFd::new(&self.pidfd, PollFlags::IN)];
        fds.extend([&self.stdout, &self.stderr].into_iter().filter_map(|capture| {
            capture.pipe.as_ref().map(|pipe| PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN))
        }));
        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(SAMPLE_EVERY.subsec_nanos()) };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) => fds.first().is_some_and(|pidfd| !pidfd.revents().is_empty()),
            Err(_interrupted) => false,
        }
    }

    /// Kills what is left of the tree and collects it; gives the first process's status and largest memory.
    fn end_tree(&mut self, census: &Census) -> io::Result<(ExitStatus, u64)> {
        census.kill_all();
        let deadline = Instant::now() + GRACE;
        let first = loop {
            if let Some(first) = self.first.try_wait4()? {
                break first;
            }
            pause(deadline)?;
        };
        loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some(_orphan)) => continue,
                Ok(None) => {}
                Err(rustix::io::Errno::CHILD) if census.is_empty()? => break,
                // Not ours yet: its parent is dying, and then it is.
                Err(rustix::io::Errno::CHILD) => {}
                Err(error) => return Err(error.into()),
            }
            census.kill_all();
            pause(deadline)?;
        }
        Ok((first.status, first.rusage.maxrss))
    }

    /// What the helper said: whether the command was confined and started (then its memory until there), and what the
    /// confinement is made of.
    fn read_report(&mut self) -> (Result<u64, End>, Confinement) {
        let kernel = rustix::system::uname().release().to_string_lossy().into_owned();
        let mut confinement = Confinement { kernel, ..Confinement::default() };
        let mut text = String::new();
        if let Err(error) = (&mut self.report).take(16_384).read_to_string(&mut text) {
            return (Err(End::Unconfined(format!("its report could not be read: {error}"))), confinement);
        }
        let mut start = Err(End::Unconfined("it ended before it was confined".into()));
        for line in text.lines() {
            match serde_json::from_str(line) {
                Ok(Report::Confined { landlock_abi, lacks, peak_memory }) => {
                    confinement.landlock_abi = landlock_abi;
                    confinement.lacks = lacks;
                    start = Ok(peak_memory);
                }
                Ok(Report::NotStarted(why)) => start = Err(End::NotStarted(why)),
                Ok(Report::Unconfined(why)) => start = Err(End::Unconfined(why)),
                Err(error) => start = Err(End::Unconfined(format!("its report is damaged: {error}"))),
            }
        }
        (start, confinement)
    }

    /// A limit that was passed between two looks, or that the kernel held: the verdict must not depend on luck.
    fn limit_seen_too_late(
        &self,
        command: &Command,
        used: &Usage,
        status: ExitStatus,
        seen: &Seen,
    ) -> Option<LimitKind> {
        let limits = &command.limits;
        if self.stdout.over || self.stderr.over {
            Some(LimitKind::Output)
        } else if used.memory_bytes > limits.memory_bytes {
            Some(LimitKind::Memory)
        } else if used.cpu_ms > limits.cpu_ms || status.signal() == Some(libc::SIGXCPU) {
            Some(LimitKind::Cpu)
        } else if used.wall_ms > limits.wall_ms {
            Some(LimitKind::Wall)
        } else if status.signal() == Some(libc::SIGXFSZ) || seen.left_too_much(command) {
            Some(LimitKind::Disk)
        } else {
            None
        }
    }
}

/// What was seen of a tree so far.
#[derive(Debug, Default)]
struct Seen {
    ledger: Ledger,
    /// The most memory of the tree, in bytes.
    memory: u64,
    /// What its sockets can hold, in bytes, at the last look at them.
    buffers: u64,
    /// What its directory held when it started, in bytes on disk: the submission's copy is not its doing.
    disk_before: u64,
    /// What its volume held then, where that can be told.
    volume_before: Option<u64>,
}

impl Seen {
    /// Whether the tree has written more than it may, as far as can be told while it goes on writing.
    fn disk_is_over(&self, command: &Command, nameless: u64) -> bool {
        let most = command.limits.disk_bytes;
        let volume = open::in_volume(&command.own).zip(self.volume_before);
        if volume.is_some_and(|(now, before)| now.saturating_sub(before) > most) {
            return true;
        }
        match on_disk(command) {
            Ok(bytes) => bytes.saturating_sub(self.disk_before).saturating_add(nameless) > most,
            // What is too much to be counted is too much.
            Err(Error::TooMany { .. } | Error::TooDeep { .. } | Error::TooLarge { .. }) => true,
            // It changes while it is looked at; there will be another look.
            Err(_) => false,
        }
    }

    /// The last look, when no process is left that could change anything or keep us out.
    fn left_too_much(&self, command: &Command) -> bool {
        let readable = Root::open(&command.own).and_then(|own| readable_by_all(&own, "", super::TREE));
        let within =
            readable.and_then(|()| on_disk(command)).map(|bytes| bytes.saturating_sub(self.disk_before));
        within.map_or(true, |bytes| bytes > command.limits.disk_bytes)
    }
}

fn natural_end(status: ExitStatus) -> End {
    let byte = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Exited(byte(code)),
        (None, Some(signal)) => End::Signalled(byte(signal)),
        (None, None) => End::Unconfined("it ended in no known way".into()),
    }
}

fn pause(deadline: Instant) -> io::Result<()> {
    if Instant::now() > deadline {
        return Err(io::ErrorKind::TimedOut.into());
    }
    std::thread::sleep(Duration::from_millis(1));
    Ok(())
}

/// What the command's directory holds on disk, in bytes.
fn on_disk(command: &Command) -> Result<u64, Error> {
    let own = Root::open(&command.own)?;
    let mut measured = measure(&own, "", super::TREE)?;
    // Directories that keep us out are our own user's, who can open them.
    if measured.unreadable > 0 {
        readable_by_all(&own, "", super::TREE)?;
        measured = measure(&own, "", super::TREE)?;
    }
    // Whoever closes them again and again is not to be measured.
    Ok(if measured.unreadable > 0 { u64::MAX } else { measured.on_disk })
}

/// What the kernel has counted of children that were collected.
fn children_cpu() -> Duration {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else { return Duration::ZERO };
    let time = |time: TimeVal| {
        Duration::from_secs(u64::try_from(time.tv_sec()).unwrap_or(0))
            + Duration::from_micros(u64::try_from(time.tv_usec()).unwrap_or(0))
    };
    time(usage.user_time()) + time(usage.system_time())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// One output pipe, read without waiting and kept up to the limit.
struct Capture {
    pipe: Option<File>,
    kept: Vec<u8>,
    limit: u64,
    over: bool,
}

impl Capture {
    fn new(pipe: Option<OwnedFd>, limit: u64) -> io::Result<Capture> {
        if let Some(pipe) = &pipe {
            rustix::io::ioctl_fionbio(pipe, true)?;
        }
        Ok(Capture { pipe: pipe.map(File::from), kept: Vec::new(), limit, over: false })
    }

    /// Reads what is there; at most one byte more than the limit is ever taken from the pipe.
    fn read(&mut self) -> io::Result<()> {
        let mut buffer = [0; 65_536];
        while let Some(pipe) = &mut self.pipe {
            match pipe.read(&mut buffer) {
                Ok(0) => self.pipe = None,
                Ok(n) => {
                    let room =
                        usize::try_from(self.limit).unwrap_or(usize::MAX).saturating_sub(self.kept.len());
                    self.kept.extend(buffer.iter().take(n.min(room)));
                    if n > room {
                        self.over = true;
                        self.pipe = None;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
