//! The newcomer: process 1 of a stage. Builds the stage's root, gives up every right, becomes the tool.
//!
//! It carries out a `StageRoot` and decides nothing. The order matters: the root needs rights, the tool must have none.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags, mount_remount, unmount};
use rustix::process::{Gid, Resource, Rlimit, Uid, pivot_root, setrlimit, umask};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::raw::{self, Namespace};
use super::{loopback, mounts, pipe_in, pipe_out, seccomp};
use crate::root::{Entry, StageRoot};
use crate::wire::{self, Birth, During, Failure, Order, Reply, Step};

/// Returns only where the tool could not be started.
pub(super) fn run() -> Result<ExitCode, Failure> {
    // Closed by the kernel when the tool starts: that is how the keeper learns that it did.
    let mut status = pipe_out().during(Step::Start, "opening the status pipe")?;
    let mut from = pipe_in().during(Step::Start, "opening the order")?;
    let Some((birth, _)) = wire::receive::<Birth>(&mut from).during(Step::Start, "reading the order")? else {
        return Err(Failure { step: Step::Start, what: "no order came".into(), errno: 0 });
    };
    drop(from);
    let failure = become_the_tool(birth);
    // Where the keeper is gone, this process is about to be.
    let _unheard = wire::send(&mut status, &Reply::Failed(failure), &[]);
    Ok(ExitCode::FAILURE)
}

fn become_the_tool(birth: Birth) -> Failure {
    let Birth { workspace, single_user, order } = birth;
    let Order { root, arguments, signing_key } = order;
    let prepared = enter_root(Path::new(&workspace), &root)
        .and_then(|()| limit(&root))
        .and_then(|()| give_up_rights(root.uid, single_user))
        .and_then(|()| stand_alone());
    if let Err(failure) = prepared {
        return failure;
    }
    let mut tool = Command::new(&root.program);
    tool.args(arguments).env_clear().envs(root.environment);
    if let Some(key) = signing_key {
        tool.env(assay_contract::layout::SIGNING_KEY, key);
    }
    Failure::new(Step::Start, format!("starting {}", root.program), &tool.exec())
}

fn enter_root(workspace: &Path, root: &StageRoot) -> Result<(), Failure> {
    raw::unshare(&[Namespace::Mount, Namespace::Network, Namespace::Ipc, Namespace::HostName])
        .during(Step::Namespaces, "making a stage's namespaces")?;
    rustix::system::sethostname(b"assay").during(Step::Root, "naming the host")?;
    if root.loopback {
        loopback::up().during(Step::Root, "bringing up the loopback")?;
    }
    umask(Mode::from_raw_mode(0o022));
    let place = workspace.join("root");
    mounts::tmpfs(&place, "mode=0755,size=16m").during(Step::Root, "mounting a stage's root")?;
    for entry in &root.entries {
        make(entry, workspace, &place).during(Step::Root, entry.to_string())?;
    }
    let read_only = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV;
    mount_remount(&place, read_only, "").during(Step::Root, "making a stage's root read only")?;
    change_root(&place).during(Step::Root, "changing the root")
}

/// Makes `place` the root and lets go of the old one, with everything that was mounted there.
fn change_root(place: &Path) -> io::Result<()> {
    rustix::process::chdir(place)?;
    // The old root comes to lie on top of the new one, where it needs no folder of its own.
    pivot_root(".", ".")?;
    unmount(".", UnmountFlags::DETACH)?;
    rustix::process::chdir("/")?;
    Ok(())
}

fn make(entry: &Entry, workspace: &Path, place: &Path) -> io::Result<()> {
    let inside = |at: &str| place.join(at.trim_start_matches('/'));
    let harmless = MountFlags::NOSUID | MountFlags::NODEV;
    match entry {
        Entry::Folder { at } => fs::create_dir_all(inside(at)),
        Entry::Link { at, to } => symlink(to, with_parent(inside(at))?),
        Entry::File { at, content } => fs::write(with_parent(inside(at))?, content),
        Entry::Tool { at } => {
            let at = empty_file(inside(at))?;
            mounts::bind(&workspace.join("tool"), &at, harmless | MountFlags::RDONLY)
        }
        Entry::Shown { from, at, folder } => {
            let at = if *folder { empty_folder(inside(at))? } else { empty_file(inside(at))? };
            mounts::bind_tree_read_only(Path::new(from), &at)
        }
        Entry::Volume { volume, access } => {
            let at = empty_folder(inside(&volume.path()))?;
            let mode = if access.is_read_only() { MountFlags::RDONLY } else { MountFlags::empty() };
            mounts::bind(&workspace.join("volumes").join(volume.id()), &at, harmless | mode)
        }
        Entry::Device { name } => {
            let at = empty_file(inside(&format!("/dev/{name}")))?;
            mounts::bind(&Path::new("/dev").join(name), &at, MountFlags::NOSUID | MountFlags::NOEXEC)
        }
        Entry::Proc => mounts::proc(&empty_folder(inside("/proc"))?),
    }
}

fn with_parent(path: PathBuf) -> io::Result<PathBuf> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    Ok(path)
}

fn empty_folder(path: PathBuf) -> io::Result<PathBuf> {
    fs::create_dir_all(&path)?;
    Ok(path)
}

fn empty_file(path: PathBuf) -> io::Result<PathBuf> {
    let path = with_parent(path)?;
    fs::write(&path, "")?;
    Ok(path)
}

fn limit(root: &StageRoot) -> Result<(), Failure> {
    let set = |resource, value| setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) });
    set(Resource::Nproc, root.max_processes).during(Step::Rights, "limiting processes")?;
    // 1 and not 0: with 0 a core dump still goes to a program of this machine where core_pattern names one.
    set(Resource::Core, 1).during(Step::Rights, "forbidding core dumps")
}

fn give_up_rights(uid: u32, single_user: bool) -> Result<(), Failure> {
    let step = Step::Rights;
    if single_user {
        // The stage's user exists only in a user namespace of its own, where it stands for the only user there is.
        raw::unshare(&[Namespace::User]).during(step, "making a stage's user namespace")?;
        fs::write("/proc/self/setgroups", "deny").during(step, "writing setgroups")?;
        fs::write("/proc/self/uid_map", format!("{uid} 0 1\n")).during(step, "writing the user map")?;
        fs::write("/proc/self/gid_map", format!("{uid} 0 1\n")).during(step, "writing the group map")?;
        forbid_user_namespaces(Path::new("/proc")).during(step, "forbidding user namespaces")?;
    } else {
        rustix::thread::set_thread_groups(&[]).during(step, "leaving all groups")?;
    }
    for capability in CapabilitySet::all().iter() {
        match rustix::thread::remove_capability_from_bounding_set(capability) {
            // This kernel does not know it.
            Ok(()) | Err(Errno::INVAL) => {}
            Err(error) => return Err(error).during(step, "emptying the bounding set"),
        }
    }
    let (user, group) = (Uid::from_raw(uid), Gid::from_raw(uid));
    rustix::thread::set_thread_res_gid(group, group, group).during(step, "becoming the stage's group")?;
    rustix::thread::set_thread_res_uid(user, user, user).during(step, "becoming the stage's user")?;
    rustix::thread::clear_ambient_capability_set().during(step, "emptying the ambient set")?;
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    rustix::thread::set_capabilities(None, none).during(step, "dropping capabilities")?;
    rustix::thread::set_no_new_privs(true).during(step, "forbidding new rights")?;
    seccomp::apply().during(step, "filtering system calls")
}

/// Lets no process of this user namespace make another one.
pub(super) fn forbid_user_namespaces(proc: &Path) -> io::Result<()> {
    fs::write(proc.join("sys/user/max_user_namespaces"), "0")
}

/// Leaves the tool no open file but an empty input and one output.
fn stand_alone() -> Result<(), Failure> {
    rustix::process::setsid().during(Step::Start, "making a session")?;
    let null = super::open_read("/dev/null").during(Step::Start, "opening /dev/null")?;
    rustix::stdio::dup2_stdin(&null).during(Step::Start, "closing the order")?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr()).during(Step::Start, "joining the outputs")?;
    raw::close_inherited_on_exec().during(Step::Start, "closing what was inherited")
}
