//! The attack suite on the local engine: each program ends as its header says, reaches nothing, and leaves nothing for the
//! honest cases between them, for later stages or for the student.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use assay_contract::{Exit, Volume, layout};
use assay_tests::attacks::{self, CANARIES, HIDDEN_INPUT, Laid, Program, REACHED};
use assay_tests::bench::{Bench, Kept};
use assay_tests::machine::listing;
use assay_tests::program::Who;
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        t1_t3_t4_t5_t6_t7_t8_t9_t10_t11_r4_r5_f2_o5_no_program_of_the_suite_reaches_anything_from_a_case,
        v1_v3_v4_no_program_of_the_suite_reaches_anything_from_a_build,
    ]
}

const HEAD: &str = "apiVersion: assay.dev/v1
id: tests/attacks
title: Attacks
salt: 0f1e2d3c4b5a69788796a5b4c3d2e1f0
image: registry.example.edu/hub/singleuser:2026.1";

static FROM_CASES: OnceLock<String> = OnceLock::new();
static FROM_BUILDS: OnceLock<String> = OnceLock::new();

/// What became of the suite, to be told in the end: which programs ran, all of them without success.
pub(crate) fn said() -> String {
    let told = |said: &OnceLock<String>, from| match said.get() {
        Some(said) => format!("attacks from {from}: {said}"),
        None => format!("attacks from {from}: not run to a good end\n"),
    };
    told(&FROM_CASES, "cases") + &told(&FROM_BUILDS, "builds")
}

fn programs(in_a_build: bool) -> Vec<Program> {
    let programs = attacks::programs().unwrap_or_else(|faults| panic!("{faults:#?}"));
    programs.into_iter().filter(|program| program.is_in_a_build() == in_a_build).collect()
}

fn bench(laid: &Laid) -> Bench {
    let bench = Bench::empty(who());
    for (path, content) in laid.files() {
        bench.write(path, content);
    }
    bench
}

/// As whom the suite runs: `ASSAY_TEST_WHO=ordinary` has it run as an account that owns nothing.
fn who() -> Who {
    let ordinary = std::env::var_os("ASSAY_TEST_WHO").is_some_and(|who| who == "ordinary");
    if ordinary { Who::Ordinary } else { Who::Caller }
}

fn t1_t3_t4_t5_t6_t7_t8_t9_t10_t11_r4_r5_f2_o5_no_program_of_the_suite_reaches_anything_from_a_case() {
    let programs = programs(false);
    let bench = bench(&attacks::cases(HEAD, &programs));
    let (honest, of_honest) = bench.attempt_and_keep(&bench.submitted("solution"), &[]);
    honest.ended(Exit::Done);
    let (finished, kept) = bench.attempt_and_keep(&bench.submitted("attacks"), &[]);
    let document = finished.ended(Exit::Done).document();
    let told = told(&kept);
    let faults = attacks::judge(&programs, &document);
    assert!(faults.is_empty() && told.is_empty(), "{faults:#?}\n{told:#?}\n{:#}", document["build"]);
    leaks_nothing(&kept);
    assert_eq!(kept.laid_out(), of_honest.laid_out(), "what Setup laid out");
    // The submission is as it was handed in, but for the author's files, which won.
    let tree = kept.volume(Volume::Submission).join(layout::TREE);
    for program in &programs {
        let handed_in = fs::read(bench.submitted("attacks").join(&program.file)).expect("it was written");
        assert_eq!(fs::read(tree.join(&program.file)).ok(), Some(handed_in), "{}", program.file);
    }
    bench.grades_a_good_one();
    FROM_CASES.get_or_init(|| attacks::said(&programs));
}

fn v1_v3_v4_no_program_of_the_suite_reaches_anything_from_a_build() {
    let programs = programs(true);
    let bench = bench(&attacks::builds(HEAD, &programs));
    let (honest, of_honest) = bench.attempt_and_keep(&bench.submitted("solution"), &[]);
    honest.ended(Exit::Done);
    let mut faults = Vec::new();
    for program in &programs {
        let (finished, kept) = bench.attempt_and_keep(&bench.submitted(&program.file), &[]);
        let document = finished.ended(Exit::Done).document();
        faults.extend(attacks::judge_build(program, &document));
        faults.extend(told(&kept));
        leaks_nothing(&kept);
        assert_eq!(kept.laid_out(), of_honest.laid_out(), "what Setup laid out for {}", program.file);
    }
    assert!(faults.is_empty(), "{faults:#?}");
    bench.grades_a_good_one();
    FROM_BUILDS.get_or_init(|| attacks::said(&programs));
}

/// Lines that tell of a success, in whatever untrusted stages left but the programs themselves.
fn told(kept: &Kept) -> Vec<String> {
    let mut lines = Vec::new();
    for (path, content) in untrusted(kept) {
        let text = String::from_utf8_lossy(&content).into_owned();
        lines
            .extend(text.lines().filter(|line| line.contains(REACHED)).map(|line| format!("{path}: {line}")));
    }
    lines
}

/// What Verify and Test left: outputs, outcomes, logs and reports.
fn untrusted(kept: &Kept) -> Vec<(String, Vec<u8>)> {
    let verification = kept.volume(Volume::Verification);
    let programs = verification.join(layout::TREE);
    let mut files = files_below(&kept.volume(Volume::Testing));
    files.extend(files_below(&verification).into_iter().filter(|(path, _)| {
        let path = Path::new(path);
        !path.starts_with(&programs) || path.ends_with("report.txt")
    }));
    files
}

/// No word of the answers is where a program or a student could read it, and no hidden input where a student could.
fn leaks_nothing(kept: &Kept) {
    let holds = |content: &[u8], word: &str| content.windows(word.len()).any(|w| w == word.as_bytes());
    for (path, content) in files_below(&kept.volume(Volume::Student)) {
        for word in CANARIES.iter().chain([&HIDDEN_INPUT, &REACHED]) {
            let line =
                String::from_utf8_lossy(&content).lines().find(|line| line.contains(word)).map(str::to_owned);
            assert_eq!(line, None, "{path} holds {word}");
        }
    }
    for volume in [Volume::SetupConfiguration, Volume::Submission, Volume::Verification, Volume::Testing] {
        for (path, content) in files_below(&kept.volume(volume)) {
            for word in CANARIES {
                assert!(!holds(&content, word), "{path} holds {word}");
            }
        }
    }
}

/// The regular files below a folder of which the links and special files are taken as they are.
fn files_below(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let paths = listing(folder).into_keys();
    let regular = paths.filter(|path| fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file()));
    regular.filter_map(|path| Some((path.display().to_string(), fs::read(&path).ok()?))).collect()
}
