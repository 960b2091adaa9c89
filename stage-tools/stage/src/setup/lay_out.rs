//! Lays out what Verify and Test need: the unpacked submission with the author's files over it, the plan, the inputs and
//! the stage tool itself.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;

use assay_contract::configuration::{Configuration, JobConfiguration, OverlayFile, TestConfiguration};
use assay_contract::result::Refusal;
use assay_contract::{API_VERSION, Digest, Exit, Oddity, OddityCode, layout};

use assay_rules as rules;
use super::unpacker::{Unpacked, Unpacker};
use super::{STAGE, Volumes};
use crate::args::JobFacts;
use crate::documents::{CONTENT_CAP, Mounted, to_bytes};
use crate::error::StageError;

/// How many names are told to tutors, and how much of each, in characters.
const NAMED: usize = 10;
const NAME_CHARS: usize = 100;

/// Lays out the job, each content at its `place`, and tells what was odd about the submission; a zip that is refused leaves
/// nothing of itself.
pub(super) fn lay_out(
    facts: &JobFacts,
    unpacker: Unpacker,
    place: impl Fn(&Digest) -> String,
    configuration: &Configuration,
    volumes: &Volumes,
) -> Result<Result<Vec<Oddity>, Refusal>, StageError> {
    let submission = &volumes.submission;
    let rules = &configuration.rules;
    // A job that was killed here and runs again starts from nothing.
    submission.clear(layout::TREE)?;
    let dir = layout::snapshots_dir(&facts.assignment, &facts.student);
    let snapshot = format!("{dir}/{}", layout::snapshot(&facts.job));
    let unpacking = unpacker.begin(snapshot, rules)?;
    // Meanwhile: this may be read now, and not written, since the process that unpacks could change it.
    let tool = read_tool(&volumes.tool, submission)?;
    let unpacked = match unpacking.finish(rules, &volumes.raw, submission)? {
        Ok(unpacked) => unpacked,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let allowed = rules::allow_list(rules)
        .map_err(|error| volumes.configuration.error(Exit::DocumentDamaged, layout::CONFIGURATION, error))?;
    let names = unpacked.files.iter().map(String::as_str);
    if let Err(refusal) = rules::judge_names(rules, allowed.as_ref(), names) {
        submission.clear(layout::TREE)?;
        return Ok(Err(refusal));
    }

    let files = format!("{}/{}", layout::revision_dir(&facts.assignment, &facts.revision), layout::FILES);
    for file in &configuration.overlay {
        overlay(file, &volumes.configuration, &files, submission)?;
    }
    let inputs = configuration.test.cases.iter().filter_map(|case| case.stdin.as_ref());
    let mut places = BTreeMap::new();
    for digest in inputs.chain(configuration.overlay.iter().map(|file| &file.content)) {
        let at = places.entry(digest.clone()).or_insert_with(|| place(digest));
        submission.replace(at, &content(&volumes.configuration, &files, digest)?)?;
    }
    bring_tool(&tool, submission)?;
    let test = TestConfiguration {
        api_version: API_VERSION.into(),
        files: places,
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
    Ok(Ok(oddities(&unpacked, &configuration.overlay)))
}

/// What tutors may want to know of a submission that was accepted.
fn oddities(unpacked: &Unpacked, overlay: &[OverlayFile]) -> Vec<Oddity> {
    let below = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let gave_way = |path: &&str| {
        overlay.iter().any(|file| below(path, file.path.as_str()) || below(file.path.as_str(), path))
    };
    let lost: Vec<&str> = unpacked.files.iter().map(String::as_str).filter(gave_way).collect();
    let ignored: Vec<&str> = unpacked.ignored.iter().map(String::as_str).collect();
    [
        (OddityCode::AuthorsFilesWon, "the assignment's own files stand in place of submitted ones", lost),
        (OddityCode::EntriesIgnored, "entries of file managers were left out", ignored),
    ]
    .into_iter()
    .filter(|(_, _, names)| !names.is_empty())
    .map(|(code, what, names)| Oddity::new(code, format!("{what}: {}", named(&names))))
    .collect()
}

/// Names as a text of bounded length.
fn named(names: &[&str]) -> String {
    let (told, rest) = names.split_at(names.len().min(NAMED));
    let mut told: Vec<String> = told
        .iter()
        .map(|name| format!("`{}`", name.chars().take(NAME_CHARS).collect::<String>().escape_debug()))
        .collect();
    if !rest.is_empty() {
        told.push(format!("and {} more", rest.len()));
    }
    told.join(", ")
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

/// This very program, which any image can run Verify and Test by.
fn read_tool(mut tool: &File, submission: &Mounted) -> Result<Vec<u8>, StageError> {
    let mut own = Vec::new();
    tool.read_to_end(&mut own).map_err(|error| submission.error(Exit::Io, layout::TOOL, error))?;
    Ok(own)
}

fn bring_tool(tool: &[u8], submission: &Mounted) -> Result<(), StageError> {
    submission.folders_of(layout::TOOL)?;
    submission
        .root
        .replace(layout::TOOL, tool, 0o755)
        .map_err(|error| submission.error(Exit::Io, layout::TOOL, error))
}
