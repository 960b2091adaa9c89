//! Hostile builds: rows S13 and V1 to V4 of the threats. The build is the student's own script, the worst case.

use std::fs;
use std::path::PathBuf;

use assay_contract::{Exit, Volume, layout};
use assay_tests::bench::Bench;
use assay_tests::finished::Finished;
use assay_tests::machine::listing;
use assay_tests::program::Who;
use libtest_mimic::Trial;
use serde_json::{Value, json};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        v1_a_build_reads_nothing_but_sources_and_toolchain,
        v2_a_build_that_passes_a_limit_fails_by_its_name,
        v2_what_a_build_says_is_shown_as_text,
        v3_a_build_writes_nothing_but_its_own_directory,
        v3_a_build_that_leaves_a_trap_harms_nobody,
        v4_a_daemon_of_the_build_does_not_see_the_cases,
        s13_the_authors_files_win_over_submitted_ones,
    ]
}

const ASSIGNMENT: &str = r#"
submit: {required: [build.sh], allowed: ["**"], size: 1Mi}
files: [alone.py, author.txt]
build:
  run: sh build.sh
  limits: {cpu: 3s, wall: 10s, memory: 512Mi, processes: 30, output: 64Ki, disk: 8Mi}
test:
  mode: sealed
  run: cat answer.txt
  limits: {cpu: 10s, wall: 30s, disk: 32Mi}
  cases:
    - {name: answer, stdout: "42", points: 1, show: diff}
    - {name: author, run: cat author.txt, stdout: of the author, points: 1, show: diff}
    - {name: alone, run: python3 alone.py, stdout: alone, points: 1, show: diff}
samples: {submissions/solution: 3}
"#;

/// Looks for processes that the build may have left; process 1 is the stage.
const ALONE: &str = r#"
import os
def exists(pid):
    try:
        os.getsid(pid)
    except ProcessLookupError:
        return False
    return True
print([pid for pid in range(2, 40000) if pid != os.getpid() and exists(pid)] or "alone")
"#;

struct Builds(Bench);

impl Builds {
    fn new() -> Builds {
        Builds::of(ASSIGNMENT)
    }

    /// Builds that may take so long that a busy machine is not the reason why one ends.
    fn patient() -> Builds {
        Builds::of(&ASSIGNMENT.replace("cpu: 3s, wall: 10s", "cpu: 3s, wall: 120s"))
    }

    fn of(assignment: &str) -> Builds {
        let bench = Bench::new(Who::Caller, assignment);
        bench.write("author.txt", "of the author\n");
        bench.write("alone.py", ALONE);
        bench.submission("solution", "build.sh", "echo 42 > answer.txt\n");
        Builds(bench)
    }

    fn write(&self, script: &str) -> PathBuf {
        self.0.submission("hostile", "build.sh", format!("{script}\n"))
    }

    /// The build fails, and the student is told `reason`.
    #[track_caller]
    fn fails(&self, script: &str, reason: &str) -> Finished {
        let finished = self.0.attempt(&self.write(script), &[]);
        finished.ended(Exit::Done).graded("build-failed", 0.0);
        let document = finished.document();
        assert_eq!(document["reason"], reason, "{script}");
        assert_eq!(document["fault"], "student", "{script}");
        finished.case("answer", "not-run");
        finished
    }

    /// The build does what it does and makes the right answer; every case passes.
    #[track_caller]
    fn passes(&self, script: &str) {
        let submission = self
            .write(&format!("{script}\ncd /volumes/verification/scratch/build/work\necho 42 > answer.txt"));
        self.0.attempt(&submission, &[]).ended(Exit::Done).graded("passed", 3.0);
    }
}

fn v1_a_build_reads_nothing_but_sources_and_toolchain() {
    let builds = Builds::new();
    builds.passes(
        r#"
for path in /volumes/submission/plan.json /volumes/submission/tree/build.sh /volumes/setup-configuration/job.json \
    /volumes/verification/outcome.json /proc/1/environ /proc/1/cmdline /proc/$PPID/environ /var/run/secrets /run /home /root \
    /etc/shadow /dev/kmsg /sys; do
    if cat "$path" || ls "$path/"; then exit 7; fi
    printf '#include "%s"\n' "$path" > secret.c
    if gcc -E secret.c; then exit 8; fi
    printf '.incbin "%s"\n' "$path" > secret.s
    if gcc -c secret.s; then exit 9; fi
done > /dev/null 2>&1"#,
    );
    builds.0.grades_a_good_one();
}

fn v2_a_build_that_passes_a_limit_fails_by_its_name() {
    let builds = Builds::new();
    for script in ["sleep 1000", "exec > /dev/null 2>&1 < /dev/null; sleep 1000"] {
        builds.fails(script, "the build ran longer than allowed");
    }
    let builds = Builds::patient();
    for (script, reason) in [
        ("while :; do :; done", "the build used more CPU time than allowed"),
        ("cat /dev/zero", "the build wrote more output than allowed"),
        ("cat /dev/zero >&2", "the build wrote more output than allowed"),
        ("python3 -c 'x = bytearray(1 << 30)'", "the build used more memory than allowed"),
        ("bomb() { bomb & bomb & sleep 5; }; bomb", "the build started more processes than allowed"),
        (
            "i=0; while :; do head -c 1000000 /dev/zero > fill$i; i=$((i+1)); done",
            "the build wrote more to disk than allowed",
        ),
        ("for i in $(seq 300); do mkdir d; cd d; done", "the build wrote more to disk than allowed"),
        (
            "printf '#include __FILE__\\n#include __FILE__\\n' > a.c; exec gcc -c a.c 2> /dev/null",
            "the build used more CPU time than allowed",
        ),
        ("kill -9 $$", "the build was ended by SIGKILL"),
        ("exit 3", "the build ended with status 3"),
    ] {
        builds.fails(script, reason);
    }
    builds.0.grades_a_good_one();
}

fn v2_what_a_build_says_is_shown_as_text() {
    let builds = Builds::new();
    let finished = builds.fails(
        r"printf 'a\033]0;title\007\033[2J\rb\342\200\256c\n'; printf '\000\377\302\233' >&2; exit 1",
        "the build ended with status 1",
    );
    let log = finished.document()["build"]["log"].to_string();
    assert!(log.contains("x1b") && log.contains("202e"), "{log}");
    builds.0.grades_a_good_one();
}

fn v3_a_build_writes_nothing_but_its_own_directory() {
    let builds = Builds::new();
    builds.passes(
        r"
for folder in / /tmp /var/tmp /dev/shm /usr /etc /home /volumes /volumes/submission /volumes/submission/tree /volumes/submission/tool \
    /volumes/setup-configuration /volumes/verification /volumes/testing /volumes/private-results /volumes/student; do
    if touch $folder/written 2> /dev/null; then exit 7; fi
done
for file in /volumes/submission/plan.json /volumes/submission/tool/assay-stage /volumes/submission/tree/build.sh; do
    if chmod 777 $file || rm -f $file || ln $file linked || mv $file moved; then exit 8; fi
done 2> /dev/null",
    );
    let laid_out = |name| {
        let (finished, kept) = builds.0.attempt_and_keep(&builds.0.submitted(name), &[]);
        finished.ended(Exit::Done);
        (
            kept.laid_out(),
            listing(&kept.volume(Volume::AssignmentConfiguration)).into_values().collect::<Vec<_>>(),
        )
    };
    let honest = laid_out("solution");
    assert_eq!(laid_out("hostile"), honest, "what Setup laid out");
    builds.0.grades_a_good_one();
}

fn v3_a_build_that_leaves_a_trap_harms_nobody() {
    let builds = Builds::new();
    // What can be copied for the cases is; links lead nowhere that a case could not go itself.
    for script in [
        "ln -s /etc/passwd tree; ln -s / root; ln -s ../../outcome.json outcome.json; ln -s loop loop; ln author.txt hard",
        "mkdir -m 000 locked; mkdir -m 300 hidden; touch hidden/x; chmod 400 build.sh",
        "touch \"$(printf 'a\\n\\033[2Jb')\" \"$(printf '\\377')\" -- -rf '*'; mkdir -p outcome.json/stdout",
        "mkfifo ../fifo ../home/fifo ../tmp/fifo; rm -rf ../home; touch ../outcome.json",
        "chmod 000 build.sh; chmod 4755 build.sh; chmod -R 000 .; true",
    ] {
        builds.passes(script);
    }
    // What cannot be copied is the build's failure.
    for (script, why) in [
        ("mkfifo fifo", "`fifo` is a named pipe, not a regular file"),
        ("mkfifo answer.txt", "`answer.txt` is a named pipe, not a regular file"),
        ("rm -rf \"$PWD\"", "`scratch/build/work` does not exist"),
        (
            "mv ../work ../other; ln -s /etc ../work",
            "`scratch/build/work` or a part of it is not a directory",
        ),
        ("mv ../work ../other; mkfifo ../work", "`scratch/build/work` or a part of it is not a directory"),
    ] {
        builds.fails(script, &format!("what the build left cannot be used: {why}"));
    }
    // Nothing on disk, and more than a volume when it is copied.
    let holes = builds.0.attempt(&builds.write("for i in $(seq 400); do truncate -s 8M hole$i; done"), &[]);
    holes.ended(Exit::Done).graded("build-failed", 0.0);
    assert_eq!(holes.document()["fault"], "student");
    for script in [
        "mkdir answer.txt",
        "ln -s /proc/self/environ answer.txt",
        "ln -s /volumes/submission/plan.json answer.txt",
        "true",
    ] {
        let finished = builds.0.attempt(&builds.write(script), &[]);
        let document = finished.ended(Exit::Done).document();
        assert_eq!(document["points"], 2, "{script}: {document:#}");
        finished.case("author", "passed").case("alone", "passed");
    }
    builds.0.grades_a_good_one();
}

fn v4_a_daemon_of_the_build_does_not_see_the_cases() {
    let builds = Builds::new();
    builds.passes(
        r"
(setsid sh -c 'trap : HUP TERM INT; exec > /dev/null 2>&1 < /dev/null; while :; do sleep 1; done' &) &
python3 -c '
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for descriptor in range(3): os.close(descriptor)
        time.sleep(1000)
    os._exit(0)
os.wait()'",
    );
    builds.0.grades_a_good_one();
}

fn s13_the_authors_files_win_over_submitted_ones() {
    let builds = Builds::new();
    let shadowing = |name: &str, path: &str| {
        builds.0.submission(name, "build.sh", "echo 42 > answer.txt\n");
        builds.0.write(format!("submissions/{name}/{path}"), "of the student\n");
        let (finished, kept) = builds.0.attempt_and_keep(&builds.0.submitted(name), &[]);
        finished.ended(Exit::Done).graded("passed", 3.0);
        let laid = kept.volume(Volume::Submission).join(layout::TREE).join("author.txt");
        assert_eq!(fs::read_to_string(laid).expect("it is a file"), "of the author\n", "{path}");
        finished.document()["oddities"].clone()
    };
    let listed = |oddities: Value, path: &str| {
        assert_eq!(oddities[0]["code"], "authors-files-won", "{oddities}");
        assert!(oddities[0]["what"].as_str().is_some_and(|what| what.contains(path)), "{oddities}");
    };
    for (name, path) in
        [("file", "author.txt"), ("folder", "author.txt/deeper/file"), ("program", "alone.py")]
    {
        listed(shadowing(name, path), path);
    }
    // Not in the way of anything, and nobody's business.
    for name in [
        ".bashrc",
        "sitecustomize.py",
        "usercustomize.py",
        "x.pth",
        "Makefile",
        "conftest.py",
        "pom.xml",
        "package.json",
        ".git/hooks/pre-commit",
        "LD_PRELOAD",
        "author.txt.orig",
    ] {
        assert_eq!(shadowing("others", name), json!([]), "{name}");
    }
    builds.0.grades_a_good_one();
}
