//! Who lives in this stage's pid namespace.
//!
//! The stage and the engine's own first process are known; everybody else belongs to the command. That holds only in a
//! pid namespace that is the stage's own, so a census refuses to be taken anywhere else: the kill at the end of a
//! command reaches every process that the census does not know.

use std::fs;
use std::io::{self, Read};

use assay_contract::{Exit, Stage};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::error::StageError;

/// The processes that are not the command's.
#[derive(Debug)]
pub(crate) struct Census {
    own: i32,
    page_bytes: u64,
    ticks_per_second: u64,
}

/// What the command's processes use at one moment.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    /// Processes that are alive.
    pub(super) processes: u32,
    /// Their resident memory, shared pages counted once where there are several processes.
    pub(super) memory_bytes: u64,
    /// CPU time that they and their reaped children used, in milliseconds.
    pub(super) cpu_ms: u64,
}

/// The inode of the first pid namespace of a machine; a constant of the kernel (`PROC_PID_INIT_INO`).
const FIRST_PID_NAMESPACE: &str = "pid:[4026531836]";

impl Census {
    /// Takes the census.
    ///
    /// # Errors
    /// If the stage does not have a pid namespace of its own.
    pub(crate) fn take(stage: Stage) -> Result<Census, StageError> {
        let refuse = |why: String| {
            StageError::new(Exit::IsolationUnavailable, stage, why)
                .hint("run the stage in a pod or through `assay try`; a shared pid namespace (`shareProcessNamespace`, `hostPID`) is not supported")
        };
        let namespace =
            fs::read_link("/proc/self/ns/pid").map_err(|e| refuse(format!("cannot read /proc: {e}")))?;
        if namespace.as_os_str() == FIRST_PID_NAMESPACE {
            return Err(refuse("the stage runs in the machine's own pid namespace".into()));
        }
        let census = Census {
            own: std::process::id().cast_signed(),
            page_bytes: rustix::param::page_size() as u64,
            ticks_per_second: rustix::param::clock_ticks_per_second(),
        };
        let foreign = census.pids().map_err(|e| refuse(format!("cannot list /proc: {e}")))?;
        if foreign.is_empty() {
            Ok(census)
        } else {
            Err(refuse(format!("{} other processes live in the stage's pid namespace", foreign.len())))
        }
    }

    /// The command's processes, zombies included.
    fn pids(&self) -> io::Result<Vec<i32>> {
        let mut pids = Vec::new();
        for entry in fs::read_dir("/proc")? {
            let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            if pid != 1 && pid != self.own {
                pids.push(pid);
            }
        }
        Ok(pids)
    }

    /// What the command's processes use now. Processes that end while they are looked at count as gone.
    pub(super) fn sample(&self) -> io::Result<Sample> {
        let mut sample = Sample::default();
        for pid in self.pids()? {
            let Some(stat) = read_small(&format!("/proc/{pid}/stat")).as_deref().and_then(Stat::parse) else {
                continue;
            };
            sample.cpu_ms =
                sample.cpu_ms.saturating_add(stat.ticks.saturating_mul(1_000) / self.ticks_per_second);
            if !stat.dead {
                sample.processes += 1;
                sample.memory_bytes =
                    sample.memory_bytes.saturating_add(stat.resident_pages.saturating_mul(self.page_bytes));
            }
        }
        Ok(sample)
    }

    /// The resident memory of all the command's processes, pages that they share counted once; slower than a sample.
    pub(super) fn proportional_memory(&self) -> io::Result<u64> {
        let pids = self.pids()?;
        Ok(pids
            .into_iter()
            .filter_map(|pid| read_small(&format!("/proc/{pid}/smaps_rollup")))
            .filter_map(|text| pss_kib(&text))
            .fold(0, |sum, kib| sum.saturating_add(kib.saturating_mul(1_024))))
    }

    /// Kills every process of the command; says whether there was any.
    ///
    /// One call reaches all of them, and none can fork in between: the kernel holds its list while it signals, and a fork
    /// with a signal pending starts over.
    pub(super) fn kill_all(&self) -> bool {
        // `-1` spares this process and the first one of the namespace.
        kill(Pid::from_raw(-1), Signal::SIGKILL).is_ok()
    }
}

/// The fields of `/proc/<pid>/stat` that are used.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    dead: bool,
    ticks: u64,
    resident_pages: u64,
}

impl Stat {
    /// The name in parentheses is the command's to choose: it may hold spaces and parentheses, so fields are counted from
    /// the last one (proc_pid_stat(5)).
    fn parse(text: &str) -> Option<Stat> {
        let fields: Vec<&str> = text.get(text.rfind(')')? + 1..)?.split_ascii_whitespace().collect();
        let number = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
        let ticks = (11..=14).try_fold(0_u64, |sum, at| Some(sum.saturating_add(number(at)?)))?;
        Some(Stat { dead: matches!(*fields.first()?, "Z" | "X"), ticks, resident_pages: number(21)? })
    }
}

fn pss_kib(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("Pss:"))?.split_ascii_whitespace().next()?.parse().ok()
}

fn read_small(path: &str) -> Option<String> {
    let mut text = String::new();
    fs::File::open(path).ok()?.take(8_192).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_process_name_does_not_shift_the_fields() {
        let line =
            "7 (a) R 1 2) S 1 7 7 0 -1 4194304 1 2 3 4 50 60 7 8 20 0 1 0 99 1000 321 18446744073709551615 0";
        assert_eq!(Stat::parse(line), Some(Stat { dead: false, ticks: 125, resident_pages: 321 }));
    }

    #[test]
    fn the_rollup_gives_its_proportional_size() {
        assert_eq!(pss_kib("0-1 ---p 0 00:00 0 [rollup]\nRss:  10 kB\nPss:   7 kB\n"), Some(7));
        assert_eq!(pss_kib(""), None);
    }

    #[test]
    fn no_census_is_taken_in_the_machines_own_namespace() {
        if fs::read_link("/proc/self/ns/pid").unwrap().as_os_str() == FIRST_PID_NAMESPACE {
            assert!(Census::take(Stage::Test).is_err());
        }
    }
}
