//! `assay try`.

use std::fs;
use std::path::Path;
use std::process::Command;

use assay_contract::{Exit, Volume, layout};

use crate::session::Session;

fn tried(golden: &str, arguments: &str, exit: Exit) {
    let session = Session::greeting();
    session.assay(&format!("try greeting/submissions/{arguments}")).exits(exit);
    session.golden(&format!("try-{golden}"));
}

#[test]
fn a_solution() {
    tried("solution", "solution", Exit::Done);
}

#[test]
fn a_difference_shows_blanks_and_line_ends() {
    tried("blanks", "blanks", Exit::Done);
}

#[test]
fn a_build_that_fails_shows_its_log() {
    tried("broken", "broken", Exit::Done);
}

#[test]
fn a_crash() {
    tried("crashes", "crashes", Exit::Done);
}

#[test]
fn a_refusal() {
    tried("refused", "extra", Exit::SubmissionRefused);
}

#[test]
fn what_the_student_sees() {
    tried("student", "blanks --student", Exit::Done);
}

#[test]
fn what_the_student_sees_of_a_build_that_fails() {
    tried("student-broken", "broken --student", Exit::Done);
}

#[test]
fn what_the_student_sees_once_it_is_due() {
    tried("student-due", "shouts --student --at 2026-03-17T10:00", Exit::Done);
}

#[test]
fn what_the_stages_say() {
    tried("log", "solution --log", Exit::Done);
}

#[test]
fn a_run_for_programs() {
    tried("json", "blanks --output json", Exit::Done);
}

#[test]
fn a_student_result_for_programs() {
    tried("student-json", "shouts --student --output json", Exit::Done);
}

#[test]
fn late_hand_ins_lose_marks_or_are_refused() {
    let session = Session::greeting();
    let at = |time: &str| session.assay_with(&["try", "greeting/submissions/solution", "--at", time]);
    at("2026-03-17 10:00").exits(Exit::Done);
    at("2026-03-18 23:59:30").exits(Exit::Done);
    at("2026-03-25 10:00").exits(Exit::SubmissionRefused);
    at("2026-03-01 10:00").exits(Exit::SubmissionRefused);
    at("next week").exits(Exit::Usage);
    session.golden("try-late");
}

#[test]
fn marks_that_are_not_as_expected_fail() {
    let session = Session::greeting();
    session.edit("greeting/assignment.yaml", "shouts: {points: 2,", "shouts: {points: 1,");
    session.assay("try greeting/submissions/shouts").exits(Exit::MarksDiffer);
    // Nothing is said of a submission elsewhere.
    fs::rename(session.path("greeting/submissions/shouts"), session.path("elsewhere")).unwrap();
    session.edit(
        "greeting/assignment.yaml",
        "  submissions/shouts: {points: 1, verdict: wrong-output}\n",
        "",
    );
    session.assay("try elsewhere --assignment greeting").exits(Exit::Done);
    session.golden("try-expected");
}

#[test]
fn a_folder_a_zip_and_a_file_are_the_same_submission() {
    let session = Session::greeting();
    session.write("work/greet.sh", session.read("greeting/submissions/shouts/greet.sh"));
    // Tools leave these behind; nobody means to hand them in.
    session.write("work/.git/config", "x");
    session.write("work/.DS_Store", "x");
    let zipped = Command::new("zip")
        .args(["-q", "../work.zip", "greet.sh"])
        .current_dir(session.path("work"))
        .status()
        .unwrap();
    assert!(zipped.success());
    let run = |submission: &str| {
        let ended = session.assay(&format!("try {submission} -a greeting --output json")).exits(Exit::Done);
        let mut report = ended.json();
        let report = report.as_object_mut().unwrap();
        for differs in ["submission", "digest", "measured_stages"] {
            report.remove(differs).unwrap();
        }
        for part in report["cases"].as_array_mut().unwrap() {
            part.as_object_mut().unwrap().remove("measured").unwrap();
        }
        report["build"].as_object_mut().unwrap().remove("measured").unwrap();
        serde_json::to_string_pretty(&report).unwrap()
    };
    let folder = run("work");
    assert!(folder.contains("\"verdict\": \"wrong-output\""), "{folder}");
    assert_eq!(run("work.zip"), folder);
    assert_eq!(run("work/greet.sh"), folder);
}

#[test]
fn the_nearest_assignment_above_is_taken() {
    let session = Session::greeting();
    session.write("greeting/deep/er/greet.sh", session.read("greeting/submissions/solution/greet.sh"));
    let found = session.assay("try greeting/deep/er").exits(Exit::Done);
    assert!(found.stdout.starts_with("tests/greeting revision "), "{}", found.stdout);
    session.write("alone/greet.sh", "");
    session.assay("try alone").exits(Exit::AssignmentFile);
}

#[test]
fn what_cannot_be_tried_is_told() {
    let session = Session::greeting();
    fs::create_dir(session.path("greeting/empty")).unwrap();
    fs::create_dir(session.path("greeting/linked")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", session.path("greeting/linked/greet.sh")).unwrap();
    session.write("greeting/letter.zip", "Dear tutor, this is no zip.\n");
    session.assay("try nowhere").exits(Exit::Usage);
    session.assay("try nowhere --assignment greeting").exits(Exit::Usage);
    session.assay("try greeting/submissions/solution --assignment nowhere").exits(Exit::AssignmentFile);
    session.assay("try greeting/empty").exits(Exit::SubmissionRefused);
    session.assay("try greeting/linked").exits(Exit::SubmissionRefused);
    session.assay("try greeting/letter.zip").exits(Exit::SubmissionRefused);
    session.assay("try greeting/submissions/solution --rootfs nowhere").exits(Exit::Usage);
    session.assay("try greeting/submissions/solution --toolchain nowhere").exits(Exit::Usage);
    session.assay("try greeting/submissions/solution --keep greeting").exits(Exit::Io);
    session.golden("try-cannot");
}

#[test]
fn everything_is_kept_where_it_is_asked_for() {
    let session = Session::greeting();
    session.assay("try greeting/submissions/shouts --keep kept").exits(Exit::Done);
    for volume in assay_contract::Volume::ALL {
        assert!(session.path("kept").join(volume.id()).is_dir(), "{volume}");
    }
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    assert_eq!(read(&session.path("kept/testing/case-001/stdout")), "HELLO, Ada!\n");
}

#[test]
fn the_page_that_the_student_gets_is_written_where_it_is_asked_for() {
    let session = Session::greeting();
    session.write("page.html", "what was there");
    session.assay("try greeting/submissions/blanks --page page.html --keep kept").exits(Exit::Done);
    let page = session.read("page.html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("Wrong output"), "{page}");
    let jobs = session.path("kept").join(Volume::Student.id()).join(".assay/tests/greeting");
    let job = fs::read_dir(jobs).unwrap().next().unwrap().unwrap().path();
    assert_eq!(fs::read_to_string(job.join(layout::STUDENT_PAGE)).unwrap(), page);

    session.assay("try greeting/submissions/extra --page page.html").exits(Exit::SubmissionRefused);
    let page = session.read("page.html");
    assert!(page.contains("Refused") && page.contains("cannot be handed in"), "{page}");
    session.assay("try greeting/submissions/blanks --page nowhere/page.html").exits(Exit::Io);
}
