//! The gate: makes the namespaces of a job, lets the keeper in, and waits for it.
//!
//! It touches no file of the job. Its parent is the process that a person started.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use assay_contract::Exit;
use rustix::process::{Gid, Uid};

use super::raw::{self, Namespace};
use super::{KEEPER, OWN_PROGRAM, die_with_parent, pipe_in, pipe_out};
use crate::wire::{self, During, Failure, Reply, Request, Step};

pub(super) fn run() -> Result<ExitCode, Failure> {
    raw::close_inherited_on_exec().during(Step::Start, "closing what was inherited")?;
    // A session of its own: no terminal reaches the job, and no key pressed at it.
    rustix::process::setsid().during(Step::Start, "making a session")?;
    die_with_parent()?;
    raw::unshare(&[Namespace::User]).during(Step::UserNamespace, "making a user namespace")?;
    get_mapped()?;
    // New credentials made the kernel forget whom to die with.
    die_with_parent()?;
    raw::unshare(&[
        Namespace::Mount,
        Namespace::Pid,
        Namespace::Network,
        Namespace::Ipc,
        Namespace::HostName,
        Namespace::Cgroup,
    ])
    .during(Step::Namespaces, "making namespaces")?;
    let own = fs::read_link("/proc/self").during(Step::Start, "looking for the own process")?;
    let status = Command::new(OWN_PROGRAM)
        .arg0(KEEPER)
        .args(std::env::args_os().skip(1))
        .arg(own)
        .env_clear()
        .status()
        .during(Step::Start, "starting the keeper")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::from(Exit::StageFailed.code()) })
}

/// Waits for the maps, or writes them where one user is all there is, and becomes user 0 inside.
fn get_mapped() -> Result<(), Failure> {
    let tell = "asking for the maps";
    let mut out = pipe_out().during(Step::Maps, tell)?;
    wire::send(&mut out, &Reply::MapsWanted, &[]).during(Step::Maps, tell)?;
    let mut from = pipe_in().during(Step::Maps, tell)?;
    match wire::receive(&mut from).during(Step::Maps, tell)? {
        Some((Request::Mapped, _)) => {
            rustix::thread::set_thread_groups(&[]).during(Step::Maps, "leaving all groups")?;
        }
        Some((Request::MapYourself { uid, gid }, _)) => {
            // The kernel wants this before an unprivileged group map; it is why the groups stay.
            fs::write("/proc/self/setgroups", "deny").during(Step::Maps, "writing setgroups")?;
            fs::write("/proc/self/uid_map", format!("0 {uid} 1\n"))
                .during(Step::Maps, "writing the user map")?;
            fs::write("/proc/self/gid_map", format!("0 {gid} 1\n"))
                .during(Step::Maps, "writing the group map")?;
        }
        _ => return Err(Failure { step: Step::Maps, what: "no maps came".into(), errno: 0 }),
    }
    rustix::thread::set_thread_res_gid(Gid::ROOT, Gid::ROOT, Gid::ROOT)
        .during(Step::Maps, "becoming group 0")?;
    rustix::thread::set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT).during(Step::Maps, "becoming user 0")
}
