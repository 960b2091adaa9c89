//! The process that becomes the command.
//!
//! The stage starts its own program again with [`SUBCOMMAND`]; that process takes rights away from itself, in an order
//! that matters, and then executes the command. It must never do anything else, and nothing after `syscalls::restrict`
//! may need a system call that the filter refuses.

use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::ExitCode;
use std::{env, fs::File, io, process};

use assay_contract::{Exit, Limits, hardening};
use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, Signal};
use serde::{Deserialize, Serialize};

use super::{Command, HARDENED, HOME, Kind, TMP, WORK, paths, syscalls};

/// The hidden subcommand under which the stage tool runs itself to become a command.
pub(crate) const SUBCOMMAND: &str = "become-command";

/// What the helper tells the stage through the report pipe: one line before it executes the command, and a second one if
/// that fails.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Report {
    /// The process is confined.
    Confined {
        /// The kernel's Landlock ABI, 0 where there is none.
        landlock_abi: u32,
        /// What the kernel lacks.
        lacks: Vec<String>,
        /// The most memory that the kernel ascribes to this process so far, in bytes: part of it is the stage's.
        peak_memory: u64,
    },
    /// The process could not be confined; nothing ran.
    Unconfined(String),
    /// The command could not be executed.
    NotStarted(String),
}

/// What the helper is told, as its one argument.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) command: Command,
    /// The pipe for [`Report`]s, inherited.
    pub(super) report_fd: RawFd,
}

/// What to start so that it becomes `command`, and tells so through `report`.
pub(super) fn program(command: &Command, report: &OwnedFd) -> io::Result<process::Command> {
    if !HARDENED {
        let lacks = vec![hardening::NONE.to_owned()];
        let mut report = File::from(report.try_clone()?);
        tell(&mut report, &Report::Confined { landlock_abi: 0, lacks, peak_memory: peak_memory() });
        let mut itself = itself(command).ok_or(io::ErrorKind::InvalidInput)?;
        itself.current_dir(command.own.join(WORK));
        return Ok(itself);
    }
    let order = Order { command: command.clone(), report_fd: report.as_raw_fd() };
    let mut helper = process::Command::new("/proc/self/exe");
    helper.arg(SUBCOMMAND).arg(serde_json::to_string(&order)?);
    helper.env_clear().envs(env::var_os("PATH").map(|path| ("PATH", path)));
    Ok(helper)
}

/// Becomes the command of `order`; returns only if that fails.
pub(crate) fn become_command(order: &str) -> ExitCode {
    let failed = ExitCode::from(Exit::Bug.code());
    let Ok(Order { command, report_fd }) = serde_json::from_str::<Order>(order) else { return failed };
    let Ok(mut report) = take_report_pipe(report_fd) else { return failed };
    match confine(&command) {
        Ok(confined) => tell(&mut report, &confined),
        Err(error) => {
            tell(&mut report, &Report::Unconfined(error));
            return failed;
        }
    }
    let error = execute(&command);
    tell(&mut report, &Report::NotStarted(error));
    failed
}

fn take_report_pipe(fd: RawFd) -> io::Result<File> {
    use rustix::io::{FdFlags, fcntl_setfd};
    // Duplicating through `/proc` would need a path that a later rule forbids; the number was given by our own stage.
    let fd = inherited(fd);
    fcntl_setfd(&fd, FdFlags::CLOEXEC)?;
    Ok(File::from(fd))
}

#[expect(unsafe_code, reason = "a descriptor inherited across exec can only be named by its number")]
fn inherited(fd: RawFd) -> OwnedFd {
    // SAFETY: the stage passes the number of a pipe that it opened for this process alone and left open across exec;
    // nothing else in this freshly started process owns it.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

fn tell(report: &mut File, what: &Report) {
    if let Ok(mut line) = serde_json::to_vec(what) {
        line.push(b'\n');
        // If the stage is gone there is nobody to tell, and the death signal is on its way.
        let _gone = report.write_all(&line);
    }
}

fn confine(command: &Command) -> Result<Report, String> {
    let context = |what: &'static str| move |error: io::Error| format!("{what}: {error}");
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|e| context("cannot tie it to its stage")(e.into()))?;
    rustix::process::setsid().map_err(|e| context("cannot give it a session of its own")(e.into()))?;
    rustix::process::umask(Mode::from_raw_mode(0o022));
    // The watcher must win against a tree that does nothing but fork.
    rustix::process::nice(5).map_err(|e| context("cannot lower its priority")(e.into()))?;
    set_limits(&command.limits).map_err(context("cannot set its limits"))?;
    env::set_current_dir(command.own.join(WORK)).map_err(context("cannot enter its directory"))?;
    let enforced = paths::restrict(command).map_err(|error| format!("cannot restrict its paths: {error}"))?;
    syscalls::restrict(command.kind, command.network)
        .map_err(|error| format!("cannot filter its calls: {error}"))?;
    let mut lacks = Vec::new();
    if enforced.abi == 0 {
        lacks.push("Landlock: student code can read all of its stage's volumes".to_owned());
    } else if !enforced.fully {
        lacks
            .push(format!("Landlock ABI 6 (this kernel has {}): signals and some file rights", enforced.abi));
    }
    Ok(Report::Confined { landlock_abi: enforced.abi, lacks, peak_memory: peak_memory() })
}

fn peak_memory() -> u64 {
    use nix::sys::resource::{UsageWho, getrusage};
    let kib = getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| usage.max_rss());
    u64::try_from(kib).unwrap_or(0).saturating_mul(1_024)
}

/// Limits that the kernel holds by itself. They stand well above the watched limits where passing them would look like a
/// crash, and exactly on them where the kernel tells what happened.
fn set_limits(limits: &Limits) -> io::Result<()> {
    let cpu_seconds = limits.cpu_ms.div_ceil(1_000).saturating_add(1);
    // Run-time systems reserve far more than they touch; this only bounds what can be had between two looks.
    let data = limits.memory_bytes.saturating_mul(4).saturating_add(1 << 30);
    for (resource, limit) in [
        (Resource::Cpu, cpu_seconds),
        (Resource::Fsize, limits.disk_bytes),
        (Resource::Data, data),
        (Resource::Core, 0),
        (Resource::Nofile, 1_024),
        // Counted per user over the whole node, threads included; the tree itself is counted by the watcher.
        (Resource::Nproc, 4_096),
        (Resource::Memlock, 0),
        (Resource::Msgqueue, 0),
    ] {
        let most = rustix::process::getrlimit(resource).maximum.unwrap_or(u64::MAX);
        // At the upper of two equal limits the kernel kills without a word; at the lower one it tells why.
        let upper = limit.saturating_add(if resource == Resource::Cpu { 2 } else { 0 });
        let (current, maximum) = (Some(limit.min(most)), Some(upper.min(most)));
        rustix::process::setrlimit(resource, Rlimit { current, maximum })?;
    }
    Ok(())
}

/// The command itself, in its own environment; `None` if it is empty.
fn itself(command: &Command) -> Option<process::Command> {
    let [program, args @ ..] = command.argv.as_slice() else { return None };
    let path = env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    let mut itself = process::Command::new(program);
    itself
        .args(args)
        .env_clear()
        .env("PATH", path)
        .env("HOME", command.own.join(HOME))
        .env("TMPDIR", command.own.join(TMP))
        .env("LANG", "C.UTF-8")
        .envs(command.env.iter().map(|(name, value)| (name, value)));
    Some(itself)
}

fn execute(command: &Command) -> String {
    let Some(mut itself) = itself(command) else { return "the command is empty".into() };
    let program = itself.get_program().to_string_lossy().into_owned();
    let error = itself.exec();
    match error.kind() {
        // Scoring looks at how the text starts: an absolute path is the author's.
        io::ErrorKind::NotFound => format!("{program} was not found"),
        io::ErrorKind::PermissionDenied => format!("{program} cannot be executed"),
        _ => format!("{program}: {error}"),
    }
}

impl Kind {
    /// Whether the permissions and owners of files may be changed.
    pub(super) const fn may_chmod(self) -> bool {
        matches!(self, Kind::Build)
    }
}
