//! Sets the stage for a case: who runs it, the program to run, and what it printed.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use assay_contract::Stage;
use rustix::process::{Pid, Signal, kill_process};

/// As whom a job is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// As whoever runs the tests.
    Caller,
    /// As `nobody`, from root.
    Nobody,
}

impl Who {
    /// Everybody as whom jobs can be run here.
    pub(crate) fn all() -> Vec<Who> {
        if rustix::process::geteuid().is_root() { vec![Who::Caller, Who::Nobody] } else { vec![Who::Caller] }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Who::Caller if rustix::process::geteuid().is_root() => "root",
            Who::Caller => "caller",
            Who::Nobody => "nobody",
        }
    }
}

/// A folder that everybody can read, with this program and the stand-in tool in it.
fn programs() -> &'static (tempfile::TempDir, PathBuf, PathBuf) {
    static PROGRAMS: OnceLock<(tempfile::TempDir, PathBuf, PathBuf)> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let folder = open_folder();
        let (own, tool) = (folder.path().join("engine"), folder.path().join("stand-in"));
        fs::copy(std::env::current_exe().unwrap(), &own).unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/stand_in.rs");
        let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let compiled = Command::new(compiler)
            .args(["--edition", "2024", "-C", "target-feature=+crt-static", "-C", "debuginfo=0", "-o"])
            .args([&tool, &source])
            .status();
        assert!(compiled.unwrap().success(), "the stand-in tool does not compile");
        (folder, own, tool)
    })
}

/// A temporary folder that everybody may enter and write.
pub(crate) fn open_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    folder
}

/// A job that runs.
pub(crate) struct Running {
    pub(crate) child: Child,
    output: BufReader<ChildStdout>,
    pub(crate) marker: String,
    _script: tempfile::TempDir,
}

/// Starts a job with `script`.
pub(crate) fn start(who: Who, script: &str, options: &[String]) -> Running {
    start_by(who, &[], script, options)
}

/// Starts a job with `script` through the command line `before`.
pub(crate) fn start_by(who: Who, before: &[&str], script: &str, options: &[String]) -> Running {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let marker = format!("marker-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let folder = open_folder();
    let at = folder.path().join("script");
    // A script can mark what it starts, so that it is found if it is left.
    fs::write(&at, script.replace("MARKER", &marker)).unwrap();
    let (_, engine, tool) = programs();
    let mut words: Vec<&OsStr> = Vec::new();
    if who == Who::Nobody {
        words.extend(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"].map(OsStr::new));
    }
    words.extend(before.iter().map(OsStr::new));
    words.push(engine.as_os_str());
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(super::child::FLAG).arg(&marker).arg(at).arg(tool).args(options);
    // What a careless shell would hand down.
    command.env("SECRET", "of-the-caller").env("SSH_AUTH_SOCK", "/run/agent");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    Running { child, output, marker, _script: folder }
}

/// What a job printed.
pub(crate) struct Seen {
    pub(crate) lines: Vec<String>,
}

/// Runs a job to its end.
pub(crate) fn play(who: Who, script: &str, options: &[String]) -> Seen {
    start(who, script, options).rest()
}

impl Running {
    /// Reads on to a line that begins with `start`.
    pub(crate) fn until(&mut self, start: &str) {
        let mut line = String::new();
        while !line.starts_with(start) {
            line.clear();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "{start} did not come");
        }
    }

    /// Sends a signal to the program that a person would have started.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// What is printed from here on; waits until the job is over.
    pub(crate) fn rest(mut self) -> Seen {
        let mut bytes = Vec::new();
        self.output.read_to_end(&mut bytes).unwrap();
        self.child.wait().unwrap();
        assert_eq!(processes_of(&self.marker), Vec::<u32>::new(), "processes are left");
        Seen { lines: String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect() }
    }
}

impl Seen {
    /// What follows `start` on the lines that begin with it.
    pub(crate) fn after(&self, start: &str) -> Vec<&str> {
        let start = format!("{start} ");
        self.lines.iter().filter_map(|line| line.strip_prefix(&start)).collect()
    }

    /// The one thing that `stage` told about `key`.
    pub(crate) fn told(&self, stage: Stage, key: &str) -> String {
        let told = self.after(&format!("line {stage} {key}"));
        assert_eq!(told.len(), 1, "{stage} {key}: {told:?} in {:#?}", self.lines);
        told[0].to_owned()
    }

    /// How `stage` ended.
    pub(crate) fn end(&self, stage: Stage) -> &str {
        self.after(&format!("ended {stage}")).first().copied().unwrap_or_else(|| panic!("{:#?}", self.lines))
    }

    pub(crate) fn succeeded(&self) -> &Seen {
        for stage in Stage::ALL {
            assert_eq!(self.end(stage), "Succeeded 0 None", "{stage} in {:#?}", self.lines);
        }
        assert_eq!(self.lines.last().map(String::as_str), Some("done"), "{:#?}", self.lines);
        self
    }
}

/// Processes of this machine whose command line holds `marker`.
pub(crate) fn processes_of(marker: &str) -> Vec<u32> {
    let of = |pid: &u32| {
        fs::read(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| line.windows(marker.len()).any(|part| part == marker.as_bytes()))
    };
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(of).collect()
}

/// Waits until `is` holds, for what the kernel does a moment after a process was killed.
pub(crate) fn eventually(what: &str, is: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !is() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
