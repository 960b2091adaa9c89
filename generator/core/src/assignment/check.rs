//! From the assignment as written to a valid one: ranges, contradictions, files.
//!
//! Everything is looked at, whatever else is wrong, so that an author sees all problems at once.

use assay_contract::AssignmentId;
use assay_contract::configuration::{BuildPlan, Network, SubmissionRules};
use globset::GlobBuilder;

use super::cases::{Unfolding, run_problem};
use super::folder::{Folder, Laid, relative};
use super::image::{self, Pinned};
use super::raw::{At, RawAssignment, RawBuild, RawSubmit};
use super::valid::{Assignment, Case};
use super::{limits, reader, run_line, samples, schedule, words};
use crate::diagnostics::{Place, Problem, codes, nearest};
use crate::plan::{DESCRIPTION_CHARACTERS, TITLE_CHARACTERS};

/// Unpacked files may be this many times as large as the zip, unless given.
const UNPACKED_FOR_SIZE: u64 = 16;
/// The least of that default, in bytes.
const UNPACKED_LEAST: u64 = 16 << 20;
/// How many files a submission may have, unless given.
const FILES: u32 = 256;

/// The valid assignment; `None` if something could not be made sense of, and then a problem says what.
pub(crate) fn check(
    raw: &RawAssignment,
    folder: &mut Folder,
    recording: bool,
    problems: &mut Vec<Problem>,
) -> Option<Assignment> {
    let RawAssignment {
        id,
        title,
        description,
        salt,
        image,
        isolation,
        submit,
        schedule,
        files,
        build,
        test,
        samples,
    } = raw;
    let id = id.as_ref().and_then(|id| identifier(id, problems));
    let title = title.as_ref().and_then(|title| words::label(title, TITLE_CHARACTERS, problems));
    let description = description
        .as_ref()
        .and_then(|text| words::paragraph(text, DESCRIPTION_CHARACTERS, problems))
        .unwrap_or_default();
    let salt = salt_of(salt.as_ref(), problems);
    let image = image.as_ref().and_then(|image| image_of(image, problems));
    let rules = submit.as_ref().and_then(|submit| rules(submit, problems));
    // A date that could not be understood has been reported; it is not missing as well.
    let dates_read = !problems.iter().any(|problem| problem.place().path.starts_with("schedule"));
    let dates = match schedule {
        Some(raw) => schedule::check(raw, dates_read, problems),
        None => Some(schedule::always()),
    };
    let overlay = lay(files, folder, problems);
    let build = match build {
        Some(build) => build_plan(build, problems).map(Some),
        None => Some(None),
    };
    let test = test.as_ref()?;
    let env = variables(&test.env, problems);
    let cases = Unfolding { folder, problems, recording }.cases(test);
    if let Some(raw_cases) = &test.cases
        && dates_read
        && schedule.as_ref().is_none_or(|schedule| schedule.due.is_none())
    {
        for from in raw_cases.value.iter().filter_map(|case| case.from.as_ref()) {
            if from.value == assay_contract::answers::ShowFrom::Due {
                let message = "there is no due date from which this could be shown";
                problems.push(
                    Problem::new(&codes::DUE_MISSING, &from.place, message).hint("add `due` to `schedule`"),
                );
            }
        }
    }
    let complete = !problems.iter().any(|problem| problem.severity() == crate::diagnostics::Severity::Error);
    let samples = samples::check(samples.as_ref(), &cases, complete, folder, problems);
    if let Some(test_cases) = &test.cases
        && complete
        && cases.iter().all(|case| case.points == assay_contract::Points::ZERO)
    {
        let message = "no case is worth any points";
        problems.push(Problem::new(&codes::NO_POINTS, &test_cases.place, message));
    }
    exposed(files, folder.own_name(), &overlay, &cases, &samples, problems);
    let zone = schedule.as_ref().and_then(|raw| raw.zone.as_ref()).map(|zone| zone.value.clone());
    let (schedule, late) = dates?;
    Some(Assignment {
        id: id?,
        title: title?,
        description,
        salt,
        image: image?,
        isolation: isolation.as_ref().map(|at| at.value),
        rules: rules?,
        zone,
        schedule,
        late,
        overlay: overlay.into_iter().map(|(_, laid)| laid).collect(),
        build: build?,
        env,
        network: test.network.as_ref().map_or(Network::None, |at| at.value),
        cases,
        samples,
        folder: folder.root().to_owned(),
    })
}

fn identifier(id: &At<String>, problems: &mut Vec<Problem>) -> Option<AssignmentId> {
    AssignmentId::new(id.value.clone())
        .map_err(|invalid| {
            let message = format!("`{}` is no id: it must be {invalid}", reader::brief(&id.value));
            problems.push(Problem::new(&codes::ID_INVALID, &id.place, message));
        })
        .ok()
}

fn salt_of(salt: Option<&At<String>>, problems: &mut Vec<Problem>) -> Option<String> {
    let Some(salt) = salt else {
        problems.push(
            Problem::new(
                &codes::NO_SALT,
                &Place::whole(),
                "there is no `salt`, so short answers could be guessed",
            )
            .hint("add `salt:` and 32 random hexadecimal digits; `assay new` does"),
        );
        return None;
    };
    let hexadecimal = salt.value.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if (32..=128).contains(&salt.value.len()) && hexadecimal {
        return Some(salt.value.clone());
    }
    let message = "a salt is 32 to 128 lower-case hexadecimal digits";
    problems.push(
        Problem::new(&codes::SALT_INVALID, &salt.place, message)
            .hint("`openssl rand -hex 16` prints a good one"),
    );
    None
}

fn image_of(image: &At<String>, problems: &mut Vec<Problem>) -> Option<String> {
    match image::pinned(&image.value) {
        None => {
            let message = format!("`{}` is no reference to an image", reader::brief(&image.value));
            problems.push(
                Problem::new(&codes::IMAGE_INVALID, &image.place, message)
                    .hint("write `registry/name:tag`, with `@sha256:…` to pin it"),
            );
            return None;
        }
        Some(Pinned::No) => {
            let message = format!("`{}` can be another image tomorrow", image.value);
            problems.push(
                Problem::new(&codes::IMAGE_NOT_PINNED, &image.place, message)
                    .hint("name a version, such as `:2026.1`, or a digest"),
            );
        }
        Some(Pinned::Tag | Pinned::Digest) => {}
    }
    Some(image.value.clone())
}

fn rules(submit: &RawSubmit, problems: &mut Vec<Problem>) -> Option<SubmissionRules> {
    let RawSubmit { required, allowed, size, unpacked, files, attempts, cooldown } = submit;
    limits::bytes(size.as_ref(), 1 << 10, 1 << 30, problems);
    limits::bytes(unpacked.as_ref(), 1 << 10, 16 << 30, problems);
    limits::number(files.as_ref(), 1, 100_000, problems);
    limits::number(attempts.as_ref(), 1, 9_999, problems);
    let week = std::time::Duration::from_secs(7 * 24 * 3600);
    limits::time(cooldown.as_ref(), std::time::Duration::ZERO, week, problems);
    let required = required
        .iter()
        .filter_map(|path| relative(path).map_err(|problem| problems.push(problem)).ok())
        .collect();
    if let Some(allowed) = allowed {
        globs(allowed, problems);
    }
    let size = size.as_ref()?.value;
    let number = |at: &Option<At<u64>>| at.as_ref().map(|at| u32::try_from(at.value).unwrap_or(u32::MAX));
    Some(SubmissionRules {
        required,
        allowed: allowed.as_ref()?.value.iter().map(|glob| glob.value.clone()).collect(),
        size_bytes: size,
        unpacked_bytes: unpacked
            .as_ref()
            .map_or((size.saturating_mul(UNPACKED_FOR_SIZE)).max(UNPACKED_LEAST), |at| at.value),
        files: number(files).unwrap_or(FILES),
        attempts: number(attempts),
        cooldown_seconds: cooldown.as_ref().map_or(0, |at| at.value.as_secs()),
    })
}

/// Reports entries of `allowed` that are no globs as Setup reads them.
fn globs(allowed: &At<Vec<At<String>>>, problems: &mut Vec<Problem>) {
    if allowed.value.is_empty() {
        // To Setup an empty list allows every file, to a reader none.
        let message = "an empty list does not say whether no file or every file is allowed";
        problems.push(
            Problem::new(&codes::PATTERN_INVALID, &allowed.place, message)
                .hint("write `[\"**\"]` to allow every file"),
        );
    }
    for glob in &allowed.value {
        if let Err(error) = GlobBuilder::new(&glob.value).literal_separator(true).build() {
            let message = format!("`{}` is no pattern: {}", reader::brief(&glob.value), error.kind());
            problems.push(Problem::new(&codes::PATTERN_INVALID, &glob.place, message));
        }
    }
}

/// The author's files, each with the entry of `files:` that brings it.
fn lay<'a>(
    files: &'a [At<String>],
    folder: &mut Folder,
    problems: &mut Vec<Problem>,
) -> Vec<(&'a At<String>, Laid)> {
    let mut overlay: Vec<(&At<String>, Laid)> = Vec::new();
    for named in files {
        match folder.lay(named) {
            Ok(laid) => overlay.extend(laid.into_iter().map(|laid| (named, laid))),
            Err(problem) => problems.push(problem),
        }
    }
    // A file named twice, by itself and by its folder, is the same file.
    overlay.sort_by(|(_, a), (_, b)| a.path.cmp(&b.path));
    overlay.dedup_by(|(_, a), (_, b)| a.path == b.path);
    overlay
}

/// Reports files that would be laid into submissions although they give answers away.
fn exposed(
    files: &[At<String>],
    own_name: &str,
    overlay: &[(&At<String>, Laid)],
    cases: &[Case],
    samples: &[super::valid::Sample],
    problems: &mut Vec<Problem>,
) {
    for named in files {
        let Some((laid, why)) = overlay.iter().filter(|(from, _)| *from == named).find_map(|(_, laid)| {
            let expected = |case: &Case| matches!(&case.expected, super::valid::Expected::File { path, .. } if *path == laid.path);
            let sample = samples.iter().any(|sample| laid.path.starts_with(&format!("{}/", sample.folder)));
            let why = if laid.path == own_name {
                "the assignment itself"
            } else if cases.iter().any(expected) {
                "an expected output"
            } else if sample {
                "a file of a sample"
            } else {
                return None;
            };
            Some((laid, why))
        }) else {
            continue;
        };
        let message = format!("student code could read `{}`, {why}", laid.path);
        problems.push(
            Problem::new(&codes::ANSWERS_EXPOSED, &named.place, message)
                .hint("`files` are laid into every submission; keep answers in a folder of their own"),
        );
    }
}

fn build_plan(build: &RawBuild, problems: &mut Vec<Problem>) -> Option<BuildPlan> {
    let RawBuild { run, env, network, limits: given } = build;
    limits::check(given, problems);
    let limits = limits::resolve(&[given], limits::BUILD, problems);
    let env = variables(env, problems);
    let line = run.as_ref()?;
    let run =
        run_line::command(&line.value, &[]).map_err(|wrong| problems.push(run_problem(line, wrong))).ok()?;
    Some(BuildPlan { run, limits, env, network: network.as_ref().map_or(Network::None, |at| at.value) })
}

/// Environment variables, by name, so that their order in the file decides nothing.
fn variables(env: &[(At<String>, At<String>)], problems: &mut Vec<Problem>) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    for (name, value) in env {
        let At { value: name, place } = name;
        let wrong = if !run_line::is_variable(name) {
            format!("`{}` is no name of a variable", reader::brief(name))
        } else if name.starts_with("ASSAY_") {
            format!("`{name}` is a name that Assay keeps for itself")
        } else if value.value.contains('\0') {
            format!("the value of `{name}` holds a NUL")
        } else {
            variables.push((name.clone(), value.value.clone()));
            continue;
        };
        problems.push(Problem::new(&codes::ENV_INVALID, place, wrong));
    }
    variables.sort();
    variables
}

/// The nearest name of a case, as a hint.
pub(crate) fn near_case(name: &str, cases: &[Case]) -> Option<String> {
    nearest(name, cases.iter().map(|case| case.name.as_str())).map(|near| format!("did you mean `{near}`?"))
}
