//! What the tests on a cluster share: the cluster that they may use, `kubectl`, `assay`, and jobs.
//!
//! A test talks to the cluster as its users do, through programs. It never uses a cluster that was not named for tests:
//! [`run`] takes `ASSAY_TEST_KUBECONFIG` and nothing else, and reports every test as ignored where that is not set.

#![forbid(unsafe_code)]

mod bed;
pub mod broken;
pub mod faults;
mod forward;
mod job;
mod kubectl;
mod program;
mod queue;
pub mod report;
mod server;
mod staff;

pub use bed::Bed;
pub use forward::Forward;
pub use job::{Ended, Job};
pub use kubectl::Kubectl;
pub use program::Outcome;
pub use queue::{Queue, Zip};
pub use server::{Answer, Server};
pub use staff::Tutor;

use std::sync::{Mutex, PoisonError};

use assay_tests::threats::{self, Outcomes};
use libtest_mimic::{Arguments, Failed, Trial};

/// Which variable names the cluster that tests may use.
pub const KUBECONFIG: &str = "ASSAY_TEST_KUBECONFIG";

/// How the tests of this program ended: rows of the threats rest on them.
static OUTCOMES: Mutex<Outcomes> = Mutex::new(Outcomes::new());

/// A test of `check`, under `name`.
///
/// Why it fails is said at once: the harness says it when all have ended, and a run may be broken off before.
pub fn trial(name: impl Into<String>, check: impl FnOnce() -> Result<(), String> + Send + 'static) -> Trial {
    let name = name.into();
    Trial::test(name.clone(), move || {
        let held = check();
        OUTCOMES.lock().unwrap_or_else(PoisonError::into_inner).note(&name, held.is_ok());
        held.map_err(|why| {
            note(&format!("{name}: {why}"));
            Failed::without_message()
        })
    })
}

/// Runs the tests that `make` lists, where there is a cluster for them.
///
/// `make` is called without a cluster too, so it must not need one.
pub fn run(make: impl FnOnce() -> Vec<Trial>) {
    let arguments = Arguments::from_args();
    let mut trials = make();
    if std::env::var_os(KUBECONFIG).is_none() {
        trials = trials.into_iter().map(|trial| trial.with_ignored_flag(true)).collect();
        if !arguments.list {
            note(&format!("{KUBECONFIG} names no cluster for tests; `just test-cluster` does"));
        }
    }
    let tried = std::env::var_os(KUBECONFIG).is_some() && !arguments.list;
    if tried {
        threats::forget(&program());
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if tried && let Err(error) = OUTCOMES.lock().unwrap_or_else(PoisonError::into_inner).keep(&program()) {
        note(&format!("how the tests ended cannot be kept: {error}"));
    }
    conclusion.exit();
}

/// The name of this program of tests, as Cargo.toml has it.
fn program() -> String {
    let own = std::env::current_exe().unwrap_or_default();
    let stem = own.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    stem.rsplit_once('-').map_or(stem.clone(), |(name, _hash)| name.to_owned())
}

#[expect(clippy::print_stderr, reason = "a test's harness speaks for itself")]
fn note(text: &str) {
    eprintln!("{text}");
}
