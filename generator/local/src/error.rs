//! Why a job could not be run here, and what mends it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use assay_contract::Exit;

use crate::wire::{Failure, Step};

/// Why a job could not be run here. A stage that fails is no such error: it is part of the run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The kernel refuses user namespaces.
    #[error("this machine does not let this account make {what}")]
    Namespaces {
        /// Which namespaces.
        what: &'static str,
        /// What stands in the way, as far as can be told.
        obstacle: Obstacle,
        /// What the kernel said.
        source: io::Error,
    },
    /// The tmpfs that holds the job cannot be mounted.
    #[error("no tmpfs can be mounted for the job")]
    Tmpfs {
        /// What the kernel said.
        source: io::Error,
    },
    /// A fresh `/proc` cannot be mounted.
    #[error("no fresh /proc can be mounted for the job")]
    Proc {
        /// What the kernel said.
        source: io::Error,
    },
    /// The unpacked image cannot be used.
    #[error("{} cannot be used as an image: {why}", folder.display())]
    Rootfs {
        /// Which folder.
        folder: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A further toolchain folder cannot be used.
    #[error("{} cannot be used as a toolchain folder: {why}", folder.display())]
    Toolchain {
        /// Which folder.
        folder: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The folder in which the volumes are to be kept cannot be used.
    #[error("the volumes cannot be kept in {}", folder.display())]
    Keep {
        /// Which folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The plan and the documents of the job do not fit together.
    #[error("the job is not of one piece: {0}")]
    Job(&'static str),
    /// A step of the engine failed that should not.
    #[error("the engine could not go on: {what}")]
    Engine {
        /// What was being done.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// The engine's inner process ended without an answer, as when somebody killed it.
    #[error("the engine's inner process ended without an answer")]
    Ended,
}

/// What stands in the way of namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// `kernel.unprivileged_userns_clone` is 0.
    UnprivilegedSysctl,
    /// `user.max_user_namespaces` is 0.
    MaxSysctl,
    /// `kernel.apparmor_restrict_unprivileged_userns` is 1.
    AppArmor,
    /// This is a container, whose runtime forbids them.
    Container,
    /// Nothing that is known.
    Unknown,
}

impl Obstacle {
    /// Looks for what stands in the way.
    pub(crate) fn find() -> Obstacle {
        let reads =
            |path: &str, value: &str| std::fs::read_to_string(path).is_ok_and(|text| text.trim() == value);
        let exists = |path: &str| Path::new(path).exists();
        if reads("/proc/sys/kernel/unprivileged_userns_clone", "0") {
            Obstacle::UnprivilegedSysctl
        } else if reads("/proc/sys/user/max_user_namespaces", "0") {
            Obstacle::MaxSysctl
        } else if reads("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") {
            Obstacle::AppArmor
        } else if exists("/.dockerenv") || exists("/run/.containerenv") {
            Obstacle::Container
        } else {
            Obstacle::Unknown
        }
    }

    /// What mends it.
    #[must_use]
    pub const fn fix(self) -> &'static str {
        match self {
            Obstacle::UnprivilegedSysctl => "run `sudo sysctl kernel.unprivileged_userns_clone=1`",
            Obstacle::MaxSysctl => "run `sudo sysctl user.max_user_namespaces=15000`",
            Obstacle::AppArmor => {
                "run `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or give this program an AppArmor \
                 profile with `userns,`"
            }
            Obstacle::Container => {
                "start the container with `--security-opt seccomp=unconfined --security-opt apparmor=unconfined \
                 --security-opt systempaths=unconfined`, or run outside it"
            }
            Obstacle::Unknown => {
                "ask who administers this machine for unprivileged user namespaces; without them nothing is run here"
            }
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Obstacle::UnprivilegedSysctl => "kernel.unprivileged_userns_clone is 0",
            Obstacle::MaxSysctl => "user.max_user_namespaces is 0",
            Obstacle::AppArmor => "kernel.apparmor_restrict_unprivileged_userns is 1",
            Obstacle::Container => "the container's runtime forbids it",
            Obstacle::Unknown => "no known setting",
        })
    }
}

impl EngineError {
    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            EngineError::Namespaces { obstacle, .. } => obstacle.fix(),
            EngineError::Tmpfs { .. } => "allow tmpfs in user namespaces, and free some memory",
            EngineError::Proc { .. } => {
                "in a container, start it with `--security-opt systempaths=unconfined`; a /proc that is partly \
                 covered cannot be mounted afresh"
            }
            EngineError::Rootfs { .. } => {
                "name a folder that holds an unpacked image, with `usr`, `etc` and so on"
            }
            EngineError::Toolchain { .. } => {
                "name the folder of the toolchain alone, as in `~/.pyenv/versions/3.13`"
            }
            EngineError::Keep { .. } => "name a folder that is empty or does not exist yet",
            EngineError::Job(_) => "build the plan and the documents from the same assignment",
            EngineError::Engine { .. } => "try again; if it happens again, report it with this message",
            EngineError::Ended => "run it again, and leave its processes alone",
        }
    }

    /// The exit code for it.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            EngineError::Namespaces { .. } | EngineError::Tmpfs { .. } | EngineError::Proc { .. } => {
                Exit::IsolationUnavailable
            }
            EngineError::Rootfs { .. } | EngineError::Toolchain { .. } => Exit::Usage,
            EngineError::Keep { .. } => Exit::Io,
            EngineError::Job(_) => Exit::Bug,
            EngineError::Engine { .. } | EngineError::Ended => Exit::StageFailed,
        }
    }

    pub(crate) fn of(failure: Failure) -> EngineError {
        let Failure { step, what, errno } = failure;
        let source = io::Error::from_raw_os_error(errno);
        let denied = matches!(source.kind(), io::ErrorKind::PermissionDenied);
        match step {
            Step::UserNamespace => {
                EngineError::Namespaces { what: "user namespaces", obstacle: Obstacle::find(), source }
            }
            Step::Namespaces => EngineError::Namespaces {
                what: "mount, process and network namespaces",
                obstacle: Obstacle::find(),
                source,
            },
            // AppArmor lets the namespace be made and takes its rights away: then this is the first step to fail.
            Step::Tmpfs if denied && Obstacle::find() == Obstacle::AppArmor => EngineError::Namespaces {
                what: "user namespaces with rights inside",
                obstacle: Obstacle::AppArmor,
                source,
            },
            Step::Tmpfs => EngineError::Tmpfs { source },
            Step::Proc => EngineError::Proc { source },
            Step::Maps | Step::Root | Step::Rights | Step::Start | Step::Files => {
                EngineError::Engine { what, source }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_refuses_is_told_apart() {
        let of = |step| {
            let eperm = io::Error::from_raw_os_error(rustix::io::Errno::PERM.raw_os_error());
            EngineError::of(Failure::new(step, "x", &eperm))
        };
        assert!(matches!(of(Step::UserNamespace), EngineError::Namespaces { what: "user namespaces", .. }));
        assert!(matches!(of(Step::Proc), EngineError::Proc { .. }));
        assert!(matches!(of(Step::Root), EngineError::Engine { .. }));
        assert_eq!(of(Step::UserNamespace).exit(), Exit::IsolationUnavailable);
    }

    #[test]
    fn no_message_repeats_its_cause() {
        let source = || io::Error::from_raw_os_error(rustix::io::Errno::PERM.raw_os_error());
        for error in [
            EngineError::Tmpfs { source: source() },
            EngineError::Engine { what: "x".into(), source: source() },
            EngineError::Namespaces { what: "x", obstacle: Obstacle::Unknown, source: source() },
        ] {
            assert!(!error.to_string().contains(&source().to_string()));
        }
    }
}
