//! What the tests on a cluster share: the cluster that they may use, `kubectl`, `assay`, and jobs.
//!
//! A test talks to the cluster as its users do, through programs. It never uses a cluster that was not named for tests:
//! [`run`] takes `ASSAY_TEST_KUBECONFIG` and nothing else, and reports every test as ignored where that is not set.

#![forbid(unsafe_code)]

mod bed;
pub mod broken;
pub mod faults;
mod job;
mod kubectl;
mod program;
pub mod report;
mod server;
mod staff;

pub use bed::Bed;
pub use job::{Ended, Job};
pub use kubectl::Kubectl;
pub use program::Outcome;
pub use server::{Answer, Server};
pub use staff::Tutor;

use libtest_mimic::{Arguments, Failed, Trial};

/// Which variable names the cluster that tests may use.
pub const KUBECONFIG: &str = "ASSAY_TEST_KUBECONFIG";

/// A test of `check`, under `name`.
///
/// Why it fails is said at once: the harness says it when all have ended, and a run may be broken off before.
pub fn trial(name: impl Into<String>, check: impl FnOnce() -> Result<(), String> + Send + 'static) -> Trial {
    let name = name.into();
    Trial::test(name.clone(), move || {
        check().map_err(|why| {
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
    libtest_mimic::run(&arguments, trials).exit();
}

#[expect(clippy::print_stderr, reason = "a test's harness speaks for itself")]
fn note(text: &str) {
    eprintln!("{text}");
}
