//! The keeper: process 1 of a job. Holds the volumes, runs stages on request, hands over what they left.
//!
//! It does what the outer process asks, one request after another, and ends when there is nobody left to ask.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use assay_contract::{Exit, Volume};
use rustix::fs::{Mode, OFlags};
use rustix::mount::{MountPropagationFlags, UnmountFlags, mount_change, unmount};
use rustix::process::umask;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::hostile::{self, Found, Met};
use super::raw::{self, Namespace};
use super::watch::{Watch, watch};
use super::{NEWCOMER, OWN_PROGRAM, die_with_parent, mounts, newcomer, open_read, pipe_in, pipe_out};
use crate::wire::{self, Birth, During, Ended, Failure, How, Order, Prepare, Reply, Request, Step};

struct Keeper {
    requests: File,
    replies: File,
    /// The process namespace that stages' first processes must not be born into.
    own_processes: OwnedFd,
    home: Option<Home>,
}

/// Where the job lives.
struct Home {
    workspace: PathBuf,
    single_user: bool,
    owners: Vec<(Volume, u32)>,
}

pub(super) fn run() -> Result<ExitCode, Failure> {
    die_with_parent()?;
    // Standard input is the outer process's, who may live on where the gate died before the kernel was asked. It learns of it by
    // the end of our standard output.
    if !is_child_of(std::env::args_os().next_back()).during(Step::Start, "looking for the gate")? {
        return Ok(ExitCode::from(Exit::StageFailed.code()));
    }
    umask(Mode::from_raw_mode(0o022));
    let mut keeper = Keeper {
        requests: pipe_in().during(Step::Start, "opening the requests")?,
        replies: pipe_out().during(Step::Start, "opening the replies")?,
        own_processes: open_read("/proc/self/ns/pid").during(Step::Start, "opening the process namespace")?,
        home: None,
    };
    keeper.serve().during(Step::Files, "talking to the outer process")?;
    Ok(ExitCode::SUCCESS)
}

/// Whether this process is a child of that one, by its number in the process namespace of `/proc`, which is not yet our own.
fn is_child_of(gate: Option<OsString>) -> io::Result<bool> {
    let status = fs::read_to_string("/proc/self/status")?;
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).map(str::trim);
    Ok(parent.is_some() && gate.as_deref().and_then(OsStr::to_str) == parent)
}

impl Keeper {
    /// Serves until the outer process closes its side.
    fn serve(&mut self) -> io::Result<()> {
        while let Some((request, blob)) = wire::receive::<Request>(&mut self.requests)? {
            let reply = self.answer(request, &blob);
            let (reply, blob) = reply.unwrap_or_else(|failure| (Reply::Failed(failure), Vec::new()));
            wire::send(&mut self.replies, &reply, &blob)?;
        }
        Ok(())
    }

    fn answer(&mut self, request: Request, blob: &[u8]) -> Result<(Reply, Vec<u8>), Failure> {
        let done = |lacks| Ok((Reply::Done { lacks }, Vec::new()));
        match request {
            Request::Prepare(prepare) => {
                let (home, lacks) = settle(prepare)?;
                self.home = Some(home);
                done(lacks)
            }
            Request::Tool => {
                let at = self.home()?.workspace.join("tool");
                fs::write(&at, blob).during(Step::Files, "writing the stage tool")?;
                let mode = fs::Permissions::from_mode(0o555);
                fs::set_permissions(&at, mode).during(Step::Files, "writing the stage tool")?;
                done(vec![])
            }
            Request::Lay { volume, path } => {
                self.home()?
                    .lay(volume, &path, blob)
                    .during(Step::Files, format!("writing {path} into {volume}"))?;
                done(vec![])
            }
            Request::Run(order) => Ok((Reply::Ended(self.run_stage(*order)?), Vec::new())),
            Request::Take { volume, path, cap } => {
                let root = self.home()?.open(volume)?;
                let found = hostile::take(&root, &path, cap)
                    .during(Step::Files, format!("reading {path} of {volume}"))?;
                Ok(match found {
                    Found::Plain { bytes, executable: _ } => (Reply::Taken, bytes),
                    Found::Absent => (Reply::Absent, Vec::new()),
                    Found::Refused(why) => (Reply::Refused { why }, Vec::new()),
                })
            }
            Request::Walk { volume } => {
                let root = self.home()?.open(volume)?;
                let replies = &mut self.replies;
                hostile::walk(&root, |path, met| {
                    let path = path.to_vec();
                    match met {
                        Met::Folder => wire::send(replies, &Reply::Folder { path }, &[]),
                        Met::File { bytes, executable } => {
                            wire::send(replies, &Reply::File { path, executable }, &bytes)
                        }
                        Met::LeftOut(why) => wire::send(replies, &Reply::LeftOut { path, why }, &[]),
                    }
                })
                .during(Step::Files, format!("reading {volume}"))?;
                done(vec![])
            }
            Request::Mapped | Request::MapYourself { .. } => Err(Failure {
                step: Step::Files,
                what: "a request came to the wrong process".into(),
                errno: 0,
            }),
        }
    }

    fn home(&self) -> Result<&Home, Failure> {
        let absent = || Failure { step: Step::Files, what: "the job has no place yet".into(), errno: 0 };
        self.home.as_ref().ok_or_else(absent)
    }

    fn run_stage(&mut self, order: Order) -> Result<Ended, Failure> {
        let allowed = Duration::from_secs(order.root.deadline_seconds);
        let home = self.home()?;
        let birth = Birth {
            workspace: home.workspace.to_string_lossy().into_owned(),
            single_user: home.single_user,
            order,
        };
        let begun = Instant::now();
        let (status, status_end) = io::pipe().during(Step::Start, "making a pipe")?;
        let (output, output_end) = io::pipe().during(Step::Start, "making a pipe")?;
        let mut child = match self.bear(status_end.into(), output_end.into()) {
            Ok(child) => child,
            Err(failure) => return Ok(Ended { how: How::NotStarted(failure), wall_ms: 0, dropped_bytes: 0 }),
        };
        // Where this fails the newcomer says so, or its death does.
        let _told = child.stdin.take().map(|mut stdin| wire::send(&mut stdin, &birth, &[]));
        let watching = Watch {
            requests: &self.requests,
            replies: &mut self.replies,
            status: status.into(),
            output: output.into(),
            deadline: begun + allowed,
        };
        let seen = watch(watching, child).during(Step::Files, "watching a stage")?;
        let wall_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(Ended { how: seen.how, wall_ms, dropped_bytes: seen.dropped_bytes })
    }

    /// Starts the first process of a stage, in a process namespace of its own.
    fn bear(&self, status: Stdio, output: Stdio) -> Result<Child, Failure> {
        raw::unshare(&[Namespace::Pid]).during(Step::Namespaces, "making a stage's process namespace")?;
        let child = Command::new(OWN_PROGRAM)
            .arg0(NEWCOMER)
            .args(std::env::args_os().skip(1))
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(status)
            .stderr(output)
            .spawn()
            .during(Step::Start, "starting a stage's first process");
        // A process may make such a namespace only while its children are born into its own.
        move_into_link_name_space(
            std::os::fd::AsFd::as_fd(&self.own_processes),
            Some(LinkNameSpaceType::ProcessID),
        )
        .during(Step::Namespaces, "returning to the job's process namespace")?;
        child
    }
}

/// Mounts the place in which the job lives.
fn settle(prepare: Prepare) -> Result<(Home, Vec<String>), Failure> {
    let Prepare { workspace, single_user, volume_bytes, owners } = prepare;
    let workspace = PathBuf::from(workspace);
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .during(Step::Namespaces, "keeping mounts to ourselves")?;
    mounts::tmpfs(&workspace, "mode=0700,size=64m").during(Step::Tmpfs, "mounting the workspace")?;
    for name in ["root", "proc", "volumes"] {
        fs::create_dir(workspace.join(name)).during(Step::Files, "making the workspace")?;
    }
    for (volume, owner) in &owners {
        let at = workspace.join("volumes").join(volume.id());
        fs::create_dir(&at).during(Step::Files, "making the workspace")?;
        // A file system each: a volume that is filled up takes no room from the others.
        let options = format!("mode=0755,size={volume_bytes},nr_inodes=1m");
        mounts::tmpfs(&at, &options).during(Step::Tmpfs, format!("mounting {volume}"))?;
        if !single_user {
            chown(&at, Some(*owner), Some(*owner))
                .during(Step::Files, format!("giving {volume} to its user"))?;
        }
    }
    let lacks = try_proc(&workspace.join("proc"), single_user)?;
    Ok((Home { workspace, single_user, owners }, lacks))
}

/// Learns early whether stages can have a `/proc`, and forbids further user namespaces through it.
fn try_proc(at: &Path, single_user: bool) -> Result<Vec<String>, Failure> {
    mounts::proc(at).during(Step::Proc, "mounting /proc")?;
    // With one user, each stage makes a user namespace and forbids others there.
    let forbidden = if single_user { Ok(()) } else { newcomer::forbid_user_namespaces(at) };
    unmount(at, UnmountFlags::DETACH).during(Step::Proc, "unmounting /proc")?;
    let lack = |_| "user namespaces in stages are refused by the system call filter alone".to_owned();
    Ok(forbidden.map_err(lack).err().into_iter().collect())
}

impl Home {
    fn volume(&self, volume: Volume) -> PathBuf {
        self.workspace.join("volumes").join(volume.id())
    }

    fn open(&self, volume: Volume) -> Result<OwnedFd, Failure> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::open(self.volume(volume), flags, Mode::empty())
            .during(Step::Files, format!("opening {volume}"))
    }

    /// Writes a file and the folders above it, all of which belong to the volume's owner.
    fn lay(&self, volume: Volume, path: &str, bytes: &[u8]) -> io::Result<()> {
        let owner = self.owners.iter().find(|(v, _)| *v == volume).map(|(_, owner)| *owner);
        let own = |path: &Path| if self.single_user { Ok(()) } else { chown(path, owner, owner) };
        let mut at = self.volume(volume);
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            at.push(part);
            if parts.peek().is_none() {
                fs::write(&at, bytes)?;
                own(&at)?;
            } else if !at.is_dir() {
                fs::create_dir(&at)?;
                own(&at)?;
            }
        }
        Ok(())
    }
}
