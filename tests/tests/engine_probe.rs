//! What a build and a case can reach is exactly what the design promises: every line of the probe's report is held
//! against it, and a line about which nothing is promised fails.

use std::collections::BTreeMap;

use assay_contract::{Exit, Stage, Volume, table};
use assay_tests::bench::Bench;
use assay_tests::program::Who;

/// What is found where everything is as promised.
fn promised(stage: Stage, topic: &str) -> &'static str {
    let (verb, what) = topic.split_once(' ').unwrap_or((topic, ""));
    match (verb, what) {
        // Files: the toolchain to read, one directory to write.
        (
            "read",
            "/bin" | "/sbin" | "/usr" | "/etc" | "/lib" | "/lib32" | "/lib64" | "/libx32" | "/libexec",
        ) => "yes",
        ("read" | "write", "directory above" | "own directory") => "yes",
        ("read" | "write", _) => "no",
        // A build makes its output executable; nothing else may be changed of a file.
        ("trick", "change mode") if stage == Stage::Verify => "yes",
        ("trick", "make fifo") => "yes",
        ("trick", _) => "no",

        // Processes: none but its own, and its own folder of /proc is not listed.
        ("processes", "listed in /proc") => "none",
        ("signal" | "trace", "a foreign process") | ("change", "a foreign process's limits") => "no",

        // A pair of sockets is a pipe; every other socket is a way out.
        ("socket", "pair") => "yes",
        ("socket", _) => "no",

        // Privileges: none, and no way to any.
        ("capabilities", "effective" | "permitted" | "inheritable" | "bounding") => "0x0",
        ("no", "new privileges") => "yes",
        ("seccomp", "") => "filter",
        ("call" | "raise" | "new" | "become" | "mount" | "terminal", _) | ("change", "root")
            if !what.starts_with('/') =>
        {
            "no"
        }
        ("user", "") if stage == Stage::Verify => "(20001, 20001, 20001)",
        ("user", "") => "(20002, 20002, 20002)",

        // What it was given: four variables and the author's, three descriptors.
        ("variable", "HOME" | "LANG" | "PATH" | "TMPDIR" | "OF_THE_AUTHOR") => "set",
        ("descriptor", "000") => "device",
        ("descriptor", "001" | "002") => "pipe",
        // The report that it writes.
        ("descriptor", "003") if stage == Stage::Verify => "file",
        ("limit", "CORE") => "0",
        ("limit", "FSIZE") => "4194304",
        // The hard limit: two seconds above the one that sends a signal first.
        ("limit", "CPU") => "8",
        ("limit", "NOFILE") => "1024",
        ("limit", "DATA") => "1610612736",
        ("limit", "NPROC") => "2048",
        ("limit", "AS" | "STACK") => "none",
        _ => "something about which nothing is promised",
    }
}

/// What a mount must be: the volumes of the stage's row as the table has them, the rest of the machine read only.
fn promised_mount(stage: Stage, point: &str) -> &'static str {
    let volume = Volume::ALL.into_iter().find(|volume| volume.path() == point);
    match (point, volume.map(|volume| table::access(stage, volume))) {
        (_, Some(Some(access))) if access.is_read_only() => "read only",
        (_, Some(Some(_))) | ("/proc", None) => "writable",
        (_, Some(None)) => "not there",
        (_, None) => "read only",
    }
}

fn holds_what_is_promised(stage: Stage, report: &str) {
    let mut found = BTreeMap::new();
    for line in report.lines() {
        let (topic, finding) = line.split_once(": ").unwrap_or_else(|| panic!("no finding: {line}"));
        assert_eq!(found.insert(topic, finding), None, "{topic} has two findings");
        match topic.strip_prefix("mount /") {
            Some(point) => {
                let promised = promised_mount(stage, &format!("/{point}"));
                assert!(
                    finding.ends_with(&format!(", {promised}")),
                    "{stage}: {line}; promised is {promised}"
                );
            }
            // An ordinary user cannot drop his own further groups; they open nothing that is shown.
            None if topic == "group" => {
                let ids = promised(stage, "user");
                assert!(finding.starts_with(&format!("{ids} and [")), "{stage}: {line}");
            }
            None => assert_eq!(finding, promised(stage, topic), "{stage}: {topic}"),
        }
    }
    // A report that breaks off would hold no broken promise.
    for volume in Volume::ALL {
        assert_eq!(found.get(format!("read volume {volume}").as_str()), Some(&"no"), "{stage}");
        assert_eq!(found.get(format!("write volume {volume}").as_str()), Some(&"no"), "{stage}");
        let mounted = found.contains_key(format!("mount {}", volume.path()).as_str());
        assert_eq!(mounted, table::access(stage, volume).is_some(), "{stage}: {volume} is mounted");
    }
    let variables: Vec<_> = found.keys().filter_map(|topic| topic.strip_prefix("variable ")).collect();
    assert_eq!(variables, ["HOME", "LANG", "OF_THE_AUTHOR", "PATH", "TMPDIR"], "{stage}");
    for topic in ["no new privileges", "seccomp", "terminal", "trick change mode", "write /", "become root"] {
        assert!(found.contains_key(topic), "{stage}: {topic} was not tried");
    }
}

fn reaches_what_is_promised(who: Who) {
    let bench = Bench::of_example(who, "probe");
    let assignment = include_str!("../../examples/probe/assignment.yaml");
    let with_variable = assignment
        .replace("build:\n", "build:\n  env: {OF_THE_AUTHOR: here}\n")
        .replace("  mode: sealed\n", "  mode: sealed\n  env: {OF_THE_AUTHOR: here}\n");
    assert_eq!(with_variable.matches("OF_THE_AUTHOR").count(), 2);
    bench.write("assignment.yaml", with_variable);

    let (finished, kept) = bench.attempt_and_keep(&bench.submitted("probe"), &[]);
    finished.ended(Exit::Done).graded("wrong-output", 2.0);
    let landlock = finished.document()["isolation"]["landlock_abi"].as_u64();
    assert!(landlock.is_some_and(|abi| abi > 0), "this kernel has no Landlock, on which these promises rest");
    holds_what_is_promised(Stage::Test, &kept.stdout(0));
    holds_what_is_promised(Stage::Verify, &kept.stdout(1));
    assert_eq!(kept.stdout(2), "no canary found\n");
}

#[test]
fn a_build_and_a_case_reach_what_is_promised() {
    reaches_what_is_promised(Who::Caller);
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says why")]
fn run_by_an_ordinary_user_they_reach_no_more() {
    if Who::all().contains(&Who::Ordinary) {
        reaches_what_is_promised(Who::Ordinary);
    } else {
        eprintln!("skipped: whoever runs this is an ordinary user, so the other test has shown it");
    }
}
