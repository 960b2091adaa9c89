//! The trusted stages by hand: the stage tool and the volumes that a run left, in a root of their own, so that a script can
//! stop a stage between any two of its writes, refuse it what it asks for, and leave things in its way.
//!
//! Scripts never see this machine's own volumes or keys, and run as root of a user namespace that holds nothing else.

use std::fs;
use std::path::Path;
use std::process::Command;

use assay_contract::Exit;
use tempfile::TempDir;

use crate::bench::{Bench, Kept};
use crate::program::Who;

/// A job of two cases, of which its submission passes the first.
const ASSIGNMENT: &str = r#"
schedule: {zone: UTC, opens: 2026-01-01 00:00, due: 2030-01-01 00:00}
test:
  mode: sealed
  run: sh main.sh
  cases:
    - {name: one, stdin: "", stdout: one, points: 1}
    - {name: two, stdin: "", stdout: two, points: 2}
"#;

/// What may be handed in.
const RULES: &str = r#"required: [main.sh], allowed: ["*.sh"], size: 1Mi, attempts: 3"#;

/// What every script begins with: the volumes, the stages as functions, and ways to assert.
const PREAMBLE: &str = include_str!("stages.sh");

/// A job that was run, and its volumes.
#[derive(Debug)]
pub struct Stages {
    kept: Kept,
}

impl Stages {
    /// Runs a job that earns 1 of 3 points.
    ///
    /// # Panics
    /// If it does not.
    #[must_use]
    #[track_caller]
    pub fn of_a_job() -> Stages {
        Stages::of_a_job_under(RULES)
    }

    /// The same, with other rules for what may be handed in.
    ///
    /// # Panics
    /// If it does not.
    #[must_use]
    #[track_caller]
    pub fn of_a_job_under(rules: &str) -> Stages {
        let bench = Bench::new(Who::Caller, &format!("submit: {{{rules}}}\n{ASSIGNMENT}"));
        let submission = bench.submission("partly", "main.sh", "echo one\n");
        let (finished, kept) = bench.attempt_and_keep(&submission, &["--at", "2026-06-01 00:00"]);
        finished.ended(Exit::Done).graded("wrong-output", 1.0);
        Stages { kept }
    }

    /// A job that was run before, of the assignment `tests/engine` and handed in when the others are.
    #[must_use]
    pub fn of(kept: Kept) -> Stages {
        Stages { kept }
    }

    /// Runs `script` on a copy of the volumes; nothing has been signed there.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn script(&self, script: &str) {
        self.script_given(&[], script);
    }

    /// The same, with these files as `/given/NAME`.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn script_given(&self, given: &[(&str, &Path)], script: &str) {
        self.script_leaving(given, script);
    }

    /// The same; what it put into `/left` comes back.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn script_leaving(&self, given: &[(&str, &Path)], script: &str) -> TempDir {
        let left = tempfile::tempdir().expect("a temporary folder can be made");
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join("script");
        fs::write(&file, format!("{PREAMBLE}\n{script}\n")).expect("a script can be written");
        for (name, path) in given {
            std::os::unix::fs::symlink(path, folder.path().join(name)).expect("a link can be made");
        }
        let output = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "--uts", "bash"])
            .arg(&file)
            .env("KEPT", self.kept.path())
            .env("LEFT", left.path())
            .output()
            .expect("unshare is part of every Linux");
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{:?}: {said}", output.status);
        left
    }

    /// Runs `script` after all stages; `$first` holds the sums of all that may exist once.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn after_all(&self, script: &str) {
        self.script(&format!("setup; results; finalise\nfirst=\"$(sums)\"\n{script}"));
    }

    /// The same, and all that may exist once is then as it was.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn converges(&self, script: &str) {
        self.after_all(&format!("{script}\nsame \"$first\" \"$(sums)\" 'what may exist once'"));
    }
}
