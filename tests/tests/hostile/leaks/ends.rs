//! All that a student gets of a job, however it ends on this machine.

use std::path::{Path, PathBuf};

use assay_contract::configuration::TestConfiguration;
use assay_contract::{CaseId, Exit, Volume};
use assay_tests::bench::Kept;
use assay_tests::program::Who;
use libtest_mimic::Trial;

use super::canaries::Secrets;
use super::curious::{Curious, LIMITS, LOOKED_ON};
use super::told::Told;
use crate::builder::{Entry, Zip};

pub(super) fn trials() -> Vec<Trial> {
    trials![
        t4_t5_f2_a_graded_student_gets_no_secret_whatever_limit_a_case_hits,
        v1_v2_f2_a_student_whose_build_failed_gets_no_secret,
        s7_s10_f2_a_student_who_was_refused_gets_no_secret,
        f2_f6_o4_a_student_whom_the_system_failed_gets_no_secret,
    ]
}

const ON_TIME: &str = "2026-06-01 00:00";

fn t4_t5_f2_a_graded_student_gets_no_secret_whatever_limit_a_case_hits() {
    for who in Who::all() {
        let curious = Curious::new(*who);
        let end = End { exit: Exit::Done, says: r#""verdict": "wrong-output""#, at: ON_TIME };
        let document = end.of(&curious, &curious.submission("true"));
        for (name, verdict) in LIMITS {
            let case = document["cases"].as_array().expect("cases").iter().find(|case| case["name"] == name);
            assert_eq!(case.expect("it is shown")["verdict"], verdict, "{name} in {document:#}");
        }
    }
}

/// What a compiler and an interpreter say of mistakes: both name files, and print what they were told to.
const MISTAKEN: &str = r#"
cat >mistaken.c <<'END'
#include "/volumes/submission/plan.json"
#include "nowhere.h"
int main(void) { return __FILE__; }
END
gcc -v -H -E mistaken.c
gcc -g -c "$PWD/mistaken.c"
python3 "$PWD/absent.py"
env; pwd; id; mount; df -a; set
"#;

fn v1_v2_f2_a_student_whose_build_failed_gets_no_secret() {
    let curious = Curious::new(Who::Caller);
    for (rest, says) in [
        (format!("{MISTAKEN}\nexit 1"), "the build ended with status 1"),
        ("while :; do cat look.py main.py; done".into(), "the build wrote more output than allowed"),
        ("kill -9 $$".into(), "the build was ended by SIGKILL"),
        ("mkfifo fifo".into(), "what the build left cannot be used"),
    ] {
        let end = End { exit: Exit::Done, says, at: ON_TIME };
        let document = end.of(&curious, &curious.submission(&rest));
        assert_eq!(document["conclusion"]["verdict"], "build-failed", "{document:#}");
    }
}

fn s7_s10_f2_a_student_who_was_refused_gets_no_secret() {
    let curious = Curious::new(Who::Caller);
    let good = curious.submission("true");
    // Digits that no packer makes smaller than half.
    let mut seed = 1_u64;
    let mut digit = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from_digit(u32::try_from(seed >> 60).expect("4 bits"), 16).expect("a digit")
    };
    let large: String = (0..300_000).map(|_| digit()).collect();
    let folder = |name: &str, files: &[(&str, &str)]| -> PathBuf {
        for (file, content) in files {
            curious.write(&format!("{name}/{file}"), content);
        }
        curious.folder(name)
    };
    let outside = Zip::of([Entry::file("../main.py", "x")]).build();
    let mut damaged = Zip::of([Entry::file("main.py", "x"), Entry::file("build.sh", "x")]).build();
    damaged.truncate(damaged.len() - 10);
    for (submission, at, says) in [
        (good.clone(), "2026-08-01 00:00", "the time for late ones is over too"),
        (good, "2025-12-01 00:00", "submissions are taken from"),
        (folder("partly", &[("main.py", "pass")]), ON_TIME, "build.sh"),
        (folder("more", &[("notes.txt", "mine")]), ON_TIME, "cannot be handed in"),
        (folder("large", &[("main.py", &large)]), ON_TIME, "64"),
        (curious.write("damaged.zip", &damaged), ON_TIME, "zip"),
        (curious.write("none.zip", "no zip"), ON_TIME, "zip"),
        (curious.write("outside.zip", &outside), ON_TIME, "main.py"),
    ] {
        let end = End { exit: Exit::SubmissionRefused, says, at };
        let document = end.of(&curious, &submission);
        assert_eq!(document["conclusion"]["verdict"], "refused", "{document:#}");
    }
}

fn f2_f6_o4_a_student_whom_the_system_failed_gets_no_secret() {
    let curious = Curious::new(Who::Caller);
    let submission = curious.submission("true");
    let forbid = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
    // One program can look on only, so it is the one that refuses what is asked of storage.
    let refuse = |fault| {
        [
            "strace",
            "-f",
            "-qq",
            "-x",
            "-y",
            "-s",
            "64",
            "-e",
            "trace=read,linkat,fsync",
            "-e",
            fault,
            "-o",
            "key",
        ]
        .to_vec()
    };
    let and = |more: &[&'static str]| [&LOOKED_ON[..], more].concat();
    for (before, exit, says) in [
        (
            and(&["unshare", "-Ur", "sh", "-c", forbid, "sh"]),
            Exit::IsolationUnavailable,
            "does not let this account make user namespaces",
        ),
        // Setup fails of the one, Results of the other too.
        (refuse("inject=linkat:error=EIO"), Exit::Done, "could not be set up for grading"),
        (refuse("inject=fsync:error=ENOSPC"), Exit::StageFailed, "the job came to no result"),
        // What is written is more than the engine's inner process may write.
        (and(&["prlimit", "--fsize=100000"]), Exit::StageFailed, "could not be run"),
    ] {
        for format in ["json", "text"] {
            let attempt = curious.attempt(&before, &submission, &["--at", ON_TIME, "--output", format]);
            attempt.finished.ended(exit);
            let told = Told::by(before.join(" "), &attempt.finished);
            told.says(says);
            told.holds_none_of(&Secrets::of_students().and_key(attempt.key));
        }
    }
}

/// And where inputs lie that are not shown, under names that only the key's owner can come to.
fn with_places_of_inputs(secrets: Secrets, kept: &Kept) -> Secrets {
    let Some(TestConfiguration { files, test, .. }) = kept.plan() else { return secrets };
    // Whose program finds out where its own input lies, and is shown.
    let shown = test.cases.iter().find(|case| case.id == CaseId::at(0)).and_then(|case| case.stdin.clone());
    let hidden = files.iter().filter(|(content, _)| shown.as_ref() != Some(content));
    hidden.fold(secrets, |secrets, (content, place)| secrets.and(content.as_str()).and(place))
}

/// How a job ends.
struct End<'a> {
    exit: Exit,
    /// What the student is told of it.
    says: &'a str,
    at: &'a str,
}

impl End<'_> {
    /// The document that the student is shown, after all that the student gets was searched.
    #[track_caller]
    fn of(&self, curious: &Curious, submission: &Path) -> serde_json::Value {
        let more = ["--at", self.at];
        let (attempt, kept) = curious.attempt_and_keep(submission, &more);
        let secrets =
            || if self.at > "2026-07" { Secrets::of_students_when_due() } else { Secrets::of_students() };
        let of_this_run = with_places_of_inputs(secrets().and_key(attempt.key), &kept);
        let claim = Told::in_claim(self.says, &kept.volume(Volume::Student));
        claim.holds_none_of(&of_this_run);
        claim.says(self.says);
        let as_document = Told::by(self.says, &attempt.finished);
        as_document.holds_none_of(&of_this_run);
        attempt.finished.ended(self.exit);

        let in_words = curious.attempt(&LOOKED_ON, submission, &more);
        in_words.finished.ended(self.exit);
        Told::by(self.says, &in_words.finished).holds_none_of(&secrets().and_key(in_words.key));
        attempt.finished.document()
    }
}
