//! Finds the program under test, and says as whom it runs.
//!
//! Cargo tells a package's tests where its own programs are, and nobody else's. So the program is built once per test
//! process, by the cargo that runs the tests and in its target folder: a fresh clone works, and a stale program is never
//! tested.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// As whom the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// As whoever runs the tests.
    Caller,
    /// As an account that owns nothing; only root can become it.
    Ordinary,
}

impl Who {
    /// Everybody as whom the program can be run here.
    #[must_use]
    pub fn all() -> &'static [Who] {
        if rustix::process::geteuid().is_root() { &[Who::Caller, Who::Ordinary] } else { &[Who::Caller] }
    }

    /// A command that runs `program` as this account.
    #[must_use]
    pub fn command(self, program: &OsStr) -> Command {
        match self {
            Who::Caller => Command::new(program),
            Who::Ordinary => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(program);
                command
            }
        }
    }
}

/// The `assay` program, as the sources of this checkout make it.
///
/// # Panics
/// If it does not build.
#[must_use]
pub fn assay() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(build)
}

fn build() -> PathBuf {
    let own = std::env::current_exe().expect("this test has a path");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--locked", "--package", "assay", "--message-format", "json-render-diagnostics"]);
    command.arg("--manifest-path").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"));
    // The folders above this test, from `deps` on, tell profile and target folder; cargo marks the latter.
    let profile = own.ancestors().nth(2).and_then(Path::file_name).and_then(OsStr::to_str);
    command.args(["--profile", profile.filter(|name| *name != "debug").unwrap_or("dev")]);
    if let Some(folder) = own.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file()) {
        command.arg("--target-dir").arg(folder);
    }
    let built = command.stderr(Stdio::inherit()).output().expect("cargo can be started");
    assert!(built.status.success(), "assay does not build");
    String::from_utf8_lossy(&built.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "assay")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("cargo says where assay is")
}
