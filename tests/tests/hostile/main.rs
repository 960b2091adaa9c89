//! The threats, tried on the whole program in the local engine. A trial's name begins with the rows that it is of; in the
//! end a line a row tells what became of them.

use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use assay_tests::threats::{self, Held, Outcomes, Place, ROWS};
use libtest_mimic::{Arguments, Trial};

/// Trials out of functions, each under its own name.
macro_rules! trials {
    ($($name:ident),* $(,)?) => {
        vec![$(crate::trial(stringify!($name), $name)),*]
    };
}

mod attacks;
#[expect(dead_code, reason = "the zips of the reader's own tests can lie in more ways than these do")]
#[path = "../../../stage-tools/untrusted/tests/zips/builder.rs"]
mod builder;
mod builds;
mod cases;
mod delivery;
mod evidence;
mod intake;
mod leaks;
mod limits;
mod machine;
mod queue;
mod rendered;
mod reruns;
mod zips;

/// As what the outcomes are kept.
const PROGRAM: &str = "local";

static OUTCOMES: Mutex<Outcomes> = Mutex::new(Outcomes::new());

/// A trial that fails where `run` panics.
fn trial(name: &'static str, run: fn()) -> Trial {
    Trial::test(name, move || {
        let held = std::panic::catch_unwind(run);
        // Whoever panicked elsewhere did not leave half of an outcome.
        OUTCOMES.lock().unwrap_or_else(PoisonError::into_inner).note(name, held.is_ok());
        held.map_err(|_| "it panicked, as told above".into())
    })
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = [
        attacks::trials(),
        builds::trials(),
        cases::trials(),
        delivery::trials(),
        evidence::trials(),
        intake::trials(),
        leaks::trials(),
        limits::trials(),
        machine::trials(),
        queue::trials(),
        rendered::trials(),
        reruns::trials(),
        zips::trials(),
    ]
    .into_iter()
    .flatten()
    .collect();
    trials.push(every_row_is_tried(&trials));
    if arguments.list {
        return libtest_mimic::run(&arguments, trials).exit_code();
    }
    threats::forget(PROGRAM);
    let conclusion = libtest_mimic::run(&arguments, trials);
    let kept = OUTCOMES.lock().unwrap_or_else(PoisonError::into_inner).keep(PROGRAM);
    print(&threats::summary());
    print(&attacks::said());
    kept.expect("outcomes can be kept in the target folder");
    conclusion.exit_code()
}

/// Every row that is held here has a trial.
fn every_row_is_tried(trials: &[Trial]) -> Trial {
    let named: Vec<&str> =
        trials.iter().flat_map(|trial| threats::rows_of(trial.name())).map(|row| row.id).collect();
    let here = |held: &Held| matches!(held, Held::At(places) if places.contains(&Place::Local));
    let (missing, stray): (Vec<_>, Vec<_>) = ROWS
        .iter()
        .filter(|row| here(&row.held) != named.contains(&row.id))
        .map(|row| row.id)
        .partition(|id| !named.contains(id));
    Trial::test("every_row_is_tried", move || {
        if missing.is_empty() && stray.is_empty() {
            return Ok(());
        }
        Err(format!("rows without a trial: {missing:?}; trials of rows that are not held here: {stray:?}")
            .into())
    })
}

#[expect(clippy::print_stdout, reason = "a test's harness speaks for itself")]
fn print(text: &str) {
    println!("{text}");
}
