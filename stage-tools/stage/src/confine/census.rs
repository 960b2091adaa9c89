//! Who lives in this stage's pid namespace.
//!
//! The stage and the engine's own first process are known; everybody else belongs to the command. That holds only in a
//! pid namespace that is the stage's own, so a census refuses to be taken anywhere else: the kill at the end of a
//! command reaches every process that the census does not know.

use std::fs;
use std::io::{self, Read};
use std::time::{Duration, Instant};

use assay_contract::{Exit, Stage};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::ledger::Ledger;
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
    /// Their resident memory, pages that they share counted for each, and the kernel's tables of their pages.
    pub(super) memory_bytes: u64,
    /// CPU time that they and their reaped children used.
    pub(super) cpu: Duration,
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
        // Where another process is the first of the namespace, orphans of a command come to this one all the same.
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
            .map_err(|e| refuse(format!("cannot collect orphans: {e}")))?;
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

    /// The command's processes that are alive.
    pub(super) fn alive(&self) -> io::Result<Vec<Alive>> {
        let alive = |pid| stat_of(&place(pid)).and_then(|stat| Alive::of(pid, stat));
        Ok(self.pids()?.into_iter().filter_map(alive).collect())
    }

    /// Whether any process of the command is left, dead ones that nobody has collected included.
    pub(super) fn is_empty(&self) -> io::Result<bool> {
        self.pids().map(|pids| pids.is_empty())
    }

    /// What the command's processes use now. Processes that end while they are looked at count as gone.
    pub(super) fn sample(&self, ledger: &mut Ledger) -> io::Result<Sample> {
        let mut sample = Sample::default();
        let mut used = Vec::new();
        for pid in self.pids()? {
            let Some(stat) = stat_of(&place(pid)) else { continue };
            used.push(((pid, stat.start), self.own_time(pid, &stat), stat.running));
            sample.cpu = sample.cpu.saturating_add(self.time(stat.ticks));
            if let Some(alive) = Alive::of(pid, stat) {
                sample.processes += 1;
                sample.memory_bytes = sample.memory_bytes.saturating_add(self.memory(&alive));
            }
        }
        ledger.enter(Instant::now(), used);
        Ok(sample)
    }

    /// The CPU time of the process itself. While it is short, that of its first thread is known better than in ticks.
    fn own_time(&self, pid: i32, stat: &Stat) -> Duration {
        let in_ticks = self.time(stat.own_ticks);
        if stat.own_ticks >= FEW_TICKS {
            return in_ticks;
        }
        let of_first = read_small(&format!("{}/schedstat", place(pid))).as_deref().and_then(first_number);
        in_ticks.max(Duration::from_nanos(of_first.unwrap_or(0)))
    }

    /// The resident memory of all the command's processes, pages that they share counted once; slower than a sample.
    ///
    /// A process can forbid to be looked at so closely; then all of its pages count.
    pub(super) fn proportional_memory(&self) -> io::Result<u64> {
        let memory = |pid: i32| {
            let Some(alive) = stat_of(&place(pid)).and_then(|stat| Alive::of(pid, stat)) else { return 0 };
            let rollup = read_small(&format!("{}/smaps_rollup", alive.place));
            let shared_once = rollup.as_deref().and_then(|rollup| kib(rollup, "Pss:"));
            match shared_once {
                Some(kib) => kib.saturating_mul(1_024).saturating_add(alive.page_tables()),
                None => self.memory(&alive),
            }
        };
        Ok(self.pids()?.into_iter().fold(0, |sum, pid| sum.saturating_add(memory(pid))))
    }

    fn memory(&self, alive: &Alive) -> u64 {
        alive.stat.resident_pages.saturating_mul(self.page_bytes).saturating_add(alive.page_tables())
    }

    fn time(&self, ticks: u64) -> Duration {
        Duration::from_millis(ticks.saturating_mul(1_000) / self.ticks_per_second)
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

/// Up to this CPU time a process is looked at more closely, which costs another file.
const FEW_TICKS: u64 = 10;
/// Tables up to this size are not looked up, which costs another file for each process.
const SMALL_TABLES: u64 = 1 << 20;

/// A process that is alive.
#[derive(Debug)]
pub(super) struct Alive {
    /// The folder of `/proc` that tells of its memory and its descriptors.
    pub(super) place: String,
    stat: Stat,
}

impl Alive {
    /// The process `pid`, of which `stat` was read; `None` if it is dead.
    ///
    /// Where the first thread has ended and others have not, the process looks dead and empty by its own folder.
    fn of(pid: i32, stat: Stat) -> Option<Alive> {
        if !stat.dead {
            return Some(Alive { place: place(pid), stat });
        }
        if stat.threads < 2 {
            return None;
        }
        let threads = fs::read_dir(format!("{}/task", place(pid))).ok()?;
        threads.flatten().find_map(|thread| {
            let place = thread.path().to_str()?.to_owned();
            let stat = stat_of(&place).filter(|stat| !stat.dead)?;
            Some(Alive { place, stat })
        })
    }

    /// What the kernel's tables of its pages take, in bytes. Pages that were only read are the zero page and nobody's, so a
    /// process can have large tables and nothing else.
    fn page_tables(&self) -> u64 {
        // A table of 4 KiB stands for 2 MiB of addresses.
        if self.stat.address_bytes / 512 <= SMALL_TABLES {
            return 0;
        }
        let status = read_small(&format!("{}/status", self.place));
        status.as_deref().and_then(|status| kib(status, "VmPTE:")).unwrap_or(0).saturating_mul(1_024)
    }
}

fn place(pid: i32) -> String {
    format!("/proc/{pid}")
}

fn stat_of(place: &str) -> Option<Stat> {
    read_small(&format!("{place}/stat")).as_deref().and_then(Stat::parse)
}

/// The fields of `/proc/<pid>/stat` that are used.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    /// Whether the process, or at least its first thread, has ended.
    dead: bool,
    /// Whether it runs or waits for a processor.
    running: bool,
    /// CPU time of the process itself.
    own_ticks: u64,
    /// The same with that of the children that it collected.
    ticks: u64,
    /// Its threads, the first one included even when it has ended.
    threads: u64,
    /// When it started, since the machine did.
    start: u64,
    /// How many addresses it has mapped, whether there is anything behind them or not.
    address_bytes: u64,
    resident_pages: u64,
}

impl Stat {
    /// The name in parentheses is the command's to choose, and may be any bytes: spaces, parentheses, no UTF-8. What
    /// follows its last parenthesis is the kernel's (proc_pid_stat(5)).
    fn parse(bytes: &[u8]) -> Option<Stat> {
        let after_name = bytes.iter().rposition(|byte| *byte == b')')? + 1;
        let fields: Vec<&str> =
            std::str::from_utf8(bytes.get(after_name..)?).ok()?.split_ascii_whitespace().collect();
        let number = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
        let state = *fields.first()?;
        let own_ticks = number(11)?.saturating_add(number(12)?);
        let of_children = number(13)?.saturating_add(number(14)?);
        Some(Stat {
            dead: matches!(state, "Z" | "X"),
            running: state == "R",
            own_ticks,
            ticks: own_ticks.saturating_add(of_children),
            threads: number(17)?,
            start: number(19)?,
            address_bytes: number(20)?,
            resident_pages: number(21)?,
        })
    }
}

/// The number behind `name` in a file of `/proc` that has a line a field.
fn kib(bytes: &[u8], name: &str) -> Option<u64> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().find_map(|line| line.strip_prefix(name))?.split_ascii_whitespace().next()?.parse().ok()
}

/// The first number of a file that has several in a line.
fn first_number(bytes: &[u8]) -> Option<u64> {
    std::str::from_utf8(bytes).ok()?.split_ascii_whitespace().next()?.parse().ok()
}

fn read_small(path: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(8_192).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_process_name_neither_shifts_the_fields_nor_hides_the_process() {
        for name in [&b"a) R 1 2"[..], b"\xff\xfe", b"", b"\n"] {
            let mut line = b"7 (".to_vec();
            line.extend_from_slice(name);
            line.extend_from_slice(
                b") S 1 7 7 0 -1 4194304 1 2 3 4 50 60 7 8 20 0 1 0 99 1000 321 18446744073709551615 0",
            );
            let stat = Stat {
                dead: false,
                running: false,
                own_ticks: 110,
                ticks: 125,
                threads: 1,
                start: 99,
                address_bytes: 1_000,
                resident_pages: 321,
            };
            assert_eq!(Stat::parse(&line), Some(stat), "{name:?}");
        }
    }

    #[test]
    fn the_rollup_gives_its_proportional_size() {
        assert_eq!(kib(b"0-1 ---p 0 00:00 0 [rollup]\nRss:  10 kB\nPss:   7 kB\n", "Pss:"), Some(7));
        assert_eq!(kib(b"", "Pss:"), None);
        // The name of a program cannot begin a line.
        assert_eq!(kib(b"Name:\tVmPTE: 0\\nVmPTE: 0\nVmPTE:\t  512 kB\n", "VmPTE:"), Some(512));
    }

    #[test]
    fn no_census_is_taken_in_the_machines_own_namespace() {
        if fs::read_link("/proc/self/ns/pid").unwrap().as_os_str() == FIRST_PID_NAMESPACE {
            assert!(Census::take(Stage::Test).is_err());
        }
    }
}
