//! Test: runs each case as a confined child; a case is durable before the next one starts.
//!
//! Runs as an untrusted user beside student code. It never sees expected outputs, names or points, and what it leaves is
//! not believed by anyone.

use std::io::Write;

use assay_contract::configuration::{TestCase, TestConfiguration, TestPlan};
use assay_contract::outcome::CaseOutcome;
use assay_contract::{API_VERSION, Digest, Exit, Stage, Volume, layout};

use crate::confine::{self, Census, Command, Ended, Kind};
use crate::documents::{Mounted, to_bytes};
use crate::error::StageError;
use crate::scratch;

/// Runs the stage. How the cases end does not matter to its exit code.
pub(crate) fn run() -> Result<Exit, StageError> {
    let stage = Stage::Test;
    let submission = Mounted::open(stage, Volume::Submission)?;
    let verification = Mounted::open(stage, Volume::Verification)?;
    let testing = Mounted::open(stage, Volume::Testing)?;
    let TestConfiguration { api_version: _, files, overlay, test: plan } = submission.read(layout::PLAN)?;
    let place = |content: &Digest| {
        let absent = || submission.error(Exit::DocumentDamaged, layout::PLAN, "it lacks a content's place");
        files.get(content).map(String::as_str).ok_or_else(absent)
    };
    let census = Census::take(stage)?;
    for (index, case) in plan.cases.iter().enumerate() {
        progress(index + 1, plan.cases.len());
        let outcome_path = format!("{}/{}", layout::case_dir(&case.id), layout::OUTCOME);
        // A stage that was killed and runs again goes on where it was.
        if testing.root.open_file(&outcome_path).is_ok() {
            continue;
        }
        let own = scratch::prepare(&testing, case.id.as_str(), &verification, layout::TREE)?;
        scratch::lay_over(&testing, &own, &overlay, &submission, place)?;
        let stdin = case.stdin.as_ref().map(place).transpose()?;
        let ended = confine::run(&command(case, &plan, &own, stdin), &census);
        // First of all: the case may have filled the volume.
        testing.clear(layout::SCRATCH)?;
        record(&testing, case, &ended)?;
    }
    Ok(Exit::Done)
}

fn command(case: &TestCase, plan: &TestPlan, own: &scratch::Own, stdin: Option<&str>) -> Command {
    let TestCase { id: _, run, stdin: _, limits } = case;
    Command {
        argv: run.clone(),
        own: own.path(),
        stdin: stdin.map(|path| format!("{}/{path}", Volume::Submission.path()).into()),
        env: plan.env.clone(),
        limits: *limits,
        network: plan.network,
        kind: Kind::Case,
    }
}

fn record(testing: &Mounted, case: &TestCase, ended: &Ended) -> Result<(), StageError> {
    let Ended { end, usage, stdout, stderr, confinement } = ended;
    let dir = layout::case_dir(&case.id);
    testing.replace(&format!("{dir}/{}", layout::STDOUT), stdout)?;
    testing.replace(&format!("{dir}/{}", layout::STDERR), stderr)?;
    testing.replace(layout::CONFINEMENT, &to_bytes(Stage::Test, confinement)?)?;
    let outcome = CaseOutcome {
        api_version: API_VERSION.into(),
        id: case.id.clone(),
        end: end.clone(),
        usage: *usage,
        stdout_bytes: stdout.len() as u64,
        stderr_bytes: stderr.len() as u64,
    };
    // The outcome last: a case without one did not run.
    testing.replace(&format!("{dir}/{}", layout::OUTCOME), &to_bytes(Stage::Test, &outcome)?)
}

/// Tells whoever follows the stage's log where it is.
fn progress(case: usize, cases: usize) {
    // A log that cannot be written must not stop the cases.
    let _closed = writeln!(std::io::stderr(), "case {case} of {cases}");
}
