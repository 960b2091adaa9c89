//! The machine that a run is on: one that cannot isolate, and an author's own, which nothing of the author's may read. Rows
//! O4 and O5.

use std::fs;
use std::path::Path;

use assay_contract::Exit;
use assay_tests::bench::{Bench, finish};
use assay_tests::program::Who;
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    trials![o4_without_namespaces_nothing_runs_and_the_fix_is_told, o5_a_home_is_no_toolchain]
}

const SHELL: &str = r#"
submit: {required: [build.sh], allowed: ["**"], size: 1Mi}
build: {run: sh build.sh}
test:
  mode: sealed
  run: cat answer.txt
  cases:
    - {name: answer, stdout: "42", points: 8, show: diff}
samples: {submissions/solution: 8}
"#;

fn bench(who: Who) -> Bench {
    let bench = Bench::new(who, SHELL);
    bench.submission("solution", "build.sh", "echo 42 > answer.txt\n");
    bench
}

fn o4_without_namespaces_nothing_runs_and_the_fix_is_told() {
    let forbid = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
    for who in Who::all() {
        let bench = bench(*who);
        let before = bench.listing();
        let args = bench.try_args(&bench.submitted("solution"), &["--log"]);
        let child = bench.command(&["unshare", "-Ur", "sh", "-c", forbid, "sh"], args).spawn();
        let finished = finish(child.expect("it can be started"));
        finished.ended(Exit::IsolationUnavailable).is_fit_to_be_shown();
        assert_eq!(finished.stdout, "", "something was graded");
        assert!(finished.stderr.contains("sudo sysctl user.max_user_namespaces="), "{}", finished.stderr);
        assert!(!finished.stderr.contains("case 1 of 1"), "something ran: {}", finished.stderr);
        assert_eq!(bench.listing(), before);
        // The same bench where it is allowed, so that nothing else was in the way.
        let finished = bench.attempt(&bench.submitted("solution"), &["--log"]);
        assert!(finished.ended(Exit::Done).stderr.contains("case 1 of 1"), "{}", finished.stderr);
    }
}

fn o5_a_home_is_no_toolchain() {
    let bench = bench(Who::Caller);
    let home = bench.here().join("home");
    fs::create_dir_all(home.join(".ssh")).expect("a folder can be made");
    for folder in [
        home.as_path(),
        Path::new("/"),
        Path::new("/etc"),
        Path::new("/var"),
        Path::new("/proc"),
        Path::new("relative"),
    ] {
        let folder = folder.to_str().expect("the path is UTF-8");
        let finished = bench.attempt(&bench.submitted("solution"), &["--toolchain", folder]);
        assert_eq!(finished.ended(Exit::Usage).stdout, "", "{folder}");
    }
    bench.grades_a_good_one();
}
