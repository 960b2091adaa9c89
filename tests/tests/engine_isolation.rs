//! What stands around a run: kept volumes, images, and the time of the hand-in.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::process::Command;

use assay_contract::{Exit, Volume, layout};
use assay_tests::bench::Bench;
use assay_tests::machine::listing;
use assay_tests::program::Who;

const SHELL: &str = r#"
submit: {required: [build.sh], allowed: ["**"], size: 1Mi}
schedule: {zone: Australia/Melbourne, opens: 2026-03-02 09:00, due: 2026-03-16 12:00, late: {penalty: 10% per day, until: 3 days}}
build: {run: sh build.sh}
test:
  mode: sealed
  run: cat answer.txt
  cases:
    - {name: answer, stdout: "42", points: 8, show: diff}
samples: {submissions/solution: 8}
"#;

fn shell_bench(who: Who) -> Bench {
    let bench = Bench::new(who, SHELL);
    for name in ["solution", "other"] {
        bench.submission(name, "build.sh", format!("echo 42 > answer.txt # {name}\n"));
    }
    bench
}

#[test]
fn kept_volumes_hold_every_plain_file_and_nothing_through_a_link() {
    for who in Who::all() {
        let bench = shell_bench(*who);
        let traps = bench.submission(
            "traps",
            "build.sh",
            "echo 42 > answer.txt
ln -s /etc/passwd passwd; ln -s / root; ln -s ../../../../../../../../../tmp up; ln -s loop loop
mkdir -p deep/er && echo below > deep/er/file && echo twice > one && ln one two
mkdir -m 000 locked; mkdir -m 700 own; echo own > own/file
printf '#!/bin/sh\\n' > program && chmod 755 program
touch \"$(printf 'a\\nb')\" \"$(printf '\\033[2J')\"
",
        );
        let (finished, kept) = bench.attempt_and_keep(&traps, &[]);
        finished.ended(Exit::Done).graded("passed", 8.0);
        let entries = fs::read_dir(kept.path()).expect("it is kept").flatten();
        let names: BTreeSet<_> = entries.map(|entry| entry.file_name()).collect();
        let volumes = Volume::ALL.map(|volume| volume.id().into()).into();
        assert_eq!(names, volumes, "one folder a volume");

        let tree = kept.volume(Volume::Verification).join(layout::TREE);
        let read = |path: &str| {
            fs::read_to_string(tree.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
        };
        for (path, content) in [("answer.txt", "42\n"), ("deep/er/file", "below\n"), ("own/file", "own\n")] {
            assert_eq!(read(path), content);
        }
        let mode =
            |path: &str| fs::metadata(tree.join(path)).expect("it is there").permissions().mode() & 0o7777;
        assert_eq!((mode("program"), mode("answer.txt")), (0o755, 0o644));
        // A file of two names is not kept either: nobody could say whose the other one is.
        for name in ["passwd", "root", "up", "loop", "one", "two"] {
            assert!(fs::symlink_metadata(tree.join(name)).is_err(), "{name} was kept");
            assert!(
                finished.stderr.contains(&format!("not kept: verification/tree/{name}: ")),
                "{}",
                finished.stderr
            );
        }
        assert!(finished.stderr.contains("not kept: verification/tree/a\\nb: "), "{}", finished.stderr);
        for (path, what) in listing(&kept.path()) {
            let kind = fs::symlink_metadata(&path).expect("it is there").file_type();
            assert!(kind.is_file() || kind.is_dir(), "{} is {what}", path.display());
            assert!(!kind.is_symlink() && !kind.is_fifo() && !kind.is_socket());
            assert!(!what.contains("root:x:0:0:root:/root"), "{} is this machine's", path.display());
        }
        assert_eq!(kept.stdout(0), "42\n");
    }
}

#[test]
fn volumes_are_kept_in_an_empty_folder_only() {
    let bench = shell_bench(Who::Caller);
    let full = bench.here().join("full");
    fs::create_dir(&full).expect("a folder can be made");
    fs::write(full.join("mine"), "mine").expect("a file can be written");
    let finished = bench.attempt(&bench.submitted("solution"), &["--keep", "full"]);
    assert_eq!(finished.ended(Exit::Io).stdout, "");
    bench.grades_a_good_one();
}

/// A program without libraries that tells what it sees of the machine, and then what the submission says.
const NATIVE: &str = r#"
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(void) {
    const char *absent[] = {"/usr/bin/gcc", "/usr/lib", "/root", "/home", "/run/secret", "/var", "/etc/hosts"};
    for (int i = 0; i < 7; i++)
        if (access(absent[i], F_OK) == 0) printf("there is %s\n", absent[i]);
    FILE *mark = fopen("/opt/mark", "r"), *answer = fopen("answer.txt", "r");
    char line[100] = "no mark\n";
    if (mark) fgets(line, sizeof line, mark);
    fputs(line, stdout);
    if (answer && fgets(line, sizeof line, answer)) fputs(line, stdout);
    if (fopen("/opt/mark", "w")) puts("the image can be changed");
    return 0;
}
"#;

#[test]
fn an_unpacked_image_takes_the_place_of_this_machine_and_the_report_says_so() {
    for who in Who::all() {
        let bench = Bench::new(
            *who,
            r#"
submit: {required: [answer.txt], allowed: ["*.txt"], size: 1Mi}
test:
  mode: sealed
  run: native
  cases:
    - {name: answer, stdout: "of the image\n42\n", points: 1, show: diff}
samples: {submissions/solution: 1}
"#,
        );
        bench.submission("solution", "answer.txt", "42\n");
        let source = bench.write("native.c", NATIVE);
        bench.write("image/opt/mark", "of the image\n");
        bench.write("image/run/secret", "of the engine");
        let program = bench.write("image/usr/local/bin/native", "");
        let compiled = Command::new("gcc").args(["-static", "-o"]).args([&program, &source]).status();
        assert!(compiled.expect("gcc is there").success(), "it does not compile");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it can be made executable");
        let image = bench.assignment().join("image").display().to_string();

        let finished = bench.attempt(&bench.submitted("solution"), &["--rootfs", &image]);
        finished.ended(Exit::Done).graded("passed", 1.0);
        assert_eq!(finished.document()["isolation"]["toolchain"], "rootfs");
        // Without the image the machine's own toolchain is used, and has no such program.
        let finished = bench.attempt(&bench.submitted("solution"), &[]);
        finished.ended(Exit::MarksDiffer).case("answer", "not-run");
        assert_eq!(finished.document()["isolation"]["toolchain"], "host");
        for folder in ["/", "/nowhere", "answer.txt"] {
            bench.attempt(&bench.submitted("solution"), &["--rootfs", folder]).ended(Exit::Usage);
        }
    }
}

#[test]
fn the_time_of_the_hand_in_decides_on_lateness_to_the_second() {
    let bench = shell_bench(Who::Caller);
    let other = bench.submitted("other");
    for (at, points, late_seconds, penalty) in [
        ("2026-03-02 09:00", 8.0, 0, 0.0),
        ("2026-03-16 12:00", 8.0, 0, 0.0),
        ("2026-03-16 12:00:01", 7.2, 1, 10.0),
        ("2026-03-17 10:00", 7.2, 79_200, 10.0),
        ("2026-03-17 12:00:01", 6.4, 86_401, 20.0),
        ("2026-03-19 12:00", 5.6, 259_200, 30.0),
    ] {
        let finished = bench.attempt(&other, &["--at", at]);
        let document = finished.ended(Exit::Done).document();
        assert_eq!(document["points"].as_f64(), Some(points), "{at}");
        assert_eq!(document["late_seconds"], late_seconds, "{at}");
        assert_eq!(document["penalty_percent"].as_f64(), Some(penalty), "{at}");
    }
    for (at, code) in [("2026-03-02 08:59:59", "not-open"), ("2026-03-19 12:00:01", "too-late")] {
        let (finished, kept) = bench.attempt_and_keep(&other, &["--at", at]);
        finished.ended(Exit::SubmissionRefused).graded("refused", 0.0).case("answer", "not-run");
        assert_eq!(kept.refusal(), code, "{at}");
        assert_eq!(
            fs::read_dir(kept.volume(Volume::Verification)).expect("it is kept").count(),
            0,
            "{at}: it was built"
        );
        // What was handed in is kept all the same.
        let snapshots = listing(&kept.volume(Volume::RawSubmissions));
        assert!(
            snapshots.keys().any(|path| path.extension().is_some_and(|extension| extension == "zip")),
            "{at}"
        );
    }
    for nonsense in ["tomorrow", "2026-02-30 10:00", "\u{1b}[2J"] {
        bench.attempt(&other, &["--at", nonsense]).ended(Exit::Usage);
    }
    bench.grades_a_good_one();
}
