//! Hostile zips, handed in through `assay try`: rows I1, I2 and S3 to S11 of the threats. What each part of the reader
//! refuses is tested beside it; here it is shown that a refusal ends the whole run as it should.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::builder::{Entry, Form, Header, Zip, deflated, extra};
use assay_contract::{Exit, Volume, layout};
use assay_tests::bench::{Bench, finish};
use assay_tests::finished::Finished;
use assay_tests::program::Who;
use libtest_mimic::Trial;
use serde_json::Value;

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        s3_names_that_lead_out_are_refused,
        s4_s5_links_and_special_files_are_refused_and_special_bits_dropped,
        s6_bombs_are_stopped_and_a_zip_in_a_zip_stays_a_file,
        s7_too_much_of_anything_is_refused,
        s8_names_that_clash_or_mislead_are_refused,
        s9_zips_that_two_readers_would_read_differently_are_refused,
        s10_damaged_and_encrypted_zips_are_refused,
        s11_a_zip_with_nothing_to_grade_is_refused,
        i1_names_that_look_like_templates_or_documents_stay_names,
        i1_names_that_a_terminal_would_obey_are_shown_as_text,
        i2_what_an_assignment_may_not_ask_for_is_refused_by_its_path_and_nothing_runs,
    ]
}

const ASSIGNMENT: &str = r#"
submit: {required: [answer.txt], allowed: ["**"], size: 2Mi, unpacked: 4Mi, files: 50}
test:
  mode: sealed
  run: cat answer.txt
  compare: exact
  cases:
    - {name: the answer, stdout: "42\n", points: 1, show: diff}
    - {name: no special bits, run: find . -perm /7000, stdout: "", points: 1, show: diff}
samples: {submissions/solution: 2}
"#;

/// What a name that leads out would make.
const ESCAPED: &str = "assay-test-escaped";

struct Intake(Bench);

impl Intake {
    fn new() -> Intake {
        let bench = Bench::new(Who::Caller, ASSIGNMENT);
        bench.submission("solution", "answer.txt", "42\n");
        Intake(bench)
    }

    /// Hands in `zip` and asserts that it is refused with `code`, that nothing of it is left in any volume but its
    /// snapshot, and that the student is told in a line.
    #[track_caller]
    fn refuses(&self, zip: impl AsRef<[u8]>, code: &str) {
        let zip = self.0.write("hostile.zip", zip);
        let (finished, kept) = self.0.attempt_and_keep(&zip, &[]);
        finished.ended(Exit::SubmissionRefused).graded("refused", 0.0);
        let document = finished.document();
        assert_eq!(kept.refusal(), code, "{document:#}");
        assert_eq!(document["fault"], "student");
        assert_eq!(
            fs::read_dir(kept.volume(Volume::Submission)).expect("it is kept").count(),
            0,
            "{code}: left over"
        );
        for volume in [Volume::Verification, Volume::Testing] {
            assert_eq!(
                fs::read_dir(kept.volume(volume)).expect("it is kept").count(),
                0,
                "{code}: something ran"
            );
        }
        let message = status_message(&kept.volume(Volume::Student));
        assert_eq!(document["reason"], format!("the submission was refused: {code}"));
        assert_eq!(document["refusal"], message.as_str(), "it is told here as it is told the student");
        assert!(message.len() < 1_000 && !message.chars().any(char::is_control), "{code}: {message:?}");
        for place in ["/", "/tmp", "/volumes", "/etc"] {
            assert!(fs::symlink_metadata(Path::new(place).join(ESCAPED)).is_err(), "{code}: it left {place}");
        }
    }

    #[track_caller]
    fn refuses_entries(&self, entries: impl IntoIterator<Item = Entry>, code: &str) {
        self.refuses(Zip::of(entries).build(), code);
    }

    #[track_caller]
    fn accepts(&self, entries: impl IntoIterator<Item = Entry>) -> Finished {
        let zip = self.0.write("good.zip", Zip::of(entries).build());
        let finished = self.0.attempt(&zip, &[]);
        finished.ended(Exit::Done).graded("passed", 2.0);
        finished
    }
}

/// What the student is told of the one job in `student`.
fn status_message(student: &Path) -> String {
    let jobs = student.join(".assay/tests/engine");
    let mut jobs = fs::read_dir(&jobs).expect("the student is told something");
    let job = jobs.next().expect("there is a job").expect("it can be listed").path();
    let status = fs::read_to_string(job.join(layout::STATUS)).expect("the student is told something");
    let status: Value = serde_json::from_str(&status).expect("it is a document");
    status["message"].as_str().expect("it has a message").to_owned()
}

fn answer() -> Entry {
    Entry::file("answer.txt", "42\n")
}

fn s3_names_that_lead_out_are_refused() {
    let intake = Intake::new();
    for name in [
        format!("../{ESCAPED}"),
        format!("../../../../tmp/{ESCAPED}"),
        format!("a/../../{ESCAPED}"),
        format!("/tmp/{ESCAPED}"),
        format!("//{ESCAPED}"),
        format!("C:\\{ESCAPED}"),
        format!("..\\{ESCAPED}"),
        format!("./{ESCAPED}"),
        format!("a/../{ESCAPED}"),
    ] {
        intake.refuses_entries([answer(), Entry::file(&name, "out")], "path-traversal");
    }
    intake.refuses_entries([answer(), Entry::file("a//b", "x")], "bad-name");
    intake.0.grades_a_good_one();
}

fn s4_s5_links_and_special_files_are_refused_and_special_bits_dropped() {
    let intake = Intake::new();
    for target in ["/etc/passwd", "/proc/self/environ", "../../private-results", "answer.txt"] {
        intake.refuses_entries([answer(), Entry::stored("link", target).mode(0o120_777)], "link-entry");
    }
    let folder = Entry::stored("d", "/tmp").mode(0o120_777);
    intake.refuses_entries([answer(), folder, Entry::file(format!("d/{ESCAPED}"), "x")], "link-entry");
    let hard = extra(0x000d, b"\0\0\0\0\0\0\0\0\0\0\0\0/etc/passwd");
    intake.refuses_entries([answer().both(|header| header.extra.clone_from(&hard))], "link-entry");
    for mode in [0o010_644, 0o020_644, 0o060_644, 0o140_644] {
        intake.refuses_entries([answer(), Entry::stored("special", "").mode(mode)], "special-file");
    }
    intake.accepts([answer().mode(0o107_755)]);
    intake.0.grades_a_good_one();
}

fn s6_bombs_are_stopped_and_a_zip_in_a_zip_stays_a_file() {
    let intake = Intake::new();
    let zeros = vec![0; 64 << 20];
    intake.refuses_entries([answer(), Entry::file("bomb", &zeros)], "too-large");
    for size in [0, 10] {
        let lies = Entry::file("bomb", &zeros).both(|header: &mut Header| header.size = size);
        intake.refuses_entries([answer(), lies], "header-mismatch");
    }
    let many: Vec<_> = (0..45).map(|n| Entry::file(format!("f{n}"), &zeros[..100 << 10])).collect();
    intake.refuses_entries(many, "too-large");
    let kernel = Entry::file("a", &zeros[..100_000]);
    let again = kernel.clone().with(|entry| {
        entry.in_body = false;
        entry.central.name = b"b".to_vec();
        entry.offset = Some(0);
    });
    intake.refuses_entries([kernel, again], "overlap");

    let inner = Zip::of([Entry::file(format!("../{ESCAPED}"), &zeros)]).build();
    intake.accepts([answer(), Entry::stored("inner.zip", inner)]);
    intake.0.grades_a_good_one();
}

fn s7_too_much_of_anything_is_refused() {
    let intake = Intake::new();
    let claims = Zip::of([answer()]).with(|zip| {
        zip.end64 = Some(Box::new(|end| (end.entries, end.entries_here) = (1_000_000, 1_000_000)));
        zip.end = Some(Box::new(|end| (end.entries, end.entries_here) = (u16::MAX, u16::MAX)));
    });
    intake.refuses(claims.build(), "too-many-files");
    intake.refuses_entries((0..51).map(|n| Entry::stored(format!("f{n}"), "")), "too-many-files");
    intake.refuses_entries([answer(), Entry::file(vec!["d"; 10_000].join("/"), "x")], "name-too-long");
    intake.refuses_entries([answer(), Entry::file(vec!["d"; 100].join("/"), "x")], "too-deep");
    intake.refuses_entries([answer(), Entry::file("x".repeat(256), "x")], "bad-name");
    intake.refuses_entries([answer(), Entry::file("x".repeat(65_535), "x")], "name-too-long");
    // Larger than may be handed in at all.
    intake.refuses(vec![b'x'; 3 << 20], "too-large");
    intake.0.grades_a_good_one();
}

fn s8_names_that_clash_or_mislead_are_refused() {
    let intake = Intake::new();
    intake.refuses_entries([answer(), answer()], "duplicate-name");
    for (first, second) in [("A", "a"), ("é", "e\u{301}"), ("ａ", "a"), ("ﬁ", "fi")] {
        intake.refuses_entries([Entry::file(first, "1"), Entry::file(second, "2")], "case-collision");
    }
    for name in
        ["a.", "a ", "CON", "nul.txt", "a\u{202e}txt.exe", "a\u{200b}b", "a\nb", "a\x1b]52;c;x\x07", "a\0b"]
    {
        intake.refuses_entries([answer(), Entry::file(name, "x")], "bad-name");
    }
    intake.refuses_entries([answer(), Entry::file(b"a\xff\xfe", "x")], "bad-name");
    intake.0.grades_a_good_one();
}

fn s9_zips_that_two_readers_would_read_differently_are_refused() {
    let intake = Intake::new();
    intake.refuses_entries(
        [answer().with(|entry| entry.local.name = b"other.txt.".to_vec())],
        "header-mismatch",
    );
    intake.refuses_entries([answer().with(|entry| entry.local.size -= 1)], "header-mismatch");
    intake.refuses_entries([answer().with(|entry| entry.local.crc ^= 1)], "header-mismatch");
    let hidden = || Entry::file("hidden", "x").with(|entry| entry.in_directory = false);
    intake.refuses_entries([answer(), hidden()], "hidden-data");
    intake
        .refuses(Zip::of([answer()]).with(|zip| zip.prefix = b"#!/bin/sh\n".to_vec()).build(), "prefix-data");
    intake.refuses(Zip::of([answer()]).with(|zip| zip.trailing = b"x".to_vec()).build(), "trailing-data");
    let inner = Zip::of([Entry::file("answer.txt", "43\n")]).build();
    intake.refuses(Zip::of([answer()]).with(|zip| zip.comment.clone_from(&inner)).build(), "two-ends");
    let lying = Zip::of([answer()]).with(|zip| zip.end64 = Some(Box::new(|end| end.size += 1)));
    intake.refuses(lying.build(), "header-mismatch");
    // What is merely odd is read.
    intake.accepts([answer().descriptor(Form::WideSigned)]);
    intake.0.grades_a_good_one();
}

fn s10_damaged_and_encrypted_zips_are_refused() {
    let intake = Intake::new();
    intake.refuses_entries([answer().both(|header| header.crc ^= 1)], "bad-checksum");
    let mut cut = deflated(&[b'x'; 1_000]);
    cut.truncate(cut.len() / 2);
    let packed = u32::try_from(cut.len()).expect("it is short");
    let cut = Entry::file("answer.txt", [b'x'; 1_000])
        .both(|header| header.packed = packed)
        .with(|entry| entry.data = cut);
    intake.refuses_entries([Entry::file("first", "x"), cut], "truncated");
    for method in [12, 14, 93, 99] {
        intake.refuses_entries([answer().both(|header| header.method = method)], "unknown-method");
    }
    intake.refuses_entries([answer().both(|header| header.flags |= 1)], "encrypted");
    let whole = Zip::of([answer()]).build();
    intake.refuses(&whole[..whole.len() - 10], "truncated");
    intake.0.grades_a_good_one();
}

fn s11_a_zip_with_nothing_to_grade_is_refused() {
    let intake = Intake::new();
    intake.refuses_entries([], "empty");
    intake.refuses_entries([Entry::dir("d/"), Entry::dir("d/e/")], "empty");
    intake.refuses_entries([Entry::dir("__MACOSX/"), Entry::file("__MACOSX/._answer.txt", "x")], "empty");
    intake.refuses("", "not-a-zip");
    intake.refuses("just text, and no zip", "not-a-zip");
    // There is something, but not what is asked for.
    let zip = intake.0.write("other.zip", Zip::of([Entry::file("other.txt", "42\n")]).build());
    let finished = intake.0.attempt(&zip, &[]);
    finished.ended(Exit::SubmissionRefused).graded("refused", 0.0);
    assert_eq!(finished.document()["reason"], "required files are missing: answer.txt");
    intake.0.grades_a_good_one();
}

fn i1_names_that_look_like_templates_or_documents_stay_names() {
    let intake = Intake::new();
    for name in
        ["x\"},\"args\":[\"id", "{{workflow.name}}", "{{=sprig.env('HOME')}}", "$(id)", "`id`", "-rf", "a'b"]
    {
        intake.accepts([answer(), Entry::file(name, "x")]);
    }
    intake.0.grades_a_good_one();
}

fn i1_names_that_a_terminal_would_obey_are_shown_as_text() {
    let intake = Intake::new();
    let hostile = "name\x1b]0;title\x07\x1b[2J\u{202e}";
    let good = intake.0.submission(hostile, "answer.txt", "42\n");
    // What is no file is refused before there is a zip, by its name.
    let link = intake.0.submission("link", "answer.txt", "42\n").join(hostile);
    symlink("/etc/passwd", &link).expect("a link can be made");
    for (submission, exit) in [
        (good.as_path(), Exit::Done),
        (&intake.0.submitted("link"), Exit::SubmissionRefused),
        (&good.join(hostile), Exit::Usage),
    ] {
        let args = ["try", "--color", "always", "--assignment"].map(Path::new);
        let folder = intake.0.assignment();
        let child = intake.0.command(&[], args.into_iter().chain([folder.as_path(), submission])).spawn();
        let finished = finish(child.expect("the program can be started"));
        finished.ended(exit);
        for text in [&finished.stdout, &finished.stderr] {
            assert!(
                !text.contains("\x1b]") && !text.contains("\x1b[2J") && !text.contains('\u{202e}'),
                "{text:?}"
            );
        }
        assert!(format!("{}{}", finished.stdout, finished.stderr).contains("]0;title"), "its name is told");
    }
    intake.0.grades_a_good_one();
}

fn i2_what_an_assignment_may_not_ask_for_is_refused_by_its_path_and_nothing_runs() {
    let intake = Intake::new();
    let good = fs::read_to_string(intake.0.assignment().join("assignment.yaml")).expect("it is there");
    for (path, what) in [
        ("hostPath", "hostPath: /"),
        ("podSpecPatch", "podSpecPatch: '{}'"),
        ("hostNetwork", "hostNetwork: true"),
        ("volumes", "volumes: [{name: answers}]"),
        ("securityContext", "securityContext: {privileged: true, runAsUser: 0}"),
        ("build.env.TOKEN", "build: {run: 'true', env: {TOKEN: {secretKeyRef: {name: key}}}}"),
        ("build.privileged", "build: {run: 'true', privileged: true}"),
    ] {
        intake.0.write("assignment.yaml", format!("{good}{what}\n"));
        let finished = intake.0.attempt(&intake.0.submitted("solution"), &[]);
        let document = finished.ended(Exit::AssignmentInvalid).document();
        let problems = document["problems"].as_array().expect("there are problems");
        let named = problems.iter().any(|problem| problem["path"] == path && problem["severity"] == "error");
        assert!(named, "{path}: {document:#}");
    }
    intake.0.write("assignment.yaml", good);
    intake.0.grades_a_good_one();
}
