//! The attack suite in pods: each program ends as its header says and reaches nothing, and the student reads nothing of it.

use assay_tests::attacks::{self, CANARIES, HIDDEN_INPUT, Laid, Program, REACHED};
use assay_tests_cluster::{Bed, Job};
use serde_json::Value;
use std::path::PathBuf;

use crate::HANDED_IN;

/// All programs that attack from a case, in one job.
pub(crate) fn from_cases(strict: bool) -> Result<(), String> {
    let bed = Bed::open()?;
    let programs = programs()?;
    let name = if strict { "attacks-strict" } else { "attacks" };
    let (_work, folder) = published(&bed, name, strict, |head| attacks::cases(head, &programs))?;
    let job = Job::submit(&bed, &folder, &folder.join("submissions/attacks"), name, HANDED_IN)?;
    job.ended()?;
    let document = job.result(&folder)?;
    let faults = attacks::judge(&programs, &document);
    let faults = [faults, leaks(&job.student_result(&folder)?)].concat();
    if faults.is_empty() { Ok(()) } else { Err(format!("{}\n{:#}", faults.join("\n"), document["build"])) }
}

/// Each program that attacks from a build, in a job of its own.
pub(crate) fn from_builds() -> Result<(), String> {
    let bed = Bed::open()?;
    let programs: Vec<Program> = programs()?.into_iter().filter(Program::is_in_a_build).collect();
    let (_work, folder) = published(&bed, "attacks-build", false, |head| attacks::builds(head, &programs))?;
    let jobs: Vec<Result<Job, String>> = (1..)
        .zip(&programs)
        .map(|(number, program)| {
            let submission = folder.join("submissions").join(&program.file);
            Job::submit(&bed, &folder, &submission, &format!("attacks-build-{number}"), HANDED_IN)
        })
        .collect();
    let mut faults = Vec::new();
    for (program, job) in programs.iter().zip(jobs) {
        let job = job?;
        job.ended()?;
        let document = job.result(&folder)?;
        faults.extend(attacks::judge_build(program, &document));
        let leaks = leaks(&job.student_result(&folder)?);
        faults.extend(leaks.into_iter().map(|leak| format!("{}: {leak}", program.file)));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

fn programs() -> Result<Vec<Program>, String> {
    attacks::programs().map_err(|faults| faults.join("\n"))
}

/// The assignment of a name, laid out in a folder and published.
fn published(
    bed: &Bed,
    name: &str,
    strict: bool,
    lay: impl FnOnce(&str) -> Laid,
) -> Result<(tempfile::TempDir, PathBuf), String> {
    let isolation = if strict { "isolation: strict\n" } else { "" };
    let head = format!(
        "apiVersion: assay.dev/v1\nid: comp10002/{name}\n{isolation}title: Attacks\nsalt: 0f1e2d3c4b5a69788796a5b4c3d2e1f0\nimage: {}",
        bed.toolchain
    );
    let work = tempfile::tempdir().map_err(|error| error.to_string())?;
    let folder = work.path().join(name);
    lay(&head).write(&folder).map_err(|error| error.to_string())?;
    bed.in_cluster(&folder, &["publish", ".", "--yes"])?.ok()?;
    Ok((work, folder))
}

/// Lines of the student's document that tell of a success, or that hold a word of the answers.
fn leaks(student: &Value) -> Vec<String> {
    let text = format!("{student:#}");
    let told = |line: &&str| CANARIES.iter().chain([&HIDDEN_INPUT, &REACHED]).any(|word| line.contains(word));
    text.lines().filter(told).map(|line| format!("the student reads {}", line.trim())).collect()
}
