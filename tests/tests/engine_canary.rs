//! Row T4 of the threats, and what the design says of answers: words planted among the secrets of an assignment appear nowhere
//! where a student, or a student's program, could read them.

use std::fs;
use std::path::Path;

use assay_contract::{Exit, Volume};
use assay_tests::bench::Bench;
use assay_tests::program::Who;

/// What only authors and tutors may see.
const SECRETS: [&str; 8] = [
    "canary-answer-inline",
    "canary-answer-file",
    "canary-answer-verdict",
    "canary-name",
    "canary-group",
    "canary-path",
    "73217.649",
    "badc0ffee0ddf00d",
];

/// What a hidden case is given: its program may see it, the student and the other cases may not.
const HIDDEN_INPUT: &str = "canary-input";

const ASSIGNMENT: &str = r#"apiVersion: assay.dev/v1
id: tests/canary
title: Canary
salt: badc0ffee0ddf00dbadc0ffee0ddf00d
image: registry.example.edu/hub/singleuser:2026.1
submit: {required: [main.py], allowed: ["*.py"], size: 1Mi}
schedule: {zone: UTC, due: 2026-03-16 12:00, late: {penalty: 10% per day, until: 3 days}}
build: {run: python3 main.py, limits: {output: 64Mi}}
test:
  mode: sealed
  run: python3 main.py
  limits: {cpu: 20s, output: 64Mi}
  cases:
    - {name: open, stdin: open input, stdout: something, points: 1, show: diff}
    - {name: of which the verdict, stdout: canary-answer-verdict, points: 1.5, show: verdict}
    - {name: canary-name, stdin: canary-input, stdout: canary-answer-inline, points: 73217.649, show: nothing}
    - {name: canary-name-too, stdout: canary-answer-inline-too, points: 1.111, show: nothing}
    - {group: canary-group, stdin: {files: canary-path-*.in}, stdout: {files: canary-path-*.out}, points: 1.391, show: diff, from: due}
samples: {submissions/curious: 0}
"#;

/// Prints all that it is given, and all that it can read outside of the toolchain.
const CURIOUS: &str = r#"
import os, sys
def show(title, content):
    print(title, content)
    print(title, content, file=sys.stderr)
show("arguments", sys.argv)
show("environment", dict(os.environ))
show("input", sys.stdin.read())
for root in ["/volumes", "/proc/self", f"/proc/{os.getpid()}", "/proc/1", "/tmp", "/var", "/run", "/home", "/root", "/srv", "/mnt", "/dev/shm",
             "/assay-stage", "/etc/hostname", "/etc/hosts", "/etc/passwd", "..", "../..", "../../.."]:
    for folder, _, names in os.walk(root) if os.path.isdir(root) else [(os.path.dirname(root), [], [os.path.basename(root)])]:
        for name in names:
            path = os.path.join(folder, name)
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
                show(path, os.read(descriptor, 20000))
                os.close(descriptor)
            except OSError:
                pass
"#;

#[track_caller]
fn holds_no_secret(what: &str, text: &[u8], secrets: &[&str]) {
    for secret in secrets {
        let held = text.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!held, "{what} holds {secret}: {}", String::from_utf8_lossy(text));
    }
}

/// Every file below `folder`: its path and its content.
fn files_below(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a kept volume can be listed") {
        let path = entry.expect("a kept volume can be listed").path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push((path.display().to_string(), fs::read(&path).expect("a kept file can be read")));
        }
    }
    found
}

fn bench(who: Who) -> Bench {
    let bench = Bench::empty(who);
    bench.write("assignment.yaml", ASSIGNMENT);
    bench.write("canary-path-1.in", "canary-input-of-a-file\n");
    bench.write("canary-path-1.out", "canary-answer-file\n");
    bench.submission("curious", "main.py", CURIOUS);
    bench
}

#[test]
fn secrets_of_an_assignment_are_nowhere_where_a_student_or_a_program_could_read_them() {
    for who in Who::all() {
        let bench = bench(*who);
        let submission = bench.submitted("curious");
        let (finished, kept) = bench.attempt_and_keep(&submission, &["--student"]);
        finished.ended(Exit::Done);
        let of_students = [&SECRETS[..], &[HIDDEN_INPUT]].concat();
        holds_no_secret("the student's result", finished.stdout.as_bytes(), &of_students);
        for (path, content) in files_below(&kept.volume(Volume::Student)) {
            holds_no_secret(&path, path.rsplit("kept").next().unwrap_or_default().as_bytes(), &of_students);
            holds_no_secret(&path, &content, &of_students);
        }
        // All that untrusted stages mount, and all that programs printed.
        for volume in [Volume::SetupConfiguration, Volume::Submission, Volume::Verification, Volume::Testing]
        {
            let files = files_below(&kept.volume(volume));
            assert!(!files.is_empty(), "{volume}");
            for (path, content) in files {
                holds_no_secret(&path, path.rsplit("kept").next().unwrap_or_default().as_bytes(), &SECRETS);
                holds_no_secret(&path, &content, &SECRETS);
            }
        }
        assert!(
            kept.stdout(0).contains("open input") && kept.stdout(2).contains(HIDDEN_INPUT),
            "programs see their input"
        );
        holds_no_secret("the program of another case", kept.stdout(0).as_bytes(), &[HIDDEN_INPUT]);
        holds_no_secret("the program of another case", kept.stdout(1).as_bytes(), &[HIDDEN_INPUT]);

        // The secrets were there to be found; the salt is needed by nobody once it has gone into the revision.
        let private: Vec<u8> = files_below(&kept.volume(Volume::PrivateResults))
            .into_iter()
            .flat_map(|(_, bytes)| bytes)
            .collect();
        let private = String::from_utf8_lossy(&private);
        for secret in
            ["canary-answer-inline", "canary-answer-file", "canary-name", "canary-group", "73217.649"]
        {
            assert!(private.contains(secret), "{secret} is not among the answers");
        }
    }
}

#[test]
fn what_the_student_is_shown_in_words_holds_no_secret_before_or_after_the_due_date() {
    let bench = bench(Who::Caller);
    let submission = bench.submitted("curious");
    let folder = bench.assignment();
    for (at, secrets) in [
        ("2026-03-16 11:00", [&SECRETS[..], &[HIDDEN_INPUT]].concat()),
        // The group is shown now, with its input and its answer; the hidden case is not.
        (
            "2026-03-16 13:00",
            vec![
                "canary-answer-inline",
                "canary-answer-verdict",
                "canary-name",
                "73217.649",
                "badc0ffee0ddf00d",
            ],
        ),
    ] {
        let args = [
            "try",
            submission.to_str().expect("UTF-8"),
            "--assignment",
            folder.to_str().expect("UTF-8"),
            "--student",
            "--at",
            at,
        ];
        let finished = bench.run(args);
        finished.ended(Exit::Done);
        holds_no_secret(at, finished.stdout.as_bytes(), &secrets);
        assert!(finished.stdout.contains("not shown"), "{}", finished.stdout);
    }
}
