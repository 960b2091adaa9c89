//! Every submission of every example, through the cluster: the same verdicts, cases, points and ends of stages as in the
//! local engine.

use std::path::{Path, PathBuf};

use assay_tests_cluster::{Bed, Job, report, run, trial};

/// An example, and one moment before its due date: in its own zone and in UTC.
const EXAMPLES: [(&str, &str, &str); 5] = [
    ("anagrams", "2026-04-20 12:00", "2026-04-20T10:00:00Z"),
    ("bank", "2026-08-10 10:00", "2026-08-10T00:00:00Z"),
    ("integrate", "2026-10-12 13:00", "2026-10-12T12:00:00Z"),
    ("probe", "2026-03-10 00:00", "2026-03-10T00:00:00Z"),
    ("wordcount", "2026-03-10 11:00", "2026-03-10T00:00:00Z"),
];

/// With this in the environment every submission also runs in strict isolation; otherwise [`CLASSES`] stand for them.
const FULL: &str = "ASSAY_TEST_FULL";

/// One submission of each way to end (passed, wrong, refused, not built, crashed, killed by each of the limits), and the
/// probe of what its pod lets through.
const CLASSES: [(&str, &str); 10] = [
    ("wordcount", "solution"),
    ("wordcount", "off-by-one"),
    ("wordcount", "missing-file"),
    ("wordcount", "does-not-build"),
    ("wordcount", "short-buffer"),
    ("wordcount", "loops-for-ever"),
    ("wordcount", "eats-memory"),
    ("wordcount", "prints-without-end"),
    ("wordcount", "fork-bomb"),
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
    let differences = report::differences(&here, &there);
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
