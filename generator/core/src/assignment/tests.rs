//! Whole assignments: what loading, publishing and describing them gives.

use crate::plan::Needs;
use std::fs;
use std::path::Path;

use assay_contract::answers::Compare;
use proptest::prelude::*;

use super::*;

/// The example of the design, with files to fit.
const DESIGN: &str = r#"apiVersion: assay.dev/v1
id: comp10002/wordcount
title: Word count
salt: 0f1e2d3c4b5a69788796a5b4c3d2e1f0
image: registry.example.edu/hub/singleuser:2026.1       # pinned to a digest when published
submit: {required: [wc.c], allowed: ["*.c", "*.h"], size: 1Mi, attempts: 10, cooldown: 5m}
schedule: {zone: Australia/Melbourne, opens: 2026-03-02 09:00, due: 2026-03-16 23:59, late: {penalty: 10% per day, until: 3 days}}
build: {run: gcc -std=c17 -Wall -O2 -o wc wc.c, limits: {cpu: 20s}}
test:
  mode: sealed
  run: ./wc
  limits: {cpu: 1s, memory: 64Mi, processes: 1, output: 1Mi}   # wall: 3 × cpu unless given
  compare: tokens
  cases:
    - {name: empty file, stdin: "", stdout: "0 0 0", points: 1, show: diff}
    - {name: lines only, args: [-l], stdin: {file: poem.txt}, stdout: {file: poem.l}, points: 2, show: diff}
    - {group: hidden, stdin: {files: hidden/*.in}, stdout: {files: hidden/*.out}, points: 7, show: verdict, from: due}
samples: {solution: 10, starter: 0, samples/off-by-one: 6.25}   # folders and the marks they must get
"#;

/// A folder with the design's example and its files.
fn design() -> tempfile::TempDir {
    let made = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = made.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("assignment.yaml", DESIGN);
    write("poem.txt", "a poem\nof two lines\n");
    write("poem.l", "CANARY-answer 2\n");
    for n in ["1", "2", "10"] {
        write(&format!("hidden/{n}.in"), &format!("input {n}\n"));
        write(&format!("hidden/{n}.out"), &format!("CANARY-output {n}\n"));
    }
    for sample in ["solution", "starter", "samples/off-by-one"] {
        write(&format!("{sample}/wc.c"), "int main(void) { return 0; }\n");
    }
    made
}

/// The design's example after a change to its text.
fn changed(from: &str, to: &str) -> (tempfile::TempDir, Assignment) {
    assert!(DESIGN.contains(from), "{from}");
    let made = design();
    fs::write(made.path().join("assignment.yaml"), DESIGN.replacen(from, to, 1)).unwrap();
    let assignment = loaded(made.path());
    (made, assignment)
}

fn loaded(path: &Path) -> Assignment {
    match load(path) {
        Ok(loaded) => loaded.assignment,
        Err(error) => panic!("{:#?}", error.problems),
    }
}

#[test]
fn the_designs_example_loads_without_a_word() {
    let made = design();
    let Loaded { assignment, warnings, text } = load(made.path()).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(text.text(), DESIGN);
    let names: Vec<&str> = assignment.cases().iter().map(Case::name).collect();
    assert_eq!(names, ["empty file", "lines only", "hidden/1", "hidden/10", "hidden/2"]);
    let points: Vec<String> = assignment.cases().iter().map(|case| case.points().to_string()).collect();
    assert_eq!(points, ["1", "2", "2.334", "2.333", "2.333"]);
    assert_eq!(assignment.points().to_string(), "10");
    assert_eq!(assignment.cases()[1].run(), &["./wc", "-l"]);
    assert_eq!(assignment.cases()[0].limits().wall_ms, 3_000);
    assert_eq!(assignment.build().unwrap().limits.wall_ms, 60_000);
    assert_eq!(assignment.rules().unpacked_bytes, 16 << 20);
    assert_eq!(assignment.schedule().late_seconds, 3 * 86_400);
    assert_eq!((assignment.late().basis_points, assignment.late().per_seconds), (1_000, 86_400));
    assert_eq!(assignment.samples()[2].name(), "off-by-one");
    assert_eq!(load(&made.path().join("assignment.yaml")).unwrap().assignment, assignment);
}

/// Loading says all that is wrong; a plan refuses nothing but what is the operator's to raise.
#[test]
fn what_loads_can_be_planned_and_what_cannot_be_does_not_load() {
    let (title, image) = ("title: Word count", "registry.example.edu/hub/singleuser:2026.1");
    for text in [
        DESIGN.replacen(title, &format!("title: {}", "ä".repeat(200)), 1),
        DESIGN.replacen(title, &format!("{title}\ndescription: {}", "日".repeat(10_000)), 1),
        DESIGN.replacen(image, "localhost:65535/x:1", 1),
    ] {
        let made = design();
        fs::write(made.path().join(FILE_NAME), text).unwrap();
        let planned = crate::plan::Plan::new(&loaded(made.path()).described(), &Default::default());
        assert!(planned.is_ok(), "{planned:?}");
    }
    for (code, text) in [
        ("text-invalid", DESIGN.replacen(title, "title: \"Word\\u200bcount\"", 1)),
        ("text-invalid", DESIGN.replacen(title, "title: \"Word\\u00adcount\"", 1)),
        ("text-invalid", DESIGN.replacen(title, &format!("{title}\ndescription: \"a\\u061cb\""), 1)),
        ("image-invalid", DESIGN.replacen(image, "localhost:65536/x:1", 1)),
        ("image-invalid", DESIGN.replacen(image, &format!("{}:1", "a".repeat(499)), 1)),
    ] {
        let made = design();
        fs::write(made.path().join(FILE_NAME), &text).unwrap();
        let codes: Vec<_> = load(made.path()).map_or_else(
            |error| error.problems.iter().map(Problem::code).collect(),
            |loaded| vec![if loaded.warnings.is_empty() { "loads" } else { "loads with a warning" }],
        );
        assert_eq!(codes, [code], "{text}");
    }
}

#[test]
fn the_designs_example_fits_the_schema() {
    let validator = jsonschema::validator_for(&crate::schema::assignment_schema()).unwrap();
    let (root, _) = yaml::parse(&Source::new("assignment.yaml", DESIGN));
    let json = as_json(&root.unwrap());
    let errors: Vec<String> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    let mut wrong = json.clone();
    wrong["test"]["limits"]["memroy"] = "64Mi".into();
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn the_examples_load_without_a_word_and_fit_the_schema() {
    let validator = jsonschema::validator_for(&crate::schema::assignment_schema()).unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut seen = 0;
    for entry in fs::read_dir(examples).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.join(FILE_NAME).is_file() {
            continue;
        }
        let Loaded { warnings, text, .. } =
            load(&folder).unwrap_or_else(|error| panic!("{:#?}", error.problems));
        assert_eq!(warnings, [], "{}", folder.display());
        let (root, _) = yaml::parse(&text);
        let errors: Vec<String> =
            validator.iter_errors(&as_json(&root.unwrap())).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", folder.display());
        seen += 1;
    }
    assert!(seen > 0, "there are examples");
}

/// The tree as an editor sees it: words without quotes that read as JSON numbers or truth values are those.
fn as_json(node: &yaml::Node) -> serde_json::Value {
    match &node.value {
        yaml::Value::Scalar { text, quoted: true } => text.as_str().into(),
        yaml::Value::Scalar { text, quoted: false } => {
            serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into())
        }
        yaml::Value::Sequence(items) => items.iter().map(as_json).collect(),
        yaml::Value::Mapping(entries) => {
            entries.iter().map(|entry| (entry.key.clone(), as_json(&entry.value))).collect()
        }
    }
}

#[test]
fn configuration_tells_nothing_of_answers_names_or_points() {
    let (_made, assignment) = changed("title: Word count", "title: T");
    let Publication { configuration, answers, configuration_files, answer_files, .. } =
        assignment.publication();
    let json = serde_json::to_string(&configuration).unwrap();
    for secret in
        ["empty file", "lines only", "hidden", "2.334", "points", "0f1e2d3c", "tokens", "stdout", "show"]
    {
        assert!(!json.contains(secret), "{secret} in {json}");
    }
    for case in &answers.cases {
        let digest = case.stdout.as_ref().unwrap();
        assert!(!json.contains(digest.as_str()), "the digest of a short answer gives it away");
        assert!(!configuration_files.contains_key(digest));
        assert!(answer_files.contains_key(digest));
    }
    for content in configuration_files.values() {
        assert!(!String::from_utf8_lossy(content.bytes()).contains("CANARY"));
    }
    let named: Vec<_> = configuration.test.cases.iter().filter_map(|case| case.stdin.as_ref()).collect();
    assert!(named.iter().all(|digest| configuration_files.contains_key(digest)));
    assert_eq!(configuration.revision, answers.revision);
}

#[test]
fn no_case_runs_before_one_that_students_see_more_of() {
    let (_made, assignment) = changed("title: Word count", "title: T");
    let Publication { configuration, answers, .. } = assignment.publication();
    let rounds: Vec<u8> = configuration
        .test
        .cases
        .iter()
        .map(|case| answers.cases.iter().find(|answer| answer.id == case.id).unwrap().round())
        .collect();
    assert!(rounds.is_sorted() && rounds.first() < rounds.last(), "{rounds:?}");
    let order: Vec<_> = answers.cases.iter().map(|case| case.id.as_str()).collect();
    assert!(order.is_sorted(), "answers stay in the order of the assignment: {order:?}");
}

#[test]
fn the_revision_follows_what_decides_marks_and_nothing_else() {
    let made = design();
    let revision = |assignment: &Assignment| assignment.described().revision;
    let first = revision(&loaded(made.path()));
    assert_eq!(first, loaded(design().path()).publication().answers.revision, "the same on every machine");
    for (from, to) in [
        ("title: Word count", "title: Counting words\ndescription: with a text"),
        ("due: 2026-03-16", "due: 2026-03-17"),
        ("until: 3 days", "until: 4 days"),
        ("samples/off-by-one: 6.25", "samples/off-by-one: 7"),
        ("# folders and", "# other folders and"),
    ] {
        assert_eq!(revision(&changed(from, to).1), first, "{from}");
    }
    for (from, to) in [
        ("0f1e2d3c", "1f1e2d3c"),
        ("singleuser:2026.1", "singleuser:2026.2"),
        ("size: 1Mi", "size: 2Mi"),
        ("attempts: 10", "attempts: 11"),
        ("-O2", "-O3"),
        ("cpu: 1s", "cpu: 2s"),
        ("compare: tokens", "compare: exact"),
        ("0 0 0", "0 0 1"),
        ("points: 1, show: diff", "points: 1, show: output"),
        ("10% per day", "20% per day"),
        ("name: lines only", "name: only lines"),
        ("from: due", "from: start"),
    ] {
        assert_ne!(revision(&changed(from, to).1), first, "{from}");
    }
    fs::write(made.path().join("hidden/1.out"), "another").unwrap();
    assert_ne!(revision(&loaded(made.path())), first, "a changed answer");
}

#[test]
fn authors_files_are_laid_with_their_paths_and_modes() {
    let made = design();
    let lib = made.path().join("lib/inner");
    fs::create_dir_all(&lib).unwrap();
    fs::write(lib.join("b.sh"), "#!/bin/sh\n").unwrap();
    fs::write(made.path().join("lib/a.h"), "// a\n").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(lib.join("b.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(
        made.path().join("assignment.yaml"),
        DESIGN.replace("build:", "files: [lib/, ./lib/a.h, poem.txt]\nbuild:"),
    )
    .unwrap();
    let Publication { configuration, configuration_files, .. } = loaded(made.path()).publication();
    let laid: Vec<(&str, bool)> =
        configuration.overlay.iter().map(|file| (file.path.as_str(), file.executable)).collect();
    assert_eq!(laid, [("lib/a.h", false), ("lib/inner/b.sh", cfg!(unix)), ("poem.txt", false)]);
    assert!(configuration.overlay.iter().all(|file| configuration_files.contains_key(&file.content)));
}

#[test]
fn answers_that_are_missing_can_be_recorded() {
    let made = design();
    fs::remove_file(made.path().join("hidden/10.out")).unwrap();
    fs::remove_file(made.path().join("poem.l")).unwrap();
    let codes: Vec<_> = load(made.path()).unwrap_err().problems.iter().map(Problem::code).collect();
    assert_eq!(codes, ["file-missing", "partner-missing"]);
    let assignment = load_for_recording(made.path()).unwrap().assignment;
    let places: Vec<(String, AnswerPlace)> =
        assignment.answers_to_record().into_iter().map(|answer| (answer.name, answer.place)).collect();
    let file = |name: &str, path: &str| (name.to_owned(), AnswerPlace::File(path.to_owned()));
    assert_eq!(
        places,
        [
            ("empty file".to_owned(), AnswerPlace::Inline),
            file("lines only", "poem.l"),
            file("hidden/1", "hidden/1.out"),
            file("hidden/10", "hidden/10.out"),
            file("hidden/2", "hidden/2.out"),
        ]
    );
    assert_eq!(assignment.cases()[1].expected(), None);
}

#[test]
fn needs_leave_room_for_every_case() {
    let described = loaded(design().path()).described();
    assert_eq!(described.test, Needs { wall_seconds: 60 + 5 * (3 + 1), memory_bytes: (128 + 64) << 20 });
    assert_eq!(described.verify, Needs { wall_seconds: 60 + 60, memory_bytes: (128 << 20) + (1 << 30) });
}

#[test]
fn numeric_tolerances_and_shell_lines_are_understood() {
    let (_made, assignment) =
        changed("compare: tokens", "compare: {numeric: {absolute: 1e-6, relative: 1e-9}}");
    let answers = assignment.publication().answers;
    assert_eq!(answers.cases[0].compare, Compare::Numeric { absolute: 1e-6, relative: 1e-9 });
    let (_made, assignment) = changed("run: ./wc\n", "run: ./wc \"$@\" | cat\n");
    assert_eq!(assignment.cases()[1].run(), &["/bin/sh", "-c", "./wc \"$@\" | cat", "sh", "-l"]);
}

proptest! {
    #[test]
    fn loading_any_text_gives_an_answer(text in any::<String>()) {
        give_an_answer(&text);
    }

    #[test]
    fn loading_a_damaged_assignment_gives_an_answer(
        at in 0..DESIGN.chars().count(), length in 0_usize..40, put in "[-\\[\\]{}:,&*!'\"\n ä0-9a-z#|>%~]{0,8}",
    ) {
        let kept = DESIGN.chars().take(at).chain(put.chars());
        give_an_answer(&kept.chain(DESIGN.chars().skip(at + length)).collect::<String>());
    }
}

/// Loads a text, and shows and records every problem of it.
fn give_an_answer(text: &str) {
    let made = design();
    fs::write(made.path().join("assignment.yaml"), text).unwrap();
    let (problems, source) = match load(made.path()) {
        Ok(Loaded { warnings, text, .. }) => (warnings, text),
        Err(error) => (error.problems, error.text),
    };
    for problem in &problems {
        let shown = crate::diagnostics::render(problem, &source, false);
        assert!(shown.contains(problem.code()));
        let record = crate::diagnostics::record(problem, &source);
        assert!((record.line, record.column) <= (record.end_line, record.end_column));
    }
}
