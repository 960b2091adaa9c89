//! Ways around limits and around the author, each of which worked once.

use assay_contract::Exit;
use assay_tests::bench::Bench;
use assay_tests::finished::Finished;
use assay_tests::program::Who;
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        t5_a_name_that_is_no_text_hides_nothing,
        t5_memory_counts_where_looking_is_forbidden,
        t5_t10_children_that_nobody_waits_for_cost_their_time,
        t5_the_watchers_memory_is_not_the_next_cases,
        v3_whatever_a_build_leaves_is_the_submissions_fault,
        v3_a_build_that_closes_its_stages_folders_harms_nobody_but_itself,
        s13_the_authors_files_win_over_what_a_build_left,
    ]
}

const CASES: &str = r#"
submit: {required: [main.py], allowed: ["*.py"], size: 1Mi}
test:
  mode: sealed
  run: python3 main.py
  limits: {cpu: 1s, wall: 60s, memory: 64Mi, processes: 3, output: 64Ki, disk: 4Mi}
  compare: trimmed
  cases:
    - {name: first, args: [first], stdout: done, points: 1}
    - {name: second, args: [second], stdout: well, points: 2}
samples: {submissions/solution: 3}
"#;

/// The second case is innocent; what the first one did must not be put on its account.
const SECOND: &str = "
import ctypes, os, signal, sys, time
prctl = ctypes.CDLL(None).prctl
if sys.argv[1] == 'second':
    print('well')
    sys.exit()
";

#[track_caller]
fn first_case_ends(program: &str, verdict: &str) {
    let bench = Bench::new(Who::Caller, CASES);
    bench.submission("solution", "main.py", format!("{SECOND}print('done')\n"));
    let submission = bench.submission("hostile", "main.py", format!("{SECOND}{program}\nprint('done')\n"));
    let finished = bench.attempt(&submission, &[]);
    finished.ended(Exit::Done).case("first", verdict).case("second", "passed");
    bench.grades_a_good_one();
}

fn t5_a_name_that_is_no_text_hides_nothing() {
    let nameless = "prctl(15, b'\\xff\\xfe(', 0, 0, 0)\n";
    first_case_ends(&format!("{nameless}x = bytearray(300_000_000)\ntime.sleep(1)"), "memory-limit");
    let forks = "
for _ in range(20):
    if os.fork() == 0:
        time.sleep(20)
        os._exit(0)
    time.sleep(0.02)
";
    first_case_ends(&format!("{nameless}{forks}"), "process-limit");
}

fn t5_memory_counts_where_looking_is_forbidden() {
    let program = "
prctl(4, 0, 0, 0, 0)
if os.fork() == 0:
    time.sleep(20)
    os._exit(0)
x = bytearray(300_000_000)
time.sleep(1)
";
    first_case_ends(program, "memory-limit");
}

fn t5_t10_children_that_nobody_waits_for_cost_their_time() {
    let program = "
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in range(30):
    if os.fork() == 0:
        end = time.process_time() + 0.1
        while time.process_time() < end: pass
        os._exit(0)
    time.sleep(0.5)
";
    first_case_ends(program, "time-limit");
}

fn t5_the_watchers_memory_is_not_the_next_cases() {
    let bench = Bench::new(
        Who::Caller,
        r#"
submit: {required: [main.sh], allowed: ["*.sh"], size: 1Mi}
test:
  mode: sealed
  run: sh main.sh
  limits: {cpu: 20s, wall: 60s, memory: 24Mi, processes: 4, output: 64Mi, disk: 4Mi}
  cases:
    - {name: large, args: [large], stdout: never, points: 1}
    - {name: small, args: [small], stdout: small, points: 1}
"#,
    );
    let program = "if [ $1 = large ]; then head -c 60000000 /dev/zero; else echo small; fi\n";
    let submission = bench.submission("large", "main.sh", program);
    bench.attempt(&submission, &[]).ended(Exit::Done).case("large", "wrong-output").case("small", "passed");
}

const BUILD: &str = r#"
submit: {required: [build.sh], allowed: ["*.sh"], size: 1Mi}
files: [trusted.sh]
build: {run: sh build.sh, limits: {cpu: 10s, disk: 8Mi}}
test:
  mode: sealed
  run: sh trusted.sh
  cases: [{name: only, stdin: "", stdout: trusted, points: 1, show: diff}]
samples: {submissions/solution: 1}
"#;

#[track_caller]
fn with_build(script: &str) -> Finished {
    let bench = Bench::empty(Who::Caller);
    bench.write("trusted.sh", "echo trusted\n");
    let head = "apiVersion: assay.dev/v1\nid: tests/engine\ntitle: Engine\nsalt: 0f1e2d3c4b5a69788796a5b4c3d2e1f0\nimage: registry.example.edu/hub/singleuser:2026.1\n";
    bench.write("assignment.yaml", format!("{head}{BUILD}"));
    bench.submission("solution", "build.sh", "true\n");
    let submission = bench.submission("hostile", "build.sh", script);
    let finished = bench.attempt(&submission, &[]);
    bench.grades_a_good_one();
    finished
}

fn v3_whatever_a_build_leaves_is_the_submissions_fault() {
    for script in [
        "mkfifo pipe",
        "mkdir d && cd d && for i in $(seq 300); do mkdir d && cd d; done",
        "truncate -s 7M a b c d e f g h",
        "mv ../work ../gone",
        "mv ../work ../gone && ln -s /volumes/verification ../work",
        "for i in 1 2 3; do head -c 4000000 /dev/zero > $i; done",
    ] {
        let finished = with_build(&format!("{script}\ntrue\n"));
        let document = finished.ended(Exit::Done).document();
        assert_eq!(document["verdict"], "build-failed", "{script}: {document:#}");
        assert_eq!(document["fault"], "student", "{script}: {document:#}");
    }
}

fn v3_a_build_that_closes_its_stages_folders_harms_nobody_but_itself() {
    for folder in ["..", "/volumes/verification", "/volumes/verification/scratch"] {
        for mode in ["0400", "0500", "0700"] {
            let document = with_build(&format!("chmod {mode} {folder}\n")).ended(Exit::Done).document();
            assert_ne!(document["fault"], "system", "{mode} {folder}: {document:#}");
        }
    }
}

fn s13_the_authors_files_win_over_what_a_build_left() {
    for script in [
        "echo 'echo replaced' > trusted.sh",
        "rm trusted.sh; mkdir trusted.sh",
        "ln -sf /etc/passwd trusted.sh",
    ] {
        let document = with_build(&format!("{script}\n")).ended(Exit::Done).document();
        assert_eq!(document["verdict"], "passed", "{script}: {document:#}");
    }
}
