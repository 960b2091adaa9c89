//! Every submission of every example, through the cluster: the same verdicts, cases and points as in the local engine.

use std::path::Path;

use assay_tests_cluster::{Bed, Job, assay, run, trial};
use libtest_mimic::Trial;
use serde_json::Value;

const EXAMPLES: [&str; 5] = ["anagrams", "bank", "integrate", "probe", "wordcount"];

fn main() {
    run(|| {
        let mut trials = Vec::new();
        for example in EXAMPLES {
            for submission in submissions(example) {
                let name = format!("{example}/{submission}");
                trials.push(trial(name, move || same_as_local(example, &submission)));
            }
        }
        trials
    });
}

fn submissions(example: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(example).join("submissions");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .expect("an example has submissions")
        .map(|entry| entry.expect("a readable folder").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
