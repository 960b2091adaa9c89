//! An assignment full of planted words, submissions that look for them, and runs in surroundings that are full of them too.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use assay_receipt::SigningKey;
use assay_tests::bench::{Bench, Kept, finish};
use assay_tests::finished::Finished;
use assay_tests::program::Who;
use data_encoding::HEXLOWER;

use super::canaries::{FOLDER, HOST, NAME_OF_CALLER, VALUE_OF_CALLER};
use super::told::files_below;

const ASSIGNMENT: &str = r#"apiVersion: assay.dev/v1
id: tests/engine
title: Canary
salt: badc0ffee0ddf00dbadc0ffee0ddf00d
image: registry.example.edu/hub/singleuser:2026.1
submit: {required: [build.sh, main.py], allowed: ["*.sh", "*.py", "*.c"], size: 64Ki}
schedule: {zone: UTC, opens: 2026-01-01 00:00, due: 2026-07-01 12:00, late: {penalty: 10% per day, until: 3 days}}
build: {run: sh build.sh, limits: {cpu: 20s, wall: 60s, output: 16Mi}}
test:
  mode: sealed
  run: python3 main.py
  limits: {cpu: 20s, wall: 60s, memory: 96Mi, processes: 4, output: 16Mi, disk: 4Mi}
  cases:
    - {name: open, args: [look], stdin: open input, stdout: something, points: 1, show: diff}
    - {name: spins, args: [spin], limits: {cpu: 1s}, stdout: something, points: 1, show: diff}
    - {name: sleeps, args: [sleep], limits: {cpu: 1s, wall: 3s}, stdout: something, points: 1, show: diff}
    - {name: swells, args: [swell], stdout: something, points: 1, show: diff}
    - {name: floods, args: [flood], limits: {output: 64Ki}, stdout: something, points: 1, show: diff}
    - {name: forks, args: [fork], stdout: something, points: 1, show: diff}
    - {name: fills, args: [fill], stdout: something, points: 1, show: diff}
    - {name: crashes, args: [crash], stdout: something, points: 1, show: diff}
    - {name: of which the verdict, args: [look], stdout: canary-answer-verdict, points: 1.5, show: verdict}
    - {name: canary-name, args: [look], stdin: canary-input-of-case, stdout: canary-answer-inline, points: 73217.649, show: nothing}
    - {name: canary-name-too, args: [look], stdout: canary-answer-inline-too, points: 1.111, show: nothing}
    - group: canary-group
      args: [look]
      stdin: {files: canary-path-*.in}
      stdout: {files: canary-path-*.out}
      points: 1.391
      show: diff
      from: due
samples: {solution: 73229.651}
"#;

/// The cases that end at a limit, and how.
pub(super) const LIMITS: [(&str, &str); 7] = [
    ("spins", "time-limit"),
    ("sleeps", "time-limit"),
    ("swells", "memory-limit"),
    ("floods", "output-limit"),
    ("forks", "process-limit"),
    ("fills", "output-limit"),
    ("crashes", "crashed"),
];

const LOOK: &str = include_str!("look.py");

/// Looks around, and ends as the case asks.
const MAIN: &str = r#"
import os, sys, time
def fork():
    while True:
        if os.fork() == 0:
            time.sleep(30)
def swell():
    hoard = []
    while True:
        hoard.append(bytearray(1 << 20))
def flood():
    while True:
        os.write(1, b"flood " * 1000)
def fill():
    for number in range(32):
        with open(f"fill{number}", "wb") as file:
            file.write(bytes(1 << 20))
    time.sleep(600)
def spin():
    while True:
        pass
def look():
    import look
ways = {"look": look, "spin": spin, "sleep": lambda: time.sleep(600), "swell": swell, "flood": flood, "fork": fork, "fill": fill,
        "crash": os.abort}
ways[sys.argv[1]]()
"#;

/// The shell that the program is started from: it names the machine, and tells what it hands down.
const CALLER: &str = r#"
set -e
hostname "$1"; shift
{ env; uname -n; printf '%s\n' "$@"; } >witness
exec "$@"
"#;

/// The program, so that it gets its signing key where somebody looks on: no other way leads to a key that is made for one run.
pub(super) const LOOKED_ON: [&str; 12] =
    ["strace", "-qq", "-x", "-y", "-s", "64", "-e", "trace=read", "-P", "/dev/urandom", "-o", "key"];

/// What is tried.
pub(super) struct Curious {
    bench: Bench,
}

/// A run of the program that has ended.
pub(super) struct Attempt {
    pub(super) finished: Finished,
    /// The seed of the signing key that was made for it.
    pub(super) key: [u8; 32],
}

impl Curious {
    pub(super) fn new(who: Who) -> Curious {
        let bench = Bench::named(who, FOLDER);
        bench.write("assignment.yaml", ASSIGNMENT);
        bench.write("canary-path-1.in", "canary-input-of-group\n");
        bench.write("canary-path-1.out", "canary-answer-file\n");
        // An author is told what an assignment lacks, and where; a student has no part in that.
        bench.write("solution/main.py", MAIN);
        Curious { bench }
    }

    /// A submission that looks around in its build, which ends with `build`, and in its cases.
    pub(super) fn submission(&self, build: &str) -> PathBuf {
        self.bench.submission("curious", "look.py", LOOK);
        self.bench.submission("curious", "main.py", MAIN);
        self.bench.submission("curious", "build.sh", format!("python3 look.py </dev/null\n{build}\n"))
    }

    /// A file of the submission, or beside it.
    pub(super) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        self.bench.write(Path::new("submissions").join(path), content)
    }

    /// The folder of a submission.
    pub(super) fn folder(&self, name: &str) -> PathBuf {
        self.bench.submitted(name)
    }

    /// Runs it as a student is shown it, and keeps the volumes.
    #[track_caller]
    pub(super) fn attempt_and_keep(&self, submission: &Path, more: &[&str]) -> (Attempt, Kept) {
        let kept = Kept::named(FOLDER);
        let folder = kept.path().display().to_string();
        let attempt =
            self.attempt(&LOOKED_ON, submission, &[&["--output", "json", "--keep", &folder], more].concat());
        // The key that was seen is the one that signed.
        let public = SigningKey::from_seed(attempt.key).public();
        let (_, receipt) = files_below(&kept.path())
            .into_iter()
            .find(|(path, _)| path.starts_with("private-results") && path.ends_with("/concluded.json"))
            .expect("the job was concluded");
        assay_receipt::verify(&receipt, &[public]).expect("this key has signed");
        (attempt, kept)
    }

    /// Runs it as a student is shown it, through the command line `before`, which leaves what it saw in `key`.
    #[track_caller]
    pub(super) fn attempt(&self, before: &[&str], submission: &Path, more: &[&str]) -> Attempt {
        let assignment = self.bench.assignment();
        let mut args =
            vec!["try".as_ref(), submission.as_os_str(), "--student".as_ref(), "--assignment".as_ref()];
        args.push(assignment.as_os_str());
        args.extend(more.iter().map(OsStr::new));
        let program = self.bench.command(before, args);
        let home = self.bench.here().join("home");
        fs::create_dir_all(&home).expect("a folder can be made");
        let mut caller = Command::new("unshare");
        if !rustix::process::geteuid().is_root() {
            caller.args(["--user", "--map-root-user"]);
        }
        caller
            .args(["--uts", "sh", "-c", CALLER, "sh", HOST])
            .arg(program.get_program())
            .args(program.get_args());
        caller.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        caller.env(NAME_OF_CALLER, VALUE_OF_CALLER).env("HOME", &home).current_dir(self.bench.here());
        caller.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let finished = finish(caller.spawn().expect("the program can be started"));
        finished.is_fit_to_be_shown();
        self.surroundings_were_as_planted();
        let key = key(&self.bench.here().join("key"));
        Attempt { finished, key }
    }

    /// A word that was not there cannot have been kept.
    #[track_caller]
    fn surroundings_were_as_planted(&self) {
        let witness = fs::read_to_string(self.bench.here().join("witness")).expect("the caller told");
        let tmp = witness.lines().find_map(|line| line.strip_prefix("TMPDIR="));
        let home = witness.lines().find_map(|line| line.strip_prefix("HOME="));
        assert!(tmp.is_some_and(|folder| folder.contains(FOLDER)), "{witness}");
        assert!(home.is_some_and(|folder| folder.contains(FOLDER)), "{witness}");
        let variable = format!("{NAME_OF_CALLER}={VALUE_OF_CALLER}");
        for line in [variable.as_str(), HOST, self.bench.assignment().to_str().expect("UTF-8")] {
            assert!(witness.lines().any(|there| there == line), "{line} is not in {witness}");
        }
    }
}

/// What the program read where it gets its randomness, as strace wrote it.
#[track_caller]
fn key(seen: &Path) -> [u8; 32] {
    let seen = fs::read_to_string(seen).expect("strace wrote what it saw");
    let line = seen.lines().find(|line| line.contains("</dev/urandom")).unwrap_or_default();
    let digits = line.split('"').nth(1).unwrap_or_default().replace("\\x", "");
    let bytes = HEXLOWER.decode(digits.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.unwrap_or_else(|| panic!("no key was read: {line}"))
}
