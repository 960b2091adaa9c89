//! Lays out what Verify and Test need: the unpacked submission with the author's files over it, the plan, the inputs and
//! the stage tool itself.

use std::fs::File;
use std::io::Read as _;

use assay_contract::configuration::{Configuration, JobConfiguration, OverlayFile, TestConfiguration};
use assay_contract::{API_VERSION, Digest, Exit, layout};
use assay_untrusted::zip;

use super::rules::{self, Refusal};
use super::snapshot::Snapshot;
use super::{STAGE, Volumes};
use crate::args::JobFacts;
use crate::documents::{CONTENT_CAP, Mounted, to_bytes};
use crate::error::StageError;

/// Lays out the job; a zip that is refused leaves nothing of itself.
pub(super) fn lay_out(
    facts: &JobFacts,
    snapshot: &Snapshot,
    configuration: &Configuration,
    volumes: &Volumes,
) -> Result<Result<(), Refusal>, StageError> {
    let submission = &volumes.submission;
    let rules = &configuration.rules;
    // A job that was killed here and runs again starts from nothing.
    submission.clear(layout::TREE)?;
    let budget = zip::Budget::new(rules.unpacked_bytes, u64::from(rules.files));
    let unpacked = match zip::unpack(&snapshot.zip, &submission.root, layout::TREE, &budget) {
        Ok(unpacked) => unpacked,
        Err(zip::Failure::Refused(refusal)) => {
            return Ok(Err(Refusal::new(refusal.code(), refusal.to_string())));
        }
        Err(zip::Failure::Failed(error)) => return Err(submission.error(Exit::Io, layout::TREE, error)),
    };
    let allowed = rules::allow_list(rules)
        .map_err(|error| volumes.configuration.error(Exit::DocumentDamaged, layout::CONFIGURATION, error))?;
    let names = unpacked.files.iter().map(|file| file.path.as_str());
    if let Err(refusal) = rules::judge_names(rules, allowed.as_ref(), names) {
        submission.clear(layout::TREE)?;
        return Ok(Err(refusal));
    }

    let files = format!("{}/{}", layout::revision_dir(&facts.assignment, &facts.revision), layout::FILES);
    for file in &configuration.overlay {
        overlay(file, &volumes.configuration, &files, submission)?;
    }
    let inputs = configuration.test.cases.iter().filter_map(|case| case.stdin.as_ref());
    for digest in inputs.chain(configuration.overlay.iter().map(|file| &file.content)) {
        let bytes = content(&volumes.configuration, &files, digest)?;
        submission.replace(&format!("{}/{digest}", layout::FILES), &bytes)?;
    }
    bring_tool(&volumes.tool, submission)?;
    let test = TestConfiguration {
        api_version: API_VERSION.into(),
        overlay: configuration.overlay.clone(),
        test: configuration.test.clone(),
    };
    submission.replace(layout::PLAN, &to_bytes(STAGE, &test)?)?;
    let job = JobConfiguration {
        api_version: API_VERSION.into(),
        required: rules.required.clone(),
        build: configuration.build.clone(),
    };
    volumes.job.replace(layout::JOB, &to_bytes(STAGE, &job)?)?;
    Ok(Ok(()))
}

/// A file of the assignment, by its SHA-256, which is checked.
fn content(configuration: &Mounted, files: &str, digest: &Digest) -> Result<Vec<u8>, StageError> {
    let path = format!("{files}/{digest}");
    let bytes = configuration.read_bytes(&path, CONTENT_CAP)?;
    if crate::documents::digest(STAGE, &bytes)? == *digest {
        Ok(bytes)
    } else {
        Err(configuration.error(Exit::DocumentDamaged, &path, "its content is not what its name says"))
    }
}

/// Lays one of the author's files over the submission. It wins: whatever of the student's is in its way is removed.
fn overlay(
    file: &OverlayFile,
    configuration: &Mounted,
    files: &str,
    submission: &Mounted,
) -> Result<(), StageError> {
    let OverlayFile { path, content: digest, executable } = file;
    let bytes = content(configuration, files, digest)?;
    let target = format!("{}/{path}", layout::TREE);
    let mode = if *executable { 0o755 } else { 0o644 };
    submission
        .root
        .lay_over(&target, &bytes, mode)
        .map_err(|error| submission.error(Exit::Io, &target, error))
}

/// Any image can run Verify and Test because they run this very program.
fn bring_tool(mut tool: &File, submission: &Mounted) -> Result<(), StageError> {
    let failed = |error: &dyn std::fmt::Display| submission.error(Exit::Io, layout::TOOL, error);
    let mut own = Vec::new();
    tool.read_to_end(&mut own).map_err(|error| failed(&error))?;
    submission.folders_of(layout::TOOL)?;
    submission.root.replace(layout::TOOL, &own, 0o755).map_err(|error| failed(&error))
}
