//! A fresh folder in which the real binary runs, as a person would have it run.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The folder; gone with the value.
pub(crate) struct Place(TempDir);

impl Place {
    /// An empty folder.
    pub(crate) fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    /// A file or folder in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Copies a file or folder into it, under the name `name`.
    pub(crate) fn bring(&self, from: &Path, name: &str) {
        copy(from, &self.path(name));
    }

    /// A command that runs in it, with nothing but a usual environment.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        let binary = Path::new(env!("CARGO_BIN_EXE_assay")).parent().unwrap();
        command.current_dir(self.0.path()).stdin(Stdio::null()).env_clear();
        command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", binary.display()));
        command.env("HOME", self.0.path()).env("LANG", "C.UTF-8");
        command
    }

    /// What a command came to.
    pub(crate) fn output(&self, command: &mut Command) -> Output {
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
}
