//! `assay-stage`: what runs in the pods of a job.
//!
//! One subcommand a stage, and one a duty of an administrative pod. `main` parses, calls one function and prints once; exit codes are `assay_contract::Exit`.

mod administration;
mod args;
mod confine;
mod documents;
mod error;
mod finalise;
mod key;
mod probe;
mod results;
mod scratch;
mod setup;
mod test;
mod verify;

use std::process::ExitCode;

use assay_contract::{Duty, Exit, Stage};
use error::StageError;

fn main() -> ExitCode {
    let args: Vec<String> =
        std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    if let [name, order] = args.as_slice()
        && name == confine::SUBCOMMAND
    {
        return confine::become_command(order);
    }
    if let [name, words @ ..] = args.as_slice()
        && name == assay_contract::probe::SUBCOMMAND
    {
        return probe::run(words);
    }
    if let [name, snapshots] = args.as_slice()
        && name == setup::UNPACK
    {
        return setup::unpack(snapshots);
    }
    if !confine::HARDENED {
        say(&format!("warning: {}", assay_contract::hardening::NONE));
    }
    match run(&args) {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(error) => {
            report(&error);
            ExitCode::from(error.exit.code())
        }
    }
}

fn run(args: &[String]) -> Result<Exit, StageError> {
    let [name, facts @ ..] = args else { return Err(StageError::usage(USAGE)) };
    match Stage::from_id(name) {
        Some(Stage::Setup) => setup::run(&args::JobFacts::parse(facts)?),
        Some(Stage::Verify) => args::none(Stage::Verify, facts).and_then(|()| verify::run()),
        Some(Stage::Test) => args::none(Stage::Test, facts).and_then(|()| test::run()),
        Some(Stage::Results) => results::run(&args::ResultsFacts::parse(facts)?),
        Some(Stage::Finalise) => finalise::run(&args::FinaliseFacts::parse(facts)?),
        None => match Duty::from_id(name) {
            Some(duty) => administration::run(duty, facts),
            None => {
                Err(StageError::usage(format!("unknown stage or duty `{}`", name.escape_debug())).hint(USAGE))
            }
        },
    }
}

const USAGE: &str = "assay-stage setup|verify|test|results|finalise, each with the facts that its stage is told; or \
     publish|hand-in|read|sweep, with a request on standard input";

#[expect(clippy::print_stderr, reason = "main alone prints")]
fn report(error: &StageError) {
    eprintln!("error: {error}");
}

/// Something that does not stop the stage, for whoever reads its log.
fn warn(warning: &StageError) {
    say(&format!("warning: {warning}"));
}

/// A line for whoever reads the stage's log.
#[expect(clippy::print_stderr, reason = "the stage's log is its standard error")]
fn say(line: &str) {
    eprintln!("{line}");
}
