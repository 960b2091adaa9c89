//! Every code of the registry, on a small assignment that has the problem, as it is shown to an author.
//!
//! `tests/problems/<code>[-<variant>].yaml` is the assignment, the `.txt` beside it is what must be shown. With
//! `ASSAY_UPDATE=1` in the environment the texts are written anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use assay_core::assignment::{self, LoadError, Loaded};
use assay_core::diagnostics::{Problem, Source, codes, record, render};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/problems")
}

/// The problems of an assignment, whether or not it can be used, its file named without its folder.
fn problems(path: &Path) -> (Vec<Problem>, Source) {
    let (problems, text) = match assignment::load(path) {
        Ok(Loaded { warnings, text, .. }) => (warnings, text),
        Err(error) => {
            let LoadError { problems, text } = *error;
            (problems, text)
        }
    };
    let name = path.file_name().unwrap().to_string_lossy();
    (problems, Source::new(name, text.text()))
}

fn shown(problems: &[Problem], source: &Source) -> String {
    let mut text = String::new();
    for problem in problems {
        let record = record(problem, source);
        writeln!(text, "{}", render(problem, source, false)).unwrap();
        writeln!(
            text,
            "-- {} at {}:{}-{}:{}\n",
            if record.path.is_empty() { "the file" } else { &record.path },
            record.line,
            record.column,
            record.end_line,
            record.end_column
        )
        .unwrap();
    }
    text
}

/// Holds the text against its golden file; the codes that were met are returned.
fn golden(name: &str, problems: &[Problem], source: &Source) -> BTreeSet<&'static str> {
    let path = folder().join(format!("{name}.txt"));
    let text = shown(problems, source);
    if std::env::var_os("ASSAY_UPDATE").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, golden, "{name}: run with ASSAY_UPDATE=1 and read the difference");
    problems.iter().map(Problem::code).collect()
}

/// Problems that need files which are better made than kept.
fn made() -> Vec<(&'static str, PathBuf, tempfile::TempDir)> {
    let good = fs::read_to_string(folder().join("no-salt.yaml"))
        .unwrap()
        .replace("title:", "salt: 0f1e2d3c4b5a69788796a5b4c3d2e1f0\ntitle:");
    let make = |code, text: &str, files: &dyn Fn(&Path)| {
        let made = tempfile::tempdir().unwrap();
        fs::create_dir(made.path().join("solution")).unwrap();
        files(made.path());
        let path = made.path().join("assignment.yaml");
        fs::write(&path, text).unwrap();
        (code, path, made)
    };
    let input = |input: &str| good.replace("stdin: \"\"", input);
    let sparse = |path: &Path, length| fs::File::create(path).unwrap().set_len(length).unwrap();
    let nothing = |_: &Path| {};
    let not_text = make("assignment-unreadable", "", &nothing);
    fs::write(&not_text.1, b"title: \xff\n").unwrap();
    vec![
        not_text,
        make("yaml-too-large", &"# ".repeat(600_000), &nothing),
        make("file-outside", &input("stdin: {file: link}"), &|at| {
            #[cfg(unix)]
            std::os::unix::fs::symlink("/", at.join("link")).unwrap();
        }),
        make("file-too-large", &input("stdin: {file: large}"), &|at| {
            sparse(&at.join("large"), (64 << 20) + 1)
        }),
        make(
            "files-too-large",
            &input("stdin: {file: large}").replace("test:\n", "files: [many]\ntest:\n"),
            &|at| {
                fs::create_dir(at.join("many")).unwrap();
                for n in 0..10_001 {
                    fs::write(at.join("many").join(n.to_string()), "").unwrap();
                }
                fs::write(at.join("large"), "").unwrap();
            },
        ),
        make(
            "cases-too-many",
            &good.replace("name: empty, stdin: \"\"", "group: many, stdin: {files: many/*}"),
            &|at| {
                fs::create_dir(at.join("many")).unwrap();
                for n in 0..2_001 {
                    fs::write(at.join("many").join(n.to_string()), "").unwrap();
                }
            },
        ),
    ]
}

#[test]
fn every_code_is_shown_as_its_golden_file_says() {
    let mut met = BTreeSet::new();
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|ending| ending == "yaml")) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (problems, source) = problems(path);
        let codes = golden(name, &problems, &source);
        assert!(codes.iter().any(|code| name.starts_with(code)), "{name} shows {codes:?}");
        met.extend(codes);
    }
    for (code, path, _kept) in made() {
        let (problems, source) = problems(&path);
        let codes = golden(code, &problems, &source);
        assert!(codes.contains(code), "{code} shows {codes:?}");
        met.extend(codes);
    }
    let known: BTreeSet<&str> = codes::all().map(|code| code.id).collect();
    assert_eq!(met, known, "every code of the registry has an assignment that shows it");
}

#[test]
fn colours_change_nothing_but_colours() {
    let (problems, source) = problems(&folder().join("unknown-key.yaml"));
    let coloured = render(&problems[0], &source, true);
    assert!(coloured.contains('\u{1b}'));
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    assert_eq!(plain + rest, render(&problems[0], &source, false));
}

#[test]
fn records_are_what_programs_read() {
    let (problems, source) = problems(&folder().join("missing-field-case.yaml"));
    let json = serde_json::to_value(record(&problems[0], &source)).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "code": "missing-field",
            "severity": "error",
            "file": "missing-field-case.yaml",
            "line": 12,
            "column": 7,
            "end_line": 12,
            "end_column": 44,
            "path": "test.cases[0].points",
            "message": "`test.cases[0].points` is missing",
            "hint": null,
        })
    );
}
