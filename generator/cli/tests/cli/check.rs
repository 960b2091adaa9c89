//! `assay check` and `assay schema`.

use std::fs::File;
use std::path::Path;

use assay_contract::Exit;

use crate::session::Session;

#[test]
fn a_good_assignment_is_described() {
    let session = Session::greeting();
    session.assay("check greeting").exits(Exit::Done);
    session.assay("check greeting/assignment.yaml").exits(Exit::Done);
    session.assay("check greeting --output json").exits(Exit::Done);
    session.golden("check-good");
}

#[test]
fn a_warning_is_told_and_stops_nothing() {
    let session = Session::greeting();
    session.edit("greeting/assignment.yaml", "salt: 0f1e2d3c4b5a69788796a5b4c3d2e1f0\n", "");
    let checked = session.assay("check greeting").exits(Exit::Done);
    assert!(checked.stderr.contains("warning[no-salt]"), "{}", checked.stderr);
    let json = session.assay("check greeting --output json").exits(Exit::Done).json();
    assert_eq!(json["problems"][0]["code"], "no-salt");
    session.golden("check-warning");
}

#[test]
fn every_mistake_is_reported_at_once() {
    let session = Session::greeting();
    session.edit("greeting/assignment.yaml", "title: Greeting", "titel: Greeting");
    session.edit("greeting/assignment.yaml", "size: 64Ki", "size: 64 apples");
    session.edit("greeting/assignment.yaml", "due: 2026-03-16 23:59", "due: 2026-03-36 23:59");
    session.edit("greeting/assignment.yaml", "show: output", "show: all");
    assert_eq!(session.assay("check greeting").exits(Exit::AssignmentInvalid).stdout, "");
    let json = session.assay("check greeting --output json").exits(Exit::AssignmentInvalid).json();
    assert!(json["problems"].as_array().unwrap().len() >= 4);
    session.golden("check-bad");
}

#[test]
fn what_is_no_assignment_is_refused_in_words() {
    let session = Session::new();
    session.write("empty/assignment.yaml", "");
    session.write("binary/assignment.yaml", b"\x7fELF\x02\x01\x01\0\0\0\xff\xfe");
    session.write("list/assignment.yaml", "- one\n- two\n");
    session.write("folder-without/README.md", "");
    std::fs::create_dir(session.path("huge")).unwrap();
    File::create(session.path("huge/assignment.yaml")).unwrap().set_len(4 << 30).unwrap();
    session.assay("check empty").exits(Exit::AssignmentInvalid);
    session.assay("check list").exits(Exit::AssignmentInvalid);
    session.assay("check huge").exits(Exit::AssignmentInvalid);
    session.assay("check binary").exits(Exit::AssignmentFile);
    session.assay("check folder-without").exits(Exit::AssignmentFile);
    session.assay("check missing").exits(Exit::AssignmentFile);
    session.assay("check missing --output json").exits(Exit::AssignmentFile);
    // The default is the folder in which it runs.
    session.assay("check").exits(Exit::AssignmentFile);
    session.golden("check-nothing");
}

#[test]
fn a_file_that_is_missing_is_told_apart_from_a_mistake() {
    let session = Session::greeting();
    std::fs::remove_file(session.path("greeting/two.out")).unwrap();
    session.assay("check greeting").exits(Exit::AssignmentFile);
    session.edit("greeting/assignment.yaml", "title: Greeting", "titel: Greeting");
    session.assay("check greeting").exits(Exit::AssignmentInvalid);
    session.golden("check-file");
}

#[test]
fn hundreds_of_mistakes_are_cut_and_counted() {
    let session = Session::greeting();
    let cases = "    - {name: nobody, stdin: \"\", points: many}\n".repeat(80);
    session.edit("greeting/assignment.yaml", "samples:\n", &format!("{cases}samples:\n"));
    let checked = session.assay("check greeting").exits(Exit::AssignmentInvalid);
    assert_eq!(checked.stderr.matches("\nerror[").count() + 1, 50, "{}", checked.stderr);
    assert!(checked.stderr.trim_end().ends_with("more are not shown)"), "{}", checked.stderr);
    let json = session.assay("check greeting --output json").exits(Exit::AssignmentInvalid).json();
    assert!(json["problems"].as_array().unwrap().len() >= 80);
}

#[test]
fn the_printed_schema_accepts_what_is_shipped() {
    let session = Session::greeting();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    session.place().bring(&examples, "examples");
    for language in ["c", "python", "java"] {
        session.assay(&format!("new kit-{language} --language {language}")).exits(Exit::Done);
    }
    let validator = jsonschema::validator_for(&session.assay("schema").exits(Exit::Done).json()).unwrap();
    let folders =
        ["examples/wordcount", "examples/anagrams", "examples/bank", "examples/integrate", "examples/probe"];
    for folder in folders.iter().chain(&["kit-c", "kit-python", "kit-java", "greeting"]) {
        session.assay(&format!("check {folder}")).exits(Exit::Done);
        let yaml: serde_json::Value =
            serde_saphyr::from_str(&session.read(&format!("{folder}/assignment.yaml"))).unwrap();
        let errors: Vec<String> = validator.iter_errors(&yaml).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{folder}");
    }
    let examples_there = std::fs::read_dir(examples)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().join("assignment.yaml").is_file());
    assert_eq!(examples_there.count(), folders.len(), "an example is not in the list above");
}
