//! `assay new`.

use std::fs;
use std::path::Path;

use assay_contract::Exit;

use crate::session::Session;

/// The files below a folder, by their names in order.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|below| format!("{name}/{below}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

/// Makes an assignment and demands that it works at once.
fn works_at_once(language: &str, source: &str) {
    let session = Session::new();
    session.assay(&format!("new Sums --language {language}")).exits(Exit::Done);
    let sources = ["solution", "starter", "wrong-sum"].map(|sample| format!("submissions/{sample}/{source}"));
    let hidden = ["large.in", "large.out", "plain.in", "plain.out"].map(|name| format!("hidden/{name}"));
    let mut expected = vec!["assignment.yaml".to_owned()];
    expected.extend(hidden.into_iter().chain(sources));
    assert_eq!(files(&session.path("Sums")), expected);
    session.assay("check Sums").exits(Exit::Done);
    session.assay("test Sums").exits(Exit::Done);
    session.golden(&format!("new-{language}"));
}

#[test]
fn an_assignment_in_c_works_at_once() {
    works_at_once("c", "sum.c");
}

#[test]
fn an_assignment_in_python_works_at_once() {
    works_at_once("python", "sum.py");
}

#[test]
fn an_assignment_in_java_works_at_once() {
    works_at_once("java", "Sum.java");
}

#[test]
fn two_assignments_have_different_salts() {
    let session = Session::new();
    let salt = |folder: &str| {
        session.assay(&format!("new {folder} --id course/sums")).exits(Exit::Done);
        let text = session.read(&format!("{folder}/assignment.yaml"));
        text.lines().find(|line| line.starts_with("salt: ")).unwrap().to_owned()
    };
    let (one, two) = (salt("one"), salt("two"));
    assert_ne!(one, two);
    assert_eq!(one.len(), "salt: ".len() + 32);
}

#[test]
fn the_id_is_given_or_taken_from_the_folder() {
    let session = Session::new();
    session.assay("new one --id comp10002/sums").exits(Exit::Done);
    session.assay("new deep/er/two").exits(Exit::Done);
    assert!(session.read("one/assignment.yaml").contains("\nid: comp10002/sums\n"));
    assert!(session.read("deep/er/two/assignment.yaml").contains("\nid: course/two\n"));
    session.assay("new three --id sums").exits(Exit::Usage);
    session.assay("new three --id Comp/Sums").exits(Exit::Usage);
    session.assay_with(&["new", "under score"]).exits(Exit::Usage);
    session.assay("new ..").exits(Exit::Usage);
    assert!(!session.path("three").exists() && !session.path("under score").exists());
    session.golden("new-id");
}

#[test]
fn nothing_is_written_over() {
    let session = Session::new();
    session.write("there/notes.txt", "mine");
    session.write("file", "mine");
    fs::create_dir(session.path("empty")).unwrap();
    session.assay("new there --id course/sums").exits(Exit::Usage);
    session.assay("new file --id course/sums").exits(Exit::Usage);
    session.assay("new empty --id course/sums").exits(Exit::Done);
    assert_eq!(files(&session.path("there")), ["notes.txt"]);
    assert_eq!(session.read("file"), "mine");
    session.golden("new-there");
}
