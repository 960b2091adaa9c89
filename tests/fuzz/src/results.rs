//! Results: whatever stands where Verify and Test leave their documents and outputs, no case passes without its right
//! output, marks add up, what is hidden stays hidden, and what people read is safe and bounded.
//!
//! An input is a job: an assignment's cases, and what was found of each. Documents are bytes and go through the parser.

mod given;
mod right;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use arbitrary::Unstructured;
use assay_contract::answers::{AnswerCase, ExpectedExit, LatePenalty, Show};
use assay_contract::outcome::{BuildEnd, End};
use assay_contract::result::{CaseResult, PrivateResult, StudentResult};
use assay_contract::{API_VERSION, Points, Verdict};
use assay_score::{CaseEvidence, Found, Job, Setup, grade, student_view};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::text;
use given::{Given, word};

/// The most that a student's document may take: a build's log, and the texts of each case, all escaped.
const STUDENT_BYTES: usize = 512 << 10;
/// The same for each case.
const CASE_BYTES: usize = 512 << 10;

/// Checks one input.
pub fn check(data: &[u8]) {
    // Words that no input can hold, since they follow from all of it.
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    let canary = format!("q{:016x}q", hasher.finish());
    _ = Given::read(&mut Unstructured::new(data), &canary).map(|given| given.check(&canary));
}

impl Given {
    fn check(self, canary: &str) {
        let Given { job, found } = &self;
        let of = |case: &AnswerCase| {
            let Found::Present(answers) = &job.answers else { panic!("cases without answers") };
            let place = answers.cases.iter().position(|planned| planned.id == case.id).unwrap();
            found[place].clone()
        };
        let graded = || grade(job, of);
        let result = graded();
        assert_eq!(graded(), result, "one job, two results");
        sums(job, &result);
        for (case, found) in result.cases.iter().zip(found) {
            let Found::Present(answers) = &job.answers else { panic!("cases without answers") };
            let planned = answers.cases.iter().find(|planned| planned.id == case.id).unwrap();
            if case.verdict == Verdict::Passed {
                earned(job, planned, found);
            }
        }
        let private = as_value(&result);
        strings(&private, &mut |text| assert!(text::is_safe(text), "{text:?}"));
        for due_passed in [false, true] {
            let view = student_view(&result, due_passed);
            let document = as_value(&view);
            strings(&document, &mut |text| assert!(text::is_safe(text), "{text:?}"));
            let length = document.to_string().len();
            assert!(length <= STUDENT_BYTES + CASE_BYTES * view.cases.len(), "{length} bytes");
            hidden(&result, &view, due_passed, &document.to_string(), canary, found);
            // A student may write the id of a case; the document may not have it as its own word.
            assert!(!has_field(&document, "id"), "{document}");
        }
    }
}

/// The document, which must read back as itself.
fn as_value<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(document: &T) -> Value {
    let text = serde_json::to_string_pretty(document).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), document);
    serde_json::from_str(&text).unwrap()
}

fn strings(value: &Value, check: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => check(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, check)),
        Value::Object(fields) => fields.values().for_each(|value| strings(value, check)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn has_field(value: &Value, name: &str) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| has_field(item, name)),
        Value::Object(fields) => {
            fields.contains_key(name) || fields.values().any(|value| has_field(value, name))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Marks, by arithmetic that has room for all of them.
fn sums(job: &Job, result: &PrivateResult) {
    let PrivateResult { conclusion, cases, .. } = result;
    let (mut points, mut most) = (0_u128, 0_u128);
    for case in cases {
        let earned = if case.verdict == Verdict::Passed { case.max_points } else { Points::ZERO };
        assert_eq!(case.points, earned, "{:?}", case.verdict);
        assert_eq!(case.fault.is_none(), case.verdict == Verdict::Passed);
        points += u128::from(case.points.thousandths());
        most += u128::from(case.max_points.thousandths());
    }
    assert_eq!(u128::from(conclusion.max_points.thousandths()), most);
    assert!(most <= u128::from(Points::MAX.thousandths()));
    let late = match &job.answers {
        Found::Present(answers) if !cases.is_empty() => answers.late,
        _ => LatePenalty::default(),
    };
    let periods =
        if late.per_seconds == 0 { 0 } else { u128::from(job.late_seconds.div_ceil(late.per_seconds)) };
    let kept = 10_000 - (periods * u128::from(late.basis_points)).min(10_000);
    assert_eq!(u128::from(conclusion.points.thousandths()), (points * kept + 5_000) / 10_000);
    if conclusion.verdict == Verdict::Passed {
        assert!(cases.iter().all(|case| case.verdict == Verdict::Passed) && conclusion.fault.is_none());
        assert_eq!(job.setup, Setup::Accepted);
        assert!(matches!(job.build.present().map(|build| &build.end), Some(BuildEnd::Built)));
    } else {
        assert!(conclusion.fault.is_some());
    }
}

/// A case that passed has every reason to.
fn earned(job: &Job, planned: &AnswerCase, found: &CaseEvidence) {
    assert_eq!(job.setup, Setup::Accepted);
    assert!(matches!(job.build.present().map(|build| &build.end), Some(BuildEnd::Built)));
    let outcome = found.outcome.present().expect("an outcome");
    assert_eq!((outcome.api_version.as_str(), &outcome.id), (API_VERSION, &planned.id));
    let End::Exited(status) = outcome.end else { panic!("passed after {:?}", outcome.end) };
    assert!(planned.exit == ExpectedExit::Any || planned.exit == ExpectedExit::Status(status));
    let written = found.stdout.present().map_or(&[][..], Vec::as_slice);
    assert_eq!(outcome.stdout_bytes, written.len() as u64);
    assert!(outcome.stdout_bytes <= planned.limits.output_bytes);
    if planned.stdout.is_some() {
        let expected = found.expected.present().expect("an expected output");
        assert!(right::is_right(&planned.compare, expected, written), "{:?}", planned.compare);
    }
}

/// Nothing that a level does not allow is in the student's document.
fn hidden(
    result: &PrivateResult,
    view: &StudentResult,
    due_passed: bool,
    document: &str,
    canary: &str,
    found: &[CaseEvidence],
) {
    let mut shown = 0;
    for (index, case) in result.cases.iter().enumerate() {
        let CaseResult { id, shown: now, show, max_points: _, .. } = case;
        let level = if due_passed { *show } else { *now.min(show) };
        shown += usize::from(level > Show::Nothing);
        for (field, from) in [
            ("name", Show::Verdict),
            ("stdout", Show::Output),
            ("end", Show::Output),
            ("stdin", Show::Diff),
            ("args", Show::Diff),
            ("expected", Show::Diff),
        ] {
            let word = word(field, canary, id);
            // Who wrote the right output knows it.
            let known = field == "expected" && wrote(found.get(index), &word);
            assert!(level >= from || known || !document.contains(&word), "{word} at {level:?}: {document}");
        }
    }
    assert_eq!((view.cases.len(), view.hidden.cases as usize), (shown, result.cases.len() - shown));
    let worth = |points: Points| u64::from(points.thousandths());
    let all: u64 = result.cases.iter().map(|case| worth(case.max_points)).sum();
    assert_eq!(worth(view.conclusion.max_points) + worth(view.hidden.max_points), all);
    assert!(view.conclusion.points <= view.conclusion.max_points);
}

fn wrote(found: Option<&CaseEvidence>, word: &str) -> bool {
    let written = found.and_then(|found| found.stdout.present()).map_or(&[][..], Vec::as_slice);
    written.windows(word.len()).any(|window| window == word.as_bytes())
}
