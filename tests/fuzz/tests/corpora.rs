//! The kept corpora, replayed: what a fuzzer has reached once is checked by every run of the tests, without a fuzzer.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use assay_tests_fuzz::TARGETS;

/// A corpus stays small enough to be read, cloned and replayed in seconds.
const MOST_FILES: usize = 100;
const MOST_BYTES: usize = 300 << 10;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn inputs(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = root().join("corpus").join(target);
    names(&folder)
        .into_iter()
        .map(|name| folder.join(name))
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

/// The inputs that a check did not pass; what was wrong is printed by the panics.
fn failed(cuts: fn(&[u8]) -> Vec<usize>) -> Vec<String> {
    let mut failed = Vec::new();
    for (target, check) in TARGETS {
        for (path, input) in inputs(target) {
            for length in cuts(&input) {
                if std::panic::catch_unwind(|| check(&input[..length])).is_err() {
                    failed.push(format!("{} cut to {length} bytes", path.display()));
                }
            }
        }
    }
    failed
}

#[test]
fn every_kept_input_is_handled() {
    assert_eq!(failed(|input| vec![input.len()]), [""; 0]);
}

/// Any byte of an input may be missing: what is read from it must not decide whether it can be read at all.
#[test]
fn every_kept_input_is_handled_when_it_is_cut_short() {
    assert_eq!(
        failed(|input| vec![input.len() / 3, input.len() / 2, input.len().saturating_sub(1)]),
        [""; 0]
    );
}

#[test]
fn every_target_has_a_fuzzer_and_a_small_corpus() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&root().join("corpus")), targets);
    let programs = names(&root().join("libfuzzer/fuzz_targets"));
    assert_eq!(programs, targets.iter().map(|name| format!("{name}.rs")).collect());
    for target in &targets {
        let program = fs::read_to_string(root().join(format!("libfuzzer/fuzz_targets/{target}.rs"))).unwrap();
        assert!(program.contains(&format!("assay_tests_fuzz::{target}::check(data)")), "{target}");
        let inputs = inputs(target);
        assert!((10..=MOST_FILES).contains(&inputs.len()), "{target} has {} inputs", inputs.len());
        let bytes: usize = inputs.iter().map(|(_, input)| input.len()).sum();
        assert!(bytes <= MOST_BYTES, "{target} has {bytes} bytes");
    }
}
