//! Every submission of every example, through the cluster: the same verdicts, cases, points and ends of stages as in the
//! local engine.

use std::path::{Path, PathBuf};

use assay_tests_cluster::{Bed, Job, run, trial};
use serde_json::Value;

/// An example, and one moment before its due date: in its own zone and in UTC.
const EXAMPLES: [(&str, &str, &str); 5] = [
    ("anagrams", "2026-04-20 12:00", "2026-04-20T10:00:00Z"),
    ("bank", "2026-08-10 10:00", "2026-08-10T00:00:00Z"),
    ("integrate", "2026-10-12 13:00", "2026-10-12T12:00:00Z"),
    ("probe", "2026-03-10 00:00", "2026-03-10T00:00:00Z"),
    ("wordcount", "2026-03-10 11:00", "2026-03-10T00:00:00Z"),
];

/// What is measured, and what says where it was measured.
const CIRCUMSTANCES: [&str; 4] = ["measured", "measured_stages", "isolation", "submission"];

/// Argo's words for a stage that did not run.
const NOT_RUN: [&str; 2] = ["Omitted", "Skipped"];

/// With this in the environment every submission also runs in strict isolation; otherwise [`CLASSES`] stand for them.
const FULL: &str = "ASSAY_TEST_FULL";

/// One submission of each way to end: passed, wrong, refused, not built, crashed or killed by a limit.
const CLASSES: [(&str, &str); 7] = [
    ("wordcount", "solution"),
    ("wordcount", "off-by-one"),
    ("wordcount", "missing-file"),
    ("wordcount", "does-not-build"),
    ("wordcount", "short-buffer"),
    ("wordcount", "loops-for-ever"),
    ("probe", "probe"),
];

fn main() {
    run(|| {
        let full = std::env::var_os(FULL).is_some();
        let mut trials = Vec::new();
        for (example, local, utc) in EXAMPLES {
            for (number, submission) in submissions(example).into_iter().enumerate() {
                for strict in [false, true] {
                    if strict && !full && !CLASSES.contains(&(example, &submission)) {
                        continue;
                    }
                    let (isolation, submission) =
                        (if strict { "strict" } else { "standard" }, submission.clone());
                    let student = format!("{example}-{number}-{isolation}");
                    trials.push(trial(format!("{isolation}/{example}/{submission}"), move || {
                        same_as_local(example, strict, &submission, &student, local, utc)
                    }));
                }
            }
        }
        trials
    });
}

fn submissions(example: &str) -> Vec<String> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(example).join("submissions");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .expect("an example has submissions")
        .map(|entry| entry.expect("a readable folder").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn same_as_local(
    example: &str,
    strict: bool,
    submission: &str,
    student: &str,
    local: &str,
    utc: &str,
) -> Result<(), String> {
    let bed = Bed::open()?;
    let work = tempfile::tempdir().map_err(|error| error.to_string())?;
    let folder = published(&bed, example, strict, work.path())?;
    let path = folder.join("submissions").join(submission);
    let text = path.to_str().ok_or("a path that is no text")?;
    let here =
        bed.assay(&folder, ["try", text, "--assignment", ".", "--at", local, "--output", "json"])?.json()?;
    let job = Job::submit(&bed, &folder, &path, student, utc)?;
    job.ended()?;
    let there = job.result(&folder)?;
    let mut differences = Vec::new();
    compare(&here, &there, "", &mut differences);
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
}

/// The example as it is published in the cluster; published by whoever comes first.
fn published(bed: &Bed, example: &str, strict: bool, work: &Path) -> Result<PathBuf, String> {
    static PUBLISHING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = PUBLISHING.lock().map_err(|error| error.to_string())?;
    let folder = bed.example(example, work, |text| if strict { strictly(&text) } else { text })?;
    bed.in_cluster(&folder, &["publish", ".", "--yes"])?.ok()?;
    Ok(folder)
}

/// The same assignment in strict isolation. By another name, since isolation decides no marks and so makes no revision.
fn strictly(assignment: &str) -> String {
    let lines = assignment.lines().map(|line| match line.strip_prefix("id: ") {
        Some(id) => {
            let id = id.split_whitespace().next().unwrap_or(id);
            format!("id: {id}-strict\nisolation: strict")
        }
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

fn compare(here: &Value, there: &Value, path: &str, differences: &mut Vec<String>) {
    match (here, there) {
        (Value::Object(one), Value::Object(other)) => {
            let names: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            // Which of its two time limits a program passes first, CPU or wall clock, is up to what else the machine does.
            let either = one.get("verdict").is_some_and(|verdict| verdict == "time-limit");
            let circumstance = |name: &str| CIRCUMSTANCES.contains(&name) || (either && name == "reason");
            for name in names.into_iter().filter(|name| !circumstance(name)) {
                let field =
                    |map: &serde_json::Map<String, Value>| map.get(name).cloned().unwrap_or(Value::Null);
                compare(&field(one), &field(other), &format!("{path}/{name}"), differences);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (number, (one, other)) in one.iter().zip(other).enumerate() {
                compare(one, other, &format!("{path}/{number}"), differences);
            }
        }
        (one, other) if one == other => {}
        // Argo has two words for a stage that had no reason to run, and which it takes depends on how it was told.
        (Value::String(one), Value::String(other))
            if [one, other].iter().all(|word| NOT_RUN.contains(&word.as_str())) => {}
        (one, other) => differences.push(format!("{path}: here {one}, in the cluster {other}")),
    }
}
