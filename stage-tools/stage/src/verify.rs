//! Verify: checks required files and runs the author's build as a confined child.
//!
//! Runs as an untrusted user beside student code. It never sees answers, and what it leaves is not believed by anyone.

use assay_contract::configuration::{BuildPlan, JobConfiguration};
use assay_contract::outcome::{BuildEnd, BuildOutcome, Confinement, End, Usage};
use assay_contract::{API_VERSION, Exit, Stage, Volume, layout};

use crate::confine::{self, Census, Command, Kind};
use crate::documents::{Mounted, to_bytes};
use crate::error::StageError;
use crate::scratch;

/// Runs the stage.
///
/// A build that fails ends the stage with the submission's exit code, so that Test does not run; why it failed is in the
/// outcome.
pub(crate) fn run() -> Result<Exit, StageError> {
    let stage = Stage::Verify;
    let configuration = Mounted::open(stage, Volume::SetupConfiguration)?;
    let submission = Mounted::open(stage, Volume::Submission)?;
    let verification = Mounted::open(stage, Volume::Verification)?;
    let job: JobConfiguration = configuration.read(layout::JOB)?;

    verification.clear(layout::TREE)?;
    verification.clear(layout::OUTCOME)?;
    let own = scratch::prepare(&verification, "build", &submission, layout::TREE)?;

    let missing = missing_files(&submission, &job.required);
    let (end, log, usage, confinement) = match &job.build {
        _ if !missing.is_empty() => (BuildEnd::Missing(missing), Vec::new(), Usage::default(), None),
        None => (BuildEnd::Built, Vec::new(), Usage::default(), None),
        Some(plan) => build(plan, &own)?,
    };
    if let Some(confinement) = confinement {
        verification.replace(layout::CONFINEMENT, &to_bytes(stage, &confinement)?)?;
    }
    let end = match end {
        BuildEnd::Built => {
            let more = job.build.as_ref().map_or(0, |plan| plan.limits.disk_bytes);
            match scratch::keep(&verification, &own, layout::TREE, more)? {
                Ok(()) => BuildEnd::Built,
                Err(why) => BuildEnd::Unusable(why),
            }
        }
        failed => failed,
    };
    let built = end == BuildEnd::Built;
    verification.clear(layout::SCRATCH)?;
    verification.replace(layout::LOG, &log)?;
    let log_bytes = log.len() as u64;
    let outcome = BuildOutcome { api_version: API_VERSION.into(), end, usage, log_bytes };
    // The outcome last: what it speaks of is there when it is.
    verification.replace(layout::OUTCOME, &to_bytes(stage, &outcome)?)?;
    Ok(if built { Exit::Done } else { Exit::SubmissionRefused })
}

fn missing_files(submission: &Mounted, required: &[String]) -> Vec<String> {
    let there = |path: &&String| submission.root.open_file(format!("{}/{path}", layout::TREE)).is_ok();
    required.iter().filter(|path| !there(path)).cloned().collect()
}

type Built = (BuildEnd, Vec<u8>, Usage, Option<Confinement>);

fn build(plan: &BuildPlan, own: &scratch::Own) -> Result<Built, StageError> {
    let census = Census::take(Stage::Verify)?;
    let BuildPlan { run, limits, env, network } = plan;
    let command = Command {
        argv: run.clone(),
        own: own.path(),
        stdin: None,
        env: env.clone(),
        limits: *limits,
        network: *network,
        kind: Kind::Build,
    };
    let ended = confine::run(&command, &census);
    // Before anything is written or read: the build may have closed the way there.
    own.reopen();
    let end = match ended.end {
        End::Exited(0) => BuildEnd::Built,
        other => BuildEnd::Failed(other),
    };
    let mut log = ended.stdout;
    log.extend_from_slice(&ended.stderr);
    Ok((end, log, ended.usage, Some(ended.confinement)))
}
