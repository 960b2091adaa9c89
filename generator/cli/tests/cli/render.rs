//! `assay render` and `assay mounts`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use assay_contract::Exit;

use crate::session::Session;

#[test]
fn a_file_gets_what_standard_output_would() {
    let session = Session::greeting();
    let printed = session.assay("render greeting").exits(Exit::Done);
    assert!(printed.stdout.contains("kind: WorkflowTemplate"), "{}", printed.stdout);
    assert_eq!(printed.stderr, "");
    let written = session.assay("render greeting --to template.yaml").exits(Exit::Done);
    assert_eq!(written.stdout, "");
    assert!(written.stderr.contains(" written to template.yaml"), "{}", written.stderr);
    assert_eq!(session.read("template.yaml"), printed.stdout);
    let mode = fs::metadata(session.path("template.yaml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    let json = session.assay("render greeting --output json").exits(Exit::Done).json();
    assert_eq!(json["template"], printed.stdout);
    assert!(printed.stdout.contains(json["name"].as_str().unwrap()));
}

#[test]
fn a_file_that_is_replaced_keeps_its_mode() {
    let session = Session::greeting();
    session.write("private.yaml", "old");
    fs::set_permissions(session.path("private.yaml"), fs::Permissions::from_mode(0o600)).unwrap();
    session.assay("render greeting --to private.yaml").exits(Exit::Done);
    assert_ne!(session.read("private.yaml"), "old");
    assert_eq!(fs::metadata(session.path("private.yaml")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_cannot_be_written_is_told() {
    let session = Session::greeting();
    session.write("file", "");
    session.assay("render greeting --to nowhere/template.yaml").exits(Exit::Io);
    session.assay("render greeting --to file/template.yaml").exits(Exit::Io);
    session.assay("render greeting --to greeting").exits(Exit::Io);
    session.assay("render greeting --to /proc/template.yaml").exits(Exit::Io);
    session.golden("render-unwritable");
}

#[test]
fn an_interruption_leaves_the_old_file() {
    let session = Session::greeting();
    session.write("template.yaml", "old\n");
    // The kernel ends the program as soon as it writes more than one block.
    let mut shell = session.place().command("sh");
    let output = session
        .place()
        .output(shell.args(["-c", "ulimit -f 1; exec assay render greeting --to template.yaml"]));
    assert_eq!(output.status.code(), None, "a signal ends it");
    assert_eq!(session.read("template.yaml"), "old\n");
}

#[test]
fn the_table_as_it_applies() {
    let session = Session::greeting();
    session.assay("mounts greeting").exits(Exit::Done);
    let json = session.assay("mounts greeting --output json").exits(Exit::Done).json();
    assert!(json.is_object(), "{json}");
    session.golden("mounts");
}

#[test]
fn the_operators_file_is_held_to_its_form() {
    let session = Session::greeting();
    session.write("bad.yaml", "claims: 7\n");
    session.assay("render greeting --operator bad.yaml").exits(Exit::OperatorInvalid);
    session.assay("render greeting --operator missing.yaml").exits(Exit::OperatorInvalid);
    session.assay("mounts greeting --operator bad.yaml").exits(Exit::OperatorInvalid);
    session.assay("audit greeting/assignment.yaml --operator bad.yaml").exits(Exit::OperatorInvalid);
    session.golden("operator");
}
