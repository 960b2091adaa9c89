//! An author's file of any bytes, in a folder with ordinary files: what is wrong is told with places inside the text,
//! and what loads can be published and planned, with no answer among what students' code gets.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use assay_contract::{Digest, Points};
use assay_core::assignment::{Assignment, Content, LoadError, Loaded, Publication, load, load_for_recording};
use assay_core::diagnostics::{Problem, Severity, Source, codes, record, render};
use assay_core::operator::Operator;
use assay_core::plan::{Plan, PlanError};
use tempfile::TempDir;

use crate::{scratch, text};

/// What lies beside the file: enough for every kind of reference to lead to something.
const FILES: [(&str, &str); 12] = [
    ("poem.txt", "a poem\nof two lines\n"),
    ("poem.l", "2\n"),
    ("hidden/1.in", "input 1\n"),
    ("hidden/1.out", "output 1\n"),
    ("hidden/2.in", "input 2\n"),
    ("hidden/2.out", "output 2\n"),
    ("unpaired/1.in", "alone\n"),
    ("solution/wc.c", "int main(void) { return 0; }\n"),
    ("starter/wc.c", "int main(void) { return 1; }\n"),
    ("samples/off-by-one/wc.c", "int main(void) { return 2; }\n"),
    ("overlay/wc.h", "int count(void);\n"),
    ("pattern", "[0-9]+\n"),
];

thread_local! {
    /// Made once: only the assignment's own file differs from input to input.
    static FOLDER: RefCell<Option<TempDir>> = const { RefCell::new(None) };
}

/// Checks one input.
pub fn check(data: &[u8]) {
    FOLDER.with_borrow_mut(|folder| {
        let folder = folder.get_or_insert_with(made).path();
        fs::write(folder.join("assignment.yaml"), data).unwrap();
        loaded(folder, data);
    });
}

fn made() -> TempDir {
    let made = scratch::folder();
    for (path, text) in FILES {
        let path = made.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    made
}

fn loaded(folder: &Path, data: &[u8]) {
    let result = load(folder);
    match &result {
        Ok(Loaded { assignment, warnings, text }) => {
            assert_eq!(text.text().as_bytes(), data);
            assert!(warnings.iter().all(|problem| problem.severity() == Severity::Warning));
            warnings.iter().for_each(|problem| placed(problem, text));
            published(assignment);
            let recording = load_for_recording(folder).expect("an assignment that loads can be recorded");
            assert_eq!(&recording.assignment, assignment);
        }
        Err(error) => {
            let LoadError { problems, text } = &**error;
            assert!(problems.iter().any(|problem| problem.severity() == Severity::Error));
            problems.iter().for_each(|problem| placed(problem, text));
        }
    }
}

/// A problem points into the text, and can be shown anywhere.
fn placed(problem: &Problem, source: &Source) {
    let (span, text) = (problem.place().span, source.text());
    assert!(span.start <= span.end && span.end <= text.len(), "{problem:?}");
    assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end), "{problem:?}");
    assert!(codes::find(problem.code()).is_some());
    let found = record(problem, source);
    let lines: Vec<&str> = text.split('\n').collect();
    for (line, column) in [(found.line, found.column), (found.end_line, found.end_column)] {
        assert!((1..=lines.len()).contains(&line), "{found:?}");
        assert!((1..=lines[line - 1].chars().count() + 1).contains(&column), "{found:?}");
    }
    assert!((found.line, found.column) <= (found.end_line, found.end_column), "{found:?}");
    let shown = render(problem, source, false);
    assert!(!shown.is_empty() && shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
}

fn published(assignment: &Assignment) {
    let Publication { configuration, answers, configuration_files, answer_files, .. } =
        assignment.publication();
    assert_eq!(configuration.revision, answers.revision);
    assert_eq!(
        (configuration.test.cases.len(), answers.cases.len()),
        (assignment.cases().len(), assignment.cases().len())
    );
    let ids: BTreeSet<_> = answers.cases.iter().map(|case| &case.id).collect();
    assert_eq!(ids.len(), answers.cases.len(), "two cases have one id");
    let total: u64 = answers.cases.iter().map(|case| u64::from(case.points.thousandths())).sum();
    assert!(total <= u64::from(Points::MAX.thousandths()));
    assert_eq!(total, u64::from(assignment.points().thousandths()));

    // Each document has the files that it names and no others; a file is named by what it holds.
    let inputs = configuration.test.cases.iter().filter_map(|case| case.stdin.clone());
    let overlay = configuration.overlay.iter().map(|file| file.content.clone());
    holds(&configuration_files, inputs.chain(overlay).collect());
    let of_case = answers.cases.iter().flat_map(|case| [case.stdin.clone(), case.stdout.clone()]);
    holds(&answer_files, of_case.flatten().collect());
    for document in [serde_json::to_string(&configuration).unwrap(), serde_json::to_string(&answers).unwrap()]
    {
        assert!(!document.contains('\n'));
    }

    let described = assignment.described();
    assert_eq!(described.revision, answers.revision);
    match Plan::new(&described, &Operator::default()) {
        Ok(plan) => assert_eq!(&plan.assignment, assignment.id()),
        // The operator's to raise; whatever else is wrong, loading must have said so.
        Err(PlanError::Deadline { .. } | PlanError::Memory { .. } | PlanError::ClaimOfAStudent { .. }) => {}
        Err(error) => panic!("it loads, and there is no plan: {error}"),
    }
    assert!(described.title.chars().all(text::is_visible), "{:?}", described.title);
}

fn holds(files: &BTreeMap<Digest, Content>, named: BTreeSet<Digest>) {
    assert_eq!(files.keys().cloned().collect::<BTreeSet<_>>(), named);
    for (digest, content) in files {
        assert_eq!(content.digest(), digest);
    }
}
