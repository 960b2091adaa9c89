//! System calls that no stage needs, refused for all of a stage: what container runtimes refuse as well.
//!
//! A second layer. The first one is that a stage has no rights with which they would do anything; this one keeps them
//! from the kernel's less trodden code. Builds and cases are confined further by the stage tool.

use std::collections::BTreeMap;
use std::io;

use libc::{EPERM, c_long};
use seccompiler::{
    SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

/// Refused whatever the arguments are.
const REFUSED: [c_long; 45] = [
    // Other processes' namespaces, roots and mounts.
    libc::SYS_setns,
    libc::SYS_chroot,
    libc::SYS_pivot_root,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_quotactl,
    // Keys: a session's keyring is inherited, namespaces or not.
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    // The kernel's programs, modules, logs and clocks.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_syslog,
    libc::SYS_acct,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_vhangup,
    libc::SYS_lookup_dcookie,
    libc::SYS_fanotify_init,
    // Where memory of other processes lies.
    libc::SYS_mbind,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    libc::SYS_set_mempolicy,
    libc::SYS_get_mempolicy,
];

/// Namespaces that a new process or thread could ask for.
const NEW_NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
];

/// Set in a call's number that comes by way of x32.
const X32: i64 = 0x4000_0000;

/// Pushes characters into a terminal's input.
const TIOCSTI: u64 = 0x5412;

/// Filters this process and all that come from it, for good.
pub(super) fn apply() -> io::Result<()> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    let refusals = SeccompFilter::new(
        refusals().map_err(io::Error::other)?,
        SeccompAction::Allow,
        SeccompAction::Errno(EPERM.unsigned_abs()),
        arch,
    );
    // Its flags lie in memory that a filter cannot read. Told that there is no such call, libraries use `clone`.
    let absent = SeccompFilter::new(
        BTreeMap::from([(libc::SYS_clone3, vec![]), (libc::SYS_clone3 | X32, vec![])]),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::ENOSYS.unsigned_abs()),
        arch,
    );
    for filter in [refusals, absent] {
        let program = filter.and_then(seccompiler::BpfProgram::try_from).map_err(io::Error::other)?;
        seccompiler::apply_filter(&program).map_err(io::Error::other)?;
    }
    Ok(())
}

fn refusals() -> Result<BTreeMap<i64, Vec<SeccompRule>>, seccompiler::BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = REFUSED.iter().map(|call| (*call, vec![])).collect();
    let with = |argument, value: u64| {
        let equal = SeccompCmpOp::MaskedEq(value);
        SeccompCondition::new(argument, SeccompCmpArgLen::Qword, equal, value)
            .and_then(|c| SeccompRule::new(vec![c]))
    };
    for call in [libc::SYS_clone, libc::SYS_unshare] {
        let flags = NEW_NAMESPACES.iter().map(|flag| with(0, u64::from(flag.unsigned_abs())));
        rules.insert(call, flags.collect::<Result<_, _>>()?);
    }
    let tiocsti = SeccompCondition::new(1, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, TIOCSTI)?;
    rules.insert(libc::SYS_ioctl, vec![SeccompRule::new(vec![tiocsti])?]);
    if cfg!(target_arch = "x86_64") {
        // The same calls by the numbers of the x32 interface, which pass for this architecture.
        let x32: Vec<_> = rules.iter().map(|(call, rule)| (call | X32, rule.clone())).collect();
        rules.extend(x32);
    }
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filters_compile_for_every_architecture_that_is_supported() {
        for arch in [TargetArch::x86_64, TargetArch::aarch64, TargetArch::riscv64] {
            let filter =
                SeccompFilter::new(refusals().unwrap(), SeccompAction::Allow, SeccompAction::Errno(1), arch);
            assert!(seccompiler::BpfProgram::try_from(filter.unwrap()).is_ok());
        }
    }

    #[test]
    fn no_call_is_named_twice() {
        let distinct: std::collections::BTreeSet<_> = REFUSED.iter().collect();
        assert_eq!(distinct.len(), REFUSED.len());
    }
}
