//! `assay record`.

use std::fs;

use assay_contract::Exit;

use crate::session::Session;

#[test]
fn missing_expected_files_are_written() {
    let session = Session::greeting();
    let expected = ["two.out", "hidden/long.out", "hidden/short.out", "hidden/three.out"];
    let before = expected.map(|name| session.read(&format!("greeting/{name}")));
    for name in expected {
        fs::remove_file(session.path(&format!("greeting/{name}"))).unwrap();
    }
    session.assay("check greeting").exits(Exit::AssignmentFile);
    session.assay("record greeting").exits(Exit::Done);
    assert_eq!(expected.map(|name| session.read(&format!("greeting/{name}"))), before);
    session.assay("record greeting --check --output json").exits(Exit::Done);
    session.golden("record-missing");
}

#[test]
fn wrong_expected_files_are_written_anew() {
    let session = Session::greeting();
    let right = session.read("greeting/two.out");
    session.write("greeting/two.out", "Hello, everybody!\n");
    session.assay("record greeting --check").exits(Exit::MarksDiffer);
    assert_eq!(session.read("greeting/two.out"), "Hello, everybody!\n", "--check writes nothing");
    session.assay("record greeting").exits(Exit::Done);
    assert_eq!(session.read("greeting/two.out"), right);
    session.golden("record-wrong");
}

#[test]
fn checking_what_is_missing_makes_no_file() {
    let session = Session::greeting();
    fs::remove_file(session.path("greeting/two.out")).unwrap();
    let json = session.assay("record greeting --check --output json").exits(Exit::MarksDiffer).json();
    assert_eq!(json["written"], serde_json::json!(["two.out"]));
    assert!(!session.path("greeting/two.out").exists());
}

#[test]
fn what_stands_in_the_assignment_is_reported_and_left() {
    let session = Session::greeting();
    session.edit("greeting/assignment.yaml", "stdout: \"Hello, Ada!\\n\"", "stdout: \"Good day, Ada!\\n\"");
    let before = session.read("greeting/assignment.yaml");
    session.assay("record greeting").exits(Exit::MarksDiffer);
    assert_eq!(session.read("greeting/assignment.yaml"), before);
    session.golden("record-inline");
}

#[test]
fn patterns_are_left_alone() {
    let session = Session::greeting();
    session.edit("greeting/assignment.yaml", "stdout: \"Good ?bye, \\\\w+!\"", "stdout: {file: pattern.out}");
    session.write("greeting/pattern.out", "Farewell, .*");
    let json = session.assay("record greeting --output json").exits(Exit::Done).json();
    assert_eq!(session.read("greeting/pattern.out"), "Farewell, .*");
    assert_eq!(json["skipped"], serde_json::json!(["farewell", "nobody"]));
}

#[test]
fn a_solution_that_fails_records_nothing() {
    let session = Session::greeting();
    let before = session.read("greeting/two.out");
    for sample in ["crashes", "broken", "extra"] {
        session
            .assay(&format!("record greeting --solution greeting/submissions/{sample}"))
            .exits(Exit::SolutionFailed);
    }
    session.assay("record greeting --solution nowhere").exits(Exit::Usage);
    assert_eq!(session.read("greeting/two.out"), before);
    session.golden("record-failed");
}

#[test]
fn an_assignment_without_a_solution_wants_one_named() {
    let session = Session::greeting();
    session.edit("greeting/assignment.yaml", "  submissions/solution: {points: 8, verdict: passed}\n", "");
    session.assay("record greeting").exits(Exit::AssignmentInvalid);
    session.assay("record greeting --check --solution greeting/submissions/solution").exits(Exit::Done);
    session.golden("record-unnamed");
}
