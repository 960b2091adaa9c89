//! What goes where: data on standard output, all else on standard error; colours; streams that are closed.

use std::process::Stdio;

use assay_contract::Exit;

use crate::session::Session;

/// What a shell makes of a line, and its exit code.
fn shell(session: &Session, line: &str) -> (String, String, Option<i32>) {
    let output = session.place().output(session.place().command("bash").args(["-c", line]));
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    let session = Session::greeting();
    for command in
        ["schema", "--help", "render greeting", "completions bash", "check greeting", "mounts greeting"]
    {
        let mut assay = session.place().command(env!("CARGO_BIN_EXE_assay"));
        assay.args(command.split(' ')).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = assay.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{command}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command}");
    }
    let (stdout, stderr, _) = shell(&session, "assay render greeting | head -1; exit ${PIPESTATUS[0]}");
    assert_eq!((stdout.lines().count(), stderr.as_str()), (1, ""));
}

#[test]
fn a_full_disk_is_an_error() {
    let (_, stderr, code) = shell(&Session::new(), "assay schema > /dev/full");
    assert_eq!(code, Some(i32::from(Exit::Io.code())));
    assert!(stderr.contains("cannot write to standard output"), "{stderr}");
}

#[test]
fn a_closed_standard_error_changes_nothing() {
    let session = Session::greeting();
    let (stdout, _, code) = shell(&session, "assay check greeting 2>&-");
    assert_eq!((stdout.lines().count(), code), (1, Some(0)));
    let (_, _, code) = shell(&session, "assay check nowhere 2>&-");
    assert_eq!(code, Some(i32::from(Exit::AssignmentFile.code())));
}

#[test]
fn notes_stay_away_from_data() {
    let session = Session::greeting();
    let tested = session.assay("test greeting --only shouts --output json").exits(Exit::Done);
    assert_eq!(tested.json()["met"], true);
    assert!(tested.stderr.contains("1 of 1: submissions/shouts"), "{}", tested.stderr);
    let missing = session.assay("try nowhere --output json").exits(Exit::Usage);
    assert_eq!(missing.stdout, "");
    assert!(missing.stderr.starts_with("error: "), "{}", missing.stderr);
}

#[test]
fn colours_are_for_terminals_unless_asked_for() {
    let session = Session::greeting();
    session.edit("greeting/assignment.yaml", "show: output", "show: all");
    const ESCAPE: char = '\u{1b}';
    for (environment, option, colours) in [
        ("", "", false),
        ("NO_COLOR=1", "", false),
        ("", "--color always", true),
        ("NO_COLOR=1", "--color always", true),
        ("", "--color never", false),
    ] {
        let (_, stderr, _) = shell(&session, &format!("{environment} assay check greeting {option}"));
        assert_eq!(stderr.contains(ESCAPE), colours, "{environment} {option}: {stderr}");
    }
    session.edit("greeting/assignment.yaml", "show: all", "show: output");
    let plain = session.assay("try greeting/submissions/broken").exits(Exit::Done).stdout;
    let coloured = session.assay("try greeting/submissions/broken --color always").exits(Exit::Done).stdout;
    assert!(!plain.contains(ESCAPE) && coloured.contains(ESCAPE));
    let json =
        session.assay("try greeting/submissions/broken --color always --output json").exits(Exit::Done);
    assert!(!json.stdout.contains(ESCAPE));
}

#[test]
fn on_a_terminal_colours_are_on_unless_refused() {
    let session = Session::greeting();
    let typed = |environment: &str| {
        let line = format!("{environment} assay try greeting/submissions/broken");
        // util-linux's `script` gives it a terminal.
        let mut command = session.place().command("script");
        command.env("TERM", "xterm").args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        String::from_utf8(session.place().output(&mut command).stdout).unwrap()
    };
    assert!(typed("").contains("\u{1b}[31mbuild-failed"));
    assert!(!typed("NO_COLOR=1").contains("\u{1b}[31m"));
}
