//! The threats that Assay is held against, each a row with an id, and what became of its trials.
//!
//! A trial belongs to the rows that its name begins with: `t1_t8_…` is one of T1 and of T8. Nothing here knows what a trial
//! does; a row that no trial names, and a trial that names no row of the table, are failures.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use Held::{At, Waits};
use Place::{Cluster, Local, Suite};
use serde::{Deserialize, Serialize};

/// A threat.
#[derive(Debug)]
pub struct Row {
    /// Its id, a letter and a number.
    pub id: &'static str,
    /// What is tried, in a few words.
    pub threat: &'static str,
    /// Where it is held.
    pub held: Held,
}

/// Whether a row can be held yet.
#[derive(Debug)]
pub enum Held {
    /// By the trials of these places.
    At(&'static [Place]),
    /// It waits for this part of Assay.
    Waits(&'static str),
}

/// Where the trials of a row run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the local engine: trials of `tests/tests/hostile` that have its id.
    Local,
    /// On a cluster: trials of `tests/cluster/tests/hostile.rs` that have its id.
    Cluster,
    /// On a cluster: all trials of another suite there.
    Suite(&'static str),
}

const fn row(id: &'static str, threat: &'static str, held: Held) -> Row {
    Row { id, threat, held }
}

/// Every threat.
pub const ROWS: [Row; 54] = [
    row("I1", "ids and names that are templates, documents or control characters", At(&[Local])),
    row("I2", "an author who asks for host paths, privileges, patches or secrets", At(&[Local])),
    row("I3", "one submission handed in twice at once", At(&[Local, Cluster])),
    row("I4", "pods that Pod Security or the table of volumes would refuse", At(&[Local, Suite("table")])),
    row("I5", "a cluster that lacks what isolation rests on", At(&[Suite("doctor")])),
    row("S1", "a zip that is not the one that was announced", At(&[Local])),
    row("S2", "a zip that is swapped while it is taken in", At(&[Local])),
    row("S3", "names that lead out of the tree", At(&[Local])),
    row("S4", "links", At(&[Local])),
    row("S5", "special files and special bits", At(&[Local])),
    row("S6", "bombs", At(&[Local])),
    row("S7", "too many, too deep, too long", At(&[Local])),
    row("S8", "names that clash or mislead", At(&[Local])),
    row("S9", "zips that two readers would read differently", At(&[Local])),
    row("S10", "damaged, encrypted and exotic zips", At(&[Local])),
    row("S11", "nothing to grade", At(&[Local])),
    row("S12", "Setup killed or refused by storage at any write", At(&[Local])),
    row("S13", "files of the submission in place of the author's", At(&[Local])),
    row("V1", "a build that reads what it must not", At(&[Local, Cluster])),
    row("V2", "a build without end or measure", At(&[Local, Suite("jobs")])),
    row("V3", "a build that writes where it must not", At(&[Local, Cluster])),
    row("V4", "a process that outlives its stage", At(&[Local, Cluster])),
    row("T1", "a program that ends before anything is tested", At(&[Local, Cluster])),
    row("T2", "a test framework that is patched from inside", Waits("report mode")),
    row("T3", "forged results", At(&[Local, Cluster])),
    row("T4", "hidden cases that are told to the student", At(&[Local, Cluster])),
    row("T5", "exhaustion of processes, memory, disk, output, time", At(&[Local, Cluster])),
    row("T6", "the network", At(&[Local, Cluster])),
    row("T7", "tokens, environments, devices, sockets of the machine", At(&[Local, Cluster])),
    row("T8", "what the engine keeps beside a stage", At(&[Local, Cluster])),
    row("T9", "ways out of the confinement", At(&[Local, Cluster])),
    row("T10", "clocks that lie, and a child that dies in its parent's place", At(&[Local, Cluster])),
    row("T11", "trees that are hard to remove", At(&[Local, Cluster])),
    row("R1", "hostile XML", Waits("report mode")),
    row("R2", "reports that count wrongly", Waits("report mode")),
    row("R3", "hostile JSON where outcomes are kept", At(&[Local])),
    row("R4", "what is no regular file where outcomes are kept", At(&[Local, Cluster])),
    row("R5", "text that a terminal would obey", At(&[Local, Cluster])),
    row("R6", "text that a page or a log would obey", At(&[Local])),
    row("R7", "formulas in exported marks", Waits("the export of marks")),
    row("R8", "outcomes that are missing, cut, stale or of another job", At(&[Local])),
    row("R9", "points out of range", At(&[Local])),
    row("F1", "Results and Finalise killed at any write", At(&[Local])),
    row("F2", "private words in anything that a student gets", At(&[Local, Cluster])),
    row("F3", "forged and altered receipts", At(&[Local])),
    row("F4", "a signing key that is missing or of no use", At(&[Local])),
    row("F5", "links and other files where the student is told", At(&[Local])),
    row("F6", "a fault of the system after a good result", At(&[Local, Cluster])),
    row("O1", "pods and controllers that die", At(&[Suite("faults")])),
    row("O2", "a flood by one student", At(&[Local])),
    row("O3", "a backlog without measure", At(&[Local, Suite("queue")])),
    row("O4", "a machine that cannot isolate", At(&[Local])),
    row("O5", "an author's program against the author's machine", At(&[Local])),
    row("O6", "a verdict that depends on where it was found", At(&[Suite("jobs")])),
];

/// The rows that a trial's name begins with.
#[must_use]
pub fn rows_of(trial: &str) -> Vec<&'static Row> {
    let id = |part: &str| ROWS.iter().find(|row| row.id.eq_ignore_ascii_case(part));
    trial.rsplit('/').next().unwrap_or(trial).split('_').map_while(id).collect()
}

/// How the trials of one program ended.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Outcomes {
    /// Whether each trial that ran held.
    pub held: BTreeMap<String, bool>,
}

impl Outcomes {
    /// None yet.
    #[must_use]
    pub const fn new() -> Outcomes {
        Outcomes { held: BTreeMap::new() }
    }

    /// Notes that `trial` ran, and whether it held.
    pub fn note(&mut self, trial: &str, held: bool) {
        self.held.insert(trial.to_owned(), held);
    }

    /// Keeps them for [`summary`], as those of `program`.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn keep(&self, program: &str) -> io::Result<()> {
        fs::create_dir_all(folder())?;
        fs::write(file(program), serde_json::to_vec_pretty(self)?)
    }

    fn kept(program: &str) -> Outcomes {
        fs::read(file(program)).ok().and_then(|kept| serde_json::from_slice(&kept).ok()).unwrap_or_default()
    }

    /// How many of these trials held, and how many ran.
    fn count(&self, of: impl Fn(&str) -> bool) -> (usize, usize) {
        let ran: Vec<bool> = self.held.iter().filter(|(trial, _)| of(trial)).map(|(_, held)| *held).collect();
        (ran.iter().filter(|held| **held).count(), ran.len())
    }
}

/// Forgets what an earlier run of `program` kept.
pub fn forget(program: &str) {
    // There may be nothing to forget.
    let _absent = fs::remove_file(file(program));
}

/// The folder for outcomes: in the target folder, which goes with the build.
fn folder() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    let target = own.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    target.unwrap_or(Path::new(env!("CARGO_MANIFEST_DIR"))).join("hostile")
}

fn file(program: &str) -> PathBuf {
    folder().join(format!("{program}.json"))
}

impl Place {
    /// The program of which the outcomes count here.
    fn program(self) -> &'static str {
        match self {
            Local => "local",
            Cluster => "hostile",
            Suite(name) => name,
        }
    }

    fn outcome(self, row: &Row) -> (usize, usize) {
        let kept = Outcomes::kept(self.program());
        match self {
            Local | Cluster => kept.count(|trial| rows_of(trial).iter().any(|of| of.id == row.id)),
            Suite(_) => kept.count(|_| true),
        }
    }
}

/// A line a row: its id, where it ran, how it ended.
#[must_use]
pub fn summary() -> String {
    let mut lines = String::new();
    for row in &ROWS {
        let ended = match row.held {
            Waits(what) => format!("waits for {what}"),
            At(places) => places
                .iter()
                .map(|place| {
                    let name = match place {
                        Local => "local".to_owned(),
                        Cluster => "cluster".to_owned(),
                        Suite(name) => format!("cluster ({name})"),
                    };
                    match place.outcome(row) {
                        (_, 0) => format!("{name} not run"),
                        (held, ran) if held == ran => format!("{name} held ({ran})"),
                        (held, ran) => format!("{name} FAILED ({} of {ran})", ran - held),
                    }
                })
                .collect::<Vec<_>>()
                .join(", "),
        };
        // Writing to a string cannot fail.
        let _infallible = writeln!(lines, "{:<4} {:<66} {ended}", row.id, row.threat);
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_rows_have_one_id_and_most_are_held() {
        let ids: BTreeSet<&str> = ROWS.iter().map(|row| row.id).collect();
        assert_eq!(ids.len(), ROWS.len());
        assert!(ROWS.iter().filter(|row| matches!(row.held, At(_))).count() >= 42);
    }

    #[test]
    fn a_trial_belongs_to_the_rows_that_its_name_begins_with() {
        let ids = |trial| rows_of(trial).iter().map(|row| row.id).collect::<Vec<_>>();
        assert_eq!(ids("t1_t8_whoever_runs"), ["T1", "T8"]);
        assert_eq!(ids("strict/t10_clocks"), ["T10"]);
        assert!(ids("trusted_stages_confine_t1").is_empty());
    }
}
