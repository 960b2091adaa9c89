//! What a program of a student's can read, in its build and in its cases: nothing that it was not given.

use assay_contract::{Exit, Volume};
use assay_tests::bench::{Bench, Kept};
use assay_tests::program::Who;
use libtest_mimic::Trial;

use super::canaries::{INPUT, Kind, Secrets, WORDS};
use super::curious::Curious;
use super::told::files_below;

pub(super) fn trials() -> Vec<Trial> {
    trials![
        t4_t7_v1_f2_no_secret_is_where_a_build_or_a_program_could_read_it,
        t4_no_guess_is_confirmed_beside_a_programs_own_input,
    ]
}

fn t4_t7_v1_f2_no_secret_is_where_a_build_or_a_program_could_read_it() {
    for who in Who::all() {
        let curious = Curious::new(*who);
        let submission = curious.submission("true");
        let (attempt, kept) = curious.attempt_and_keep(&submission, &["--at", "2026-06-01 00:00"]);
        attempt.finished.ended(Exit::Done);
        let secrets = Secrets::of_programs().and_key(attempt.key);
        // All that untrusted stages mount, and all that programs printed.
        for volume in [Volume::SetupConfiguration, Volume::Submission, Volume::Verification, Volume::Testing]
        {
            let files = files_below(&kept.volume(volume));
            assert!(!files.is_empty(), "{volume}");
            for (path, content) in files {
                secrets.are_not_in(&path, path.as_bytes());
                secrets.are_not_in(&format!("{volume}/{path}"), &content);
            }
        }
        programs_looked(&kept);
        the_answers_were_there(&kept);
    }
}

/// Landlock takes files away, not the answer to whether there is one, nor the name of what a program was given.
const GUESSES: &str = r#"
import hashlib, os
own = os.readlink("/proc/self/fd/0")
folder, name = os.path.split(own)
confirmed = 0
for guess in ["a guess", "a guess\n", "guessed in a file", "guessed in a file\n"]:
    digest = hashlib.sha256(guess.encode()).hexdigest()
    parent = os.path.dirname(folder)
    for path in [f"{folder}/{digest}", f"{parent}/{digest}", own.replace(name, digest), f"{own}/../{digest}"]:
        try:
            confirmed += os.stat(path).st_size > 0
        except OSError:
            pass
print("own input", "seen," if os.stat(own).st_size == len(os.read(0, 100)) else "unseen,", confirmed, "guesses confirmed")
"#;

fn t4_no_guess_is_confirmed_beside_a_programs_own_input() {
    let bench = Bench::new(
        Who::Caller,
        r#"
submit: {required: [main.py], allowed: ["*.py"], size: 64Ki}
test:
  mode: sealed
  run: python3 main.py
  cases:
    - {name: shown, stdin: of one's own, stdout: "own input seen, 0 guesses confirmed", points: 1, show: diff}
    - {name: hidden, stdin: a guess, stdout: x, points: 1, show: nothing}
    - {name: of a file, stdin: {file: guess.in}, stdout: x, points: 1, show: nothing}
"#,
    );
    bench.write("guess.in", "guessed in a file\n");
    let finished = bench.attempt(&bench.submission("guesses", "main.py", GUESSES), &[]);
    finished.ended(Exit::Done).case("shown", "passed");
}

/// A program that saw nothing must have looked; that of another case must not have seen the hidden input.
#[track_caller]
fn programs_looked(kept: &Kept) {
    let log = String::from_utf8_lossy(&kept.file(Volume::Verification, "log")).into_owned();
    let [open, verdict, hidden] = [0, 8, 9].map(|case| kept.stdout(case));
    for (what, text) in [("the build", &log), ("the first case", &open)] {
        for seen in ["environment {", "nodename=", "/mountinfo b'"] {
            assert!(text.contains(seen), "{what} did not see {seen}: {text}");
        }
    }
    assert!(open.contains("open input"), "{open}");
    assert!(hidden.contains(INPUT), "{hidden}");
    let inputs = Secrets::of(|kind| matches!(kind, Kind::Input | Kind::InputUntilDue));
    for (what, text) in [("the build", log), ("the first case", open), ("another case", verdict)] {
        inputs.are_not_in(what, text.as_bytes());
    }
}

/// The secrets were there to be found; the salt is needed by nobody once it has gone into the revision, nor is the name of a
/// file once its content is known.
#[track_caller]
fn the_answers_were_there(kept: &Kept) {
    let files = files_below(&kept.volume(Volume::PrivateResults));
    let private: Vec<u8> = files.into_iter().flat_map(|(_, content)| content).collect();
    let private = String::from_utf8_lossy(&private);
    for (kind, word) in WORDS {
        let gone = ["badc0ffee0ddf00d", "73217649", "canary-path"].contains(&word);
        if matches!(kind, Kind::Hidden | Kind::UntilDue) && !gone {
            assert!(private.contains(word), "{word} is not among the answers");
        }
    }
}
