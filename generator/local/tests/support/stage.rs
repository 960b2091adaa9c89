//! Sets the stage for a case: who runs it, the program to run, and what it printed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use assay_contract::Stage;

/// As whom a job is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// As whoever runs the tests.
    Caller,
    /// As `nobody`, from root.
    Nobody,
}

impl Who {
    /// Everybody as whom jobs can be run here.
    pub fn all() -> Vec<Who> {
        if rustix::process::geteuid().is_root() { vec![Who::Caller, Who::Nobody] } else { vec![Who::Caller] }
    }

    pub fn name(self) -> &'static str {
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
pub fn open_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    folder
}

/// A job that runs.
pub struct Running {
    pub child: Child,
    pub marker: String,
    _script: tempfile::TempDir,
}

/// Starts a job with `script`.
pub fn start(who: Who, script: &str, options: &[String]) -> Running {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let marker = format!("marker-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let folder = open_folder();
    let at = folder.path().join("script");
    fs::write(&at, script).unwrap();
    let (_, engine, tool) = programs();
    let mut command = match who {
        Who::Caller => Command::new(engine),
        Who::Nobody => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(engine);
            command
        }
    };
    command.arg(super::child::FLAG).arg(&marker).arg(at).arg(tool).args(options);
    // What a careless shell would hand down.
    command.env("SECRET", "of-the-caller").env("SSH_AUTH_SOCK", "/run/agent");
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    Running { child, marker, _script: folder }
}

/// What a job printed.
pub struct Seen {
    pub lines: Vec<String>,
}

/// Runs a job to its end.
pub fn play(who: Who, script: &str, options: &[String]) -> Seen {
    let Running { child, marker, _script } = start(who, script, options);
    let output = child.wait_with_output().unwrap();
    assert_eq!(processes_of(&marker), Vec::<u32>::new(), "processes are left");
    Seen { lines: String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect() }
}

impl Seen {
    /// What follows `start` on the lines that begin with it.
    pub fn after(&self, start: &str) -> Vec<&str> {
        let start = format!("{start} ");
        self.lines.iter().filter_map(|line| line.strip_prefix(&start)).collect()
    }

    /// The one thing that `stage` told about `key`.
    pub fn told(&self, stage: Stage, key: &str) -> String {
        let told = self.after(&format!("line {stage} {key}"));
        assert_eq!(told.len(), 1, "{stage} {key}: {told:?} in {:#?}", self.lines);
        told[0].to_owned()
    }

    /// How `stage` ended.
    pub fn end(&self, stage: Stage) -> &str {
        self.after(&format!("ended {stage}")).first().copied().unwrap_or_else(|| panic!("{:#?}", self.lines))
    }

    pub fn succeeded(&self) -> &Seen {
        for stage in Stage::ALL {
            assert_eq!(self.end(stage), "Succeeded 0 None", "{stage} in {:#?}", self.lines);
        }
        assert_eq!(self.lines.last().map(String::as_str), Some("done"), "{:#?}", self.lines);
        self
    }
}

/// Processes of this machine whose command line holds `marker`.
pub fn processes_of(marker: &str) -> Vec<u32> {
    let of = |pid: &u32| {
        fs::read(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| line.windows(marker.len()).any(|part| part == marker.as_bytes()))
    };
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(of).collect()
}

/// Waits until `is` holds, for what the kernel does a moment after a process was killed.
pub fn eventually(what: &str, is: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !is() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
