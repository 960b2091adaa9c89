//! A run that is killed at any moment leaves no process, no mount and no file, and the next one works.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Child;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use assay_contract::Digest;
use assay_tests::bench::{Bench, finish};
use assay_tests::machine::{Process, eventually, mounts, processes_with, started_by};
use assay_tests::program::Who;
use rustix::process::{Pid, Signal, kill_process};

/// How many moments are tried, from the start of a run to past the end of an ordinary one.
const MOMENTS: u32 = 40;

const SOLUTION: &str = r#"
#include <stdio.h>
int main(void) { puts("done"); return 0; }
"#;

const LOOPS: &str = "int main(void) { for (;;) {} }\n";

/// Always some processes, each in a session of its own and deaf to polite signals.
const FORKS: &str = r#"
#include <signal.h>
#include <unistd.h>
int main(void) {
    signal(SIGHUP, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        if (fork() == 0) {
            setsid();
            usleep(200000);
            _exit(0);
        }
        usleep(2000);
    }
}
"#;

struct Killed {
    bench: Bench,
    marker: String,
}

impl Killed {
    fn new(who: Who) -> Killed {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let marker = format!("marker-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        // The marker is on the command line or in the environment of every process of the student's.
        let mut assignment = format!(
            "submit: {{required: [main.c], allowed: [\"*.c\"], size: 1Mi}}
schedule: {{zone: UTC, due: 2026-03-16 12:00}}
build:
  run: gcc -o main main.c
  env: {{MARKER: {marker}}}
test:
  mode: sealed
  run: ./main {marker}
  env: {{MARKER: {marker}}}
  limits: {{cpu: 60s, wall: 120s, processes: 1000}}
  cases:
"
        );
        for n in 1..=4 {
            let _ = writeln!(assignment, "    - {{name: number {n}, stdout: done, points: 1}}");
        }
        assignment.push_str("samples: {submissions/solution: 4}\n");
        let bench = Bench::new(who, &assignment);
        for (name, text) in [("solution", SOLUTION), ("loops", LOOPS), ("forks", FORKS)] {
            bench.submission(name, "main.c", text);
        }
        Killed { bench, marker }
    }

    fn submission(&self, name: &str) -> PathBuf {
        self.bench.submitted(name)
    }

    fn start(&self, name: &str) -> Child {
        let args = self.bench.try_args(&self.submission(name), &[]);
        self.bench.command(&[], args).spawn().expect("the program can be started")
    }

    /// The id of the job that runs `name`; the engine's own processes have it on their command line.
    fn job(&self, name: &str) -> String {
        let refused = self.bench.attempt(&self.submission(name), &["--at", "2026-03-17 12:00"]);
        let document = refused.document();
        let digest = document["digest"].as_str().expect("a submission has a digest");
        format!("try-{}", Digest::new(digest).expect("it is one").short())
    }

    /// Kills runs of `name` by `signal` at moments up to a little after `whole`; gives how many were cut short.
    fn at_many_moments(&self, name: &str, signal: Signal, whole: Duration) -> u32 {
        let (files, mounted) = (self.bench.listing(), mounts());
        let job = self.job(name);
        let mut cut_short = 0;
        let mut ever_started = false;
        for moment in 0..MOMENTS {
            let child = self.start(name);
            thread::sleep(whole * 5 / 4 * moment / MOMENTS);
            let pid = Pid::from_child(&child);
            let started = started_by(child.id());
            ever_started |= started.len() >= 3 && !processes_with(&[&self.marker]).is_empty();
            // It may be over; as long as nobody has waited for it, its id is still its own.
            kill_process(pid, signal).expect("it can be signalled");
            let finished = finish(child);
            cut_short += u32::from(finished.code.is_none());
            let alive = || started.iter().copied().filter(Process::is_alive).collect::<Vec<_>>();
            eventually(&format!("{name} {signal:?} {moment}: what it started"), alive, Vec::is_empty);
            // What it started after that look.
            let left = || processes_with(&[&self.marker, &job]);
            eventually(&format!("{name} {signal:?} {moment}: processes"), left, Vec::is_empty);
            assert_eq!(self.bench.listing(), files, "{name} {signal:?} {moment}: files");
            assert_eq!(mounts(), mounted, "{name} {signal:?} {moment}: mounts");
        }
        assert!(
            ever_started,
            "{name} {signal:?}: no look found engine and program running, so none could miss them"
        );
        cut_short
    }
}

fn leaves_nothing(who: Who, signal: Signal) {
    let killed = Killed::new(who);
    let started = Instant::now();
    killed.bench.grades_a_good_one();
    let whole = started.elapsed();
    for name in ["solution", "loops", "forks"] {
        let cut_short = killed.at_many_moments(name, signal, whole);
        let endless = name != "solution";
        assert!(cut_short == MOMENTS || (!endless && cut_short > 0), "{name}: {cut_short} were cut short");
    }
    killed.bench.grades_a_good_one();
}

#[test]
fn sigkill_at_any_moment_leaves_nothing() {
    for who in Who::all() {
        leaves_nothing(*who, Signal::KILL);
    }
}

#[test]
fn sigterm_at_any_moment_leaves_nothing() {
    for who in Who::all() {
        leaves_nothing(*who, Signal::TERM);
    }
}

#[test]
fn sigint_at_any_moment_leaves_nothing() {
    for who in Who::all() {
        leaves_nothing(*who, Signal::INT);
    }
}
