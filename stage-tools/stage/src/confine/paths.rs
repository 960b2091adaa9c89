//! What a confined command may open, as Landlock rules.
//!
//! Landlock only ever adds: a path that no rule names cannot be opened, and a rule for a folder holds for all below it.
//! So `/` itself is never named; its entries are, less those that are not toolchain.

use std::fs;
use std::path::{Path, PathBuf};

use assay_contract::configuration::Network;
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

use super::Command;

/// The newest Landlock ABI whose rights are asked for. On an older kernel the rest still holds, and what is missing is
/// named in the result.
pub(super) const LANDLOCK: ABI = ABI::V6;

/// Entries of `/` that are not toolchain: the volumes, other processes, devices, run-time state of engines and hosts,
/// and people's files.
const NOT_TOOLCHAIN: [&str; 18] = [
    "volumes",
    "proc",
    "sys",
    "dev",
    "run",
    "var",
    "tmp",
    "mnt",
    "media",
    "root",
    "boot",
    "lost+found",
    "mainctrfs",
    "argo",
    "argo-bin",
    "assay-stage",
    ".dockerenv",
    "old-root",
];

/// The part of `/var` that toolchains use.
const VAR_TOOLCHAIN: [&str; 1] = ["/var/lib"];

/// Files of `/proc` that tell about the machine and not about processes; run-time systems size themselves by them.
const PROC_FILES: [&str; 10] = [
    "/proc/cpuinfo",
    "/proc/filesystems",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/uptime",
    "/proc/version",
    "/proc/sys/kernel/osrelease",
    "/proc/sys/kernel/pid_max",
    "/proc/sys/vm/overcommit_memory",
];

/// Devices that hold nothing.
const DEVICES: [&str; 4] = ["/dev/null", "/dev/full", "/dev/random", "/dev/urandom"];

/// A device that can only be read: whoever may write to it can map it, and so share memory that has no file.
const ZERO: &str = "/dev/zero";

/// What Landlock does for this command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Enforced {
    /// The ABI of the kernel, 0 where it has none.
    pub(super) abi: u32,
    /// Whether all that was asked for holds.
    pub(super) fully: bool,
}

/// Restricts this process, and all that it becomes or starts, to what `command` may open.
pub(super) fn restrict(command: &Command) -> Result<Enforced, RulesetError> {
    let all = AccessFs::from_all(LANDLOCK);
    let read_file = AccessFs::ReadFile;
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let toolchain = read | AccessFs::Execute;
    let device = AccessFs::ReadFile | AccessFs::WriteFile;
    // Sockets and device nodes are of no use to a build or a case; without them none can be left for a later reader.
    let own = all & !(AccessFs::MakeSock | AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev);

    let mut rules = vec![(command.own.clone(), own)];
    rules.extend(toolchain_paths().into_iter().map(|path| (path, toolchain)));
    rules.extend(PROC_FILES.iter().map(|path| (PathBuf::from(path), read_file.into())));
    rules.push((PathBuf::from(ZERO), read_file.into()));
    rules.extend(DEVICES.iter().map(|path| (PathBuf::from(path), device)));
    // Its own folder of `/proc` by number: `self` would be a link, and the rule must not reach other processes.
    rules.push((PathBuf::from(format!("/proc/{}", std::process::id())), read));
    rules.extend(command.stdin.iter().map(|path| (path.clone(), read_file.into())));

    let mut ruleset = nothing(command.network)?;
    for (path, access) in rules {
        // Images differ: what is not there needs no rule.
        let Ok(fd) = PathFd::new(&path) else { continue };
        let access = if path.is_dir() { access } else { access & AccessFs::from_file(LANDLOCK) };
        ruleset = ruleset.add_rule(PathBeneath::new(fd, access))?;
    }
    let status = ruleset.restrict_self()?;
    Ok(Enforced { abi: kernel_abi(status.landlock), fully: status.ruleset == RulesetStatus::FullyEnforced })
}

/// A ruleset that leaves no path, no abstract socket and no signal to anything outside, and no TCP without a network.
pub(super) fn nothing(network: Network) -> Result<RulesetCreated, RulesetError> {
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .scope(Scope::from_all(LANDLOCK))?;
    if network == Network::None {
        ruleset = ruleset.handle_access(AccessNet::from_all(LANDLOCK))?;
    }
    ruleset.create()
}

/// Takes every path from this process, and tells the kernel's Landlock ABI, 0 where it has none: only a process that
/// was restricted knows that it can be.
pub(crate) fn give_up_all_paths() -> Result<u32, RulesetError> {
    let ruleset = Ruleset::default().set_compatibility(CompatLevel::BestEffort);
    let status = ruleset.handle_access(AccessFs::from_all(LANDLOCK))?.create()?.restrict_self()?;
    Ok(kernel_abi(status.landlock))
}

fn kernel_abi(status: LandlockStatus) -> u32 {
    match status {
        LandlockStatus::Available { effective_abi, kernel_abi } => {
            kernel_abi.map_or(effective_abi as u32, |abi| u32::try_from(abi).unwrap_or(0))
        }
        _ => 0,
    }
}

fn toolchain_paths() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir("/")
        .map(|entries| entries.filter_map(Result::ok).map(|entry| entry.file_name()).collect::<Vec<_>>())
        .unwrap_or_default()
        .into_iter()
        .filter(|name| !NOT_TOOLCHAIN.iter().any(|not| name == not))
        .map(|name| Path::new("/").join(name))
        .collect();
    paths.extend(VAR_TOOLCHAIN.iter().map(PathBuf::from));
    paths
}
