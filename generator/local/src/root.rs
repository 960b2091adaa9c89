//! What a stage's root is made of: a pure function of its plan and of what this machine or image offers.
//!
//! This is the policy of local isolation. What is not named here does not exist for a stage; the code that carries it
//! out (`inside::stage`) decides nothing.

use std::fmt;

use assay_contract::configuration::Network;
use assay_contract::{Access, Stage, Trust, Volume};
use assay_core::plan::StagePlan;
use serde::{Deserialize, Serialize};

use crate::toolchain::{Offer, Toolchain};

/// Where a trusted stage finds the tool.
pub(crate) const TOOL_AT: &str = "/assay-stage";

/// Processes and threads that a stage may have at once, its builds and cases included.
const MAX_PROCESSES: u64 = 2_048;

/// The only devices of a stage.
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];

/// The links that programs expect beside them.
const DEVICE_LINKS: [(&str, &str); 4] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
];

/// Files of `/etc` that are written for a stage instead of being shown: they name no person and no machine.
const ETC: [(&str, &str); 5] = [
    (
        "/etc/passwd",
        "root:x:0:0:root:/:/bin/sh\nassay:x:1000:1000::/:/bin/sh\nverify:x:20001:20001::/:/bin/sh\n\
         test:x:20002:20002::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n",
    ),
    ("/etc/group", "root:x:0:\nassay:x:1000:\nverify:x:20001:\ntest:x:20002:\nnogroup:x:65534:\n"),
    ("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"),
    ("/etc/hostname", "assay\n"),
    ("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"),
];

/// What a stage's root is made of, and who runs in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StageRoot {
    /// Which stage.
    pub(crate) stage: Stage,
    /// What the root holds, in the order in which it is made; the root itself ends up read only.
    pub(crate) entries: Vec<Entry>,
    /// The program that runs.
    pub(crate) program: String,
    /// The user and group that it runs as, inside.
    pub(crate) uid: u32,
    /// Its environment, a signing key aside.
    pub(crate) environment: Vec<(String, String)>,
    /// Whether the stage's own loopback is up.
    pub(crate) loopback: bool,
    /// Processes and threads at once.
    pub(crate) max_processes: u64,
    /// From start to end, in seconds.
    pub(crate) deadline_seconds: u64,
}

/// One thing in a stage's root; every path is absolute inside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Entry {
    /// An empty folder.
    Folder { at: String },
    /// A symbolic link.
    Link { at: String, to: String },
    /// A small file.
    File { at: String, content: String },
    /// The stage tool.
    Tool { at: String },
    /// A file or folder of this machine with what is mounted beneath it; read only, no set-user-ID, no devices.
    Shown { from: String, at: String, folder: bool },
    /// A volume; no set-user-ID, no devices.
    Volume { volume: Volume, access: Access },
    /// A device.
    Device { name: String },
    /// `/proc` of the stage's own process namespace.
    Proc,
}

/// The root of a stage.
pub(crate) fn stage_root(plan: &StagePlan, toolchain: &Toolchain, network: Network) -> StageRoot {
    let mut entries = Vec::new();
    match plan.stage.trust() {
        Trust::Trusted => entries.push(Entry::Tool { at: TOOL_AT.into() }),
        Trust::Untrusted => untrusted_base(toolchain, &mut entries),
    }
    entries.push(Entry::Proc);
    entries.extend(DEVICES.map(|name| Entry::Device { name: name.into() }));
    entries.extend(DEVICE_LINKS.map(|(name, to)| Entry::Link { at: format!("/dev/{name}"), to: to.into() }));
    // The table is the only source of what is mounted.
    entries.extend(
        plan.mounts().into_iter().map(|mount| Entry::Volume { volume: mount.volume, access: mount.access }),
    );
    StageRoot {
        stage: plan.stage,
        entries,
        program: plan.program(),
        uid: plan.uid,
        environment: vec![("PATH".into(), toolchain.search_path().into()), ("LANG".into(), "C.UTF-8".into())],
        loopback: network == Network::Loopback,
        max_processes: MAX_PROCESSES,
        deadline_seconds: plan.deadline_seconds,
    }
}

fn untrusted_base(toolchain: &Toolchain, entries: &mut Vec<Entry>) {
    entries.extend(toolchain.offers().iter().map(|offer| match offer {
        Offer::Shown { from, at, folder } => {
            Entry::Shown { from: from.clone(), at: at.clone(), folder: *folder }
        }
        Offer::Link { at, to } => Entry::Link { at: at.clone(), to: to.clone() },
    }));
    if toolchain.is_of_this_machine() {
        entries.extend(ETC.map(|(at, content)| Entry::File { at: at.into(), content: content.into() }));
    }
    // Programs look for it; it stays empty and read only. TMPDIR is a scratch folder in the stage's own volume.
    entries.push(Entry::Folder { at: "/tmp".into() });
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Folder { at } => write!(f, "{at} empty"),
            Entry::Link { at, to } => write!(f, "{at} -> {to}"),
            Entry::File { at, content } => write!(f, "{at} of {} bytes", content.len()),
            Entry::Tool { at } => write!(f, "{at} the stage tool, ro,nosuid,nodev"),
            Entry::Shown { from, at, folder } => {
                let kind = if *folder { "folder" } else { "file" };
                write!(f, "{at} {kind} {from}, ro,nosuid,nodev")
            }
            Entry::Volume { volume, access } => {
                let mode = if access.is_read_only() { "ro" } else { "rw" };
                write!(f, "{} volume, {mode},nosuid,nodev", volume.path())
            }
            Entry::Device { name } => write!(f, "/dev/{name} device, nosuid,noexec"),
            Entry::Proc => f.write_str("/proc own, nosuid,nodev,noexec"),
        }
    }
}

impl fmt::Display for StageRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StageRoot {
            stage,
            entries,
            program,
            uid,
            environment,
            loopback,
            max_processes,
            deadline_seconds,
        } = self;
        writeln!(f, "{stage} runs {program} as {uid}")?;
        for (name, value) in environment {
            writeln!(f, "env {name}={value}")?;
        }
        writeln!(f, "loopback {loopback}, processes {max_processes}, deadline {deadline_seconds} s")?;
        entries.iter().try_for_each(|entry| writeln!(f, "{entry}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_contract::table;

    fn plan(stage: Stage) -> StagePlan {
        let uid = match stage {
            Stage::Verify => 20_001,
            Stage::Test => 20_002,
            Stage::Setup | Stage::Results | Stage::Finalise => 1_000,
        };
        StagePlan {
            stage,
            image: "image".into(),
            uid,
            deadline_seconds: 60,
            memory_bytes: 1 << 28,
            cpu_milli: 500,
        }
    }

    fn toolchain() -> Toolchain {
        Toolchain::of_this_machine_with(vec![
            Offer::Shown { from: "/usr".into(), at: "/usr".into(), folder: true },
            Offer::Link { at: "/bin".into(), to: "usr/bin".into() },
            Offer::Shown { from: "/etc/ld.so.cache".into(), at: "/etc/ld.so.cache".into(), folder: false },
        ])
    }

    #[test]
    fn roots_are_what_they_were() {
        let roots: Vec<String> =
            Stage::ALL.map(|stage| stage_root(&plan(stage), &toolchain(), Network::None).to_string()).into();
        insta::assert_snapshot!(roots.join("\n"));
    }

    #[test]
    fn a_stage_mounts_exactly_its_column_of_the_table() {
        for stage in Stage::ALL {
            let mounted: Vec<(Volume, Access)> = stage_root(&plan(stage), &toolchain(), Network::None)
                .entries
                .into_iter()
                .filter_map(|entry| match entry {
                    Entry::Volume { volume, access } => Some((volume, access)),
                    _ => None,
                })
                .collect();
            for volume in Volume::ALL {
                let found = mounted.iter().find(|(v, _)| *v == volume).map(|(_, access)| *access);
                assert_eq!(found, table::access(stage, volume), "{stage} {volume}");
            }
            assert_eq!(mounted.len(), table::mounts(stage).len(), "{stage}");
        }
    }

    #[test]
    fn trusted_stages_see_nothing_of_this_machine() {
        for stage in Stage::ALL.into_iter().filter(|stage| stage.trust() == Trust::Trusted) {
            let root = stage_root(&plan(stage), &toolchain(), Network::None);
            assert!(!root.entries.iter().any(|entry| matches!(entry, Entry::Shown { .. })), "{stage}");
        }
    }
}
