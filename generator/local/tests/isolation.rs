//! Runs whole jobs with a tool that stands in for `assay-stage`, as root and as an ordinary user, and looks at what
//! each stage could see and at what is left.

#[path = "support/cases.rs"]
mod cases;
#[path = "support/child.rs"]
mod child;
#[path = "support/stage.rs"]
mod stage;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    // Before anything else, as every program that uses the engine does.
    if let Some(code) = assay_local::enter() {
        return code;
    }
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|first| first == child::FLAG) {
        return child::run_job(&arguments[2..]);
    }
    let who = stage::Who::all();
    let mut trials = Vec::new();
    for who in who {
        for (name, case) in cases::ALL {
            let name = format!("{name}::as_{}", who.name());
            trials.push(Trial::test(name, move || {
                case(who);
                Ok(())
            }));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
