//! Confines a trusted stage itself, before it reads the first byte that student code could have written.
//!
//! Whoever takes such a stage over by what it reads can then do what the stage does anyway: read and write its own job's
//! folders. No other student's, no program, no process, no socket. Nothing here may be undone, and nothing here looks at
//! what is in a file. Names in its volumes stay visible to it: folders are opened on the way to the job's own.

use assay_contract::configuration::Network;
use assay_contract::{Exit, Stage};
use assay_untrusted::{Error, Root};
use landlock::{Access, AccessFs, BitFlags, PathBeneath, RulesetCreatedAttr, RulesetError, RulesetStatus};

use super::paths::{LANDLOCK, nothing};
use super::syscalls;
use crate::documents::Mounted;
use crate::error::StageError;

/// What a trusted stage may reach.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    rules: Vec<(Root, BitFlags<AccessFs>)>,
    /// Why a folder that it must reach cannot be opened.
    failed: Option<StageError>,
}

impl Reach {
    /// It may read what is in `folder` of `volume`. What is not there, or closed, cannot be read anyway; storage that
    /// fails must not be taken for that later.
    pub(crate) fn reads(self, volume: &Mounted, folder: &str) -> Reach {
        self.with(volume, folder, AccessFs::ReadFile | AccessFs::ReadDir)
    }

    /// It may read and write what is in `folder`, which must be there: making it would be a right on what it lies in.
    pub(crate) fn writes(self, volume: &Mounted, folder: &str) -> Reach {
        self.with(volume, folder, written())
    }

    fn with(mut self, volume: &Mounted, folder: &str, access: BitFlags<AccessFs>) -> Reach {
        for (path, access) in [("", AccessFs::ReadDir.into()), (folder, access)] {
            // Through the volume's own descriptor: a path could lead elsewhere by now.
            match volume.root.dir(path) {
                Ok(root) => self.rules.push((root, access)),
                Err(error @ Error::Io { .. }) => {
                    self.failed.get_or_insert(volume.error(Exit::Io, path, error));
                }
                Err(_) => {}
            }
        }
        self
    }

    /// Gives up everything else, for good.
    pub(crate) fn confine(mut self, stage: Stage) -> Result<(), StageError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        if !super::HARDENED {
            return Ok(());
        }
        let failed = |what: &str, error: &dyn std::fmt::Display| {
            StageError::new(
                Exit::IsolationUnavailable,
                stage,
                format!("cannot confine itself: {what}: {error}"),
            )
        };
        let fully = self.restrict().map_err(|error| failed("paths", &error))?;
        syscalls::restrict_trusted().map_err(|error| failed("system calls", &error))?;
        if !fully {
            crate::say(
                "warning: this kernel lacks some of Landlock's rights, so this stage can reach more than its job",
            );
        }
        Ok(())
    }

    /// Whether all that was asked for holds.
    fn restrict(self) -> Result<bool, RulesetError> {
        let mut ruleset = nothing(Network::None)?;
        for (root, access) in self.rules {
            ruleset = ruleset.add_rule(PathBeneath::new(root, access))?;
        }
        Ok(ruleset.restrict_self()?.ruleset == RulesetStatus::FullyEnforced)
    }
}

/// What is done with files of one's own; links, devices, pipes and sockets are none of a stage's.
fn written() -> BitFlags<AccessFs> {
    AccessFs::from_all(LANDLOCK)
        & !(AccessFs::Execute
            | AccessFs::MakeSym
            | AccessFs::MakeFifo
            | AccessFs::MakeSock
            | AccessFs::MakeChar
            | AccessFs::MakeBlock
            | AccessFs::IoctlDev)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::unix::net::UnixStream;
    use std::process::Command;
    use std::{fs, thread};

    use assay_contract::Volume;

    use super::*;

    /// Runs in a thread of its own, which takes its confinement with it.
    fn confined(check: impl FnOnce(&Mounted, &std::path::Path) + Send + 'static) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        for name in ["own", "read", "other"] {
            fs::create_dir(path.join(name)).unwrap();
            fs::write(path.join(name).join("file"), name).unwrap();
        }
        let ended = thread::spawn(move || {
            let volume = Mounted::open_at(Stage::Results, Volume::PrivateResults, &path).unwrap();
            Reach::default().reads(&volume, "read").writes(&volume, "own").confine(Stage::Results).unwrap();
            check(&volume, &path);
        })
        .join();
        ended.unwrap();
    }

    #[test]
    fn its_own_folders_are_as_before() {
        confined(|volume, _| {
            volume.write_once("own/deep/new", b"new").unwrap();
            volume.write_once("own/deep/new", b"new").unwrap();
            volume.replace("own/file", b"other").unwrap();
            assert_eq!(volume.read_bytes("own/file", 10).unwrap(), b"other");
            volume.clear("own/deep").unwrap();
            assert_eq!(volume.read_bytes("read/file", 10).unwrap(), b"read");
            assert!(volume.root.list("", 10).is_ok());
        });
    }

    #[test]
    fn no_other_file_can_be_read_or_written() {
        confined(|volume, path| {
            assert!(volume.root.read("other/file", 10).is_err());
            assert!(volume.replace("other/file", b"x").is_err());
            assert!(volume.replace("read/file", b"x").is_err());
            assert!(volume.write_once("new", b"x").is_err());
            assert!(fs::read("/etc/passwd").is_err() && fs::read("/proc/self/environ").is_err());
            assert!(std::os::unix::fs::symlink("file", path.join("own/link")).is_err());
            assert!(fs::rename(path.join("own/file"), path.join("other/file")).is_err());
        });
    }

    #[test]
    fn no_program_process_or_socket_can_be_had() {
        confined(|_, _| {
            assert!(Command::new("/bin/true").status().is_err());
            assert!(thread::Builder::new().spawn(|| ()).is_err());
            assert!(TcpListener::bind("127.0.0.1:0").is_err());
            assert!(UnixStream::pair().is_err());
            assert!(
                rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::CONT)
                    .is_err()
            );
        });
    }
}
