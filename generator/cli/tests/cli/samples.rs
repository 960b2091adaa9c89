//! `assay test`.

use assay_contract::Exit;

use crate::session::Session;

#[test]
fn samples_that_get_their_marks_pass() {
    let session = Session::greeting();
    session.assay("test greeting").exits(Exit::Done);
    session.assay("test greeting --only cra").exits(Exit::Done);
    session.golden("test-good");
}

#[test]
fn samples_that_do_not_are_told_with_what_differs() {
    let session = Session::greeting();
    session.edit("greeting/assignment.yaml", "shouts: {points: 2,", "shouts: {points: 3,");
    session.edit(
        "greeting/assignment.yaml",
        "broken: {points: 0, verdict: build-failed}",
        "broken: {points: 1, verdict: crashed}",
    );
    session.edit("greeting/assignment.yaml", "{one name: crashed}", "{one name: crashed, two names: passed}");
    session.assay("test greeting").exits(Exit::MarksDiffer);
    let json = session.assay("test greeting --output json --only broken").exits(Exit::MarksDiffer).json();
    assert_eq!(json["met"], false);
    assert_eq!(json["runs"][0]["expected"]["met"], false);
    session.golden("test-bad");
}

#[test]
fn samples_that_are_not_there_are_told() {
    let session = Session::greeting();
    session.assay("test greeting --only nobody").exits(Exit::Usage);
    let text = session.read("greeting/assignment.yaml");
    session.write("greeting/assignment.yaml", &text[..text.find("samples:").unwrap()]);
    session.assay("test greeting").exits(Exit::AssignmentInvalid);
    session.golden("test-none");
}
