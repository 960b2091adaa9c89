//! Which system calls a confined command may make: a seccomp allow-list, and refusals by argument on top of it.
//!
//! Landlock rules paths; this rules what has no path. What is on neither list does not exist for the command (ENOSYS), so
//! that run-time systems fall back to what they did before the call was invented; what is refused answers EPERM.

use assay_contract::configuration::Network;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Len, SeccompCmpOp as Op, SeccompCondition as If,
    SeccompFilter, SeccompRule, TargetArch,
};

use super::{Kind, listed};

/// Why the filter could not be put in place.
#[derive(Debug, thiserror::Error)]
pub(super) enum FilterError {
    /// The rules do not make a filter.
    #[error("the rules make no filter: {0}")]
    Rules(#[from] seccompiler::BackendError),
    /// The kernel did not take it.
    #[error("{0}")]
    Kernel(#[from] seccompiler::Error),
    /// The list is none that a filter of ranges can hold.
    #[error("the list of calls makes no filter")]
    List,
}

/// Filters the calls of this process and of all that it becomes or starts.
pub(super) fn restrict(kind: Kind, network: Network) -> Result<(), FilterError> {
    // The last filter of equal strength gives the error number: refusals after the list.
    seccompiler::apply_filter(&allowed(network)?)?;
    seccompiler::apply_filter(&refused(kind)?)?;
    Ok(())
}

/// Filters the calls of a trusted stage, which starts nothing and talks to nobody.
pub(super) fn restrict_trusted() -> Result<(), FilterError> {
    seccompiler::apply_filter(&trusted()?)?;
    Ok(())
}

fn trusted() -> Result<BpfProgram, FilterError> {
    let calls = ALLOWED.iter().chain(ALLOWED_OF_ARCH).filter(|call| !NOT_TRUSTED.contains(call));
    listed::allow(calls.copied(), SeccompAction::Errno(libc::EPERM as u32), ARCH)
}

#[cfg(target_arch = "x86_64")]
const ARCH: TargetArch = TargetArch::x86_64;
#[cfg(target_arch = "aarch64")]
const ARCH: TargetArch = TargetArch::aarch64;

fn allowed(network: Network) -> Result<BpfProgram, FilterError> {
    let sockets: &[i64] = if network == Network::Loopback { SOCKETS } else { &[] };
    let calls = ALLOWED.iter().chain(ALLOWED_OF_ARCH).chain(sockets);
    listed::allow(calls.copied(), SeccompAction::Errno(libc::ENOSYS as u32), ARCH)
}

fn refused(kind: Kind) -> Result<BpfProgram, seccompiler::BackendError> {
    let mut rules: Vec<(i64, Vec<SeccompRule>)> = Vec::new();
    // New namespaces would bring mounts and capabilities. `clone3` hides its flags from filters and is not on the list.
    let namespaces = [
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWNS,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWNET,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWCGROUP,
    ];
    let any_namespace = namespaces.iter().map(|flag| has_bits(0, *flag as u64)).collect::<Result<_, _>>()?;
    rules.push((libc::SYS_clone, any_namespace));
    // Pushing characters into a terminal is typing on it.
    let terminal = [libc::TIOCSTI, libc::TIOCLINUX, libc::TIOCSCTTY];
    rules.push((
        libc::SYS_ioctl,
        terminal.iter().map(|request| is(1, Len::Dword, *request)).collect::<Result<_, _>>()?,
    ));
    // Shared memory without a file stays when it is unmapped in part, and then no process shows it. A file can be mapped.
    rules.push((libc::SYS_mmap, vec![has_bits(3, (libc::MAP_SHARED | libc::MAP_ANONYMOUS) as u64)?]));
    // A connected pair of streams is a pipe; one of datagrams could be aimed at any socket that has a path.
    let mut pairs = vec![is_not(0, libc::AF_UNIX as u64)?];
    for kind in [libc::SOCK_DGRAM, libc::SOCK_SEQPACKET, libc::SOCK_RAW] {
        pairs.push(SeccompRule::new(vec![If::new(1, Len::Dword, Op::MaskedEq(0xf), kind as u64)?])?);
    }
    rules.push((libc::SYS_socketpair, pairs));
    // Where sockets are allowed at all: families that end at the stage's own network. Others do not know namespaces.
    let inner = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6];
    let outer = inner
        .iter()
        .map(|family| If::new(0, Len::Dword, Op::Ne, *family as u64))
        .collect::<Result<_, _>>()?;
    rules.push((libc::SYS_socket, vec![SeccompRule::new(outer)?]));
    // These act on any process of the same user: the stage itself, in a pod.
    for call in [
        libc::SYS_prlimit64,
        libc::SYS_sched_setaffinity,
        libc::SYS_sched_setattr,
        libc::SYS_sched_setparam,
        libc::SYS_sched_setscheduler,
    ] {
        rules.push((call, vec![is_not(0, 0)?]));
    }
    // Whoever may not be looked at hides what it keeps open.
    let dumpable = If::new(0, Len::Dword, Op::Eq, libc::PR_SET_DUMPABLE as u64)?;
    rules
        .push((libc::SYS_prctl, vec![SeccompRule::new(vec![dumpable, If::new(1, Len::Qword, Op::Eq, 0)?])?]));
    rules.push((libc::SYS_setpriority, vec![is_not(0, libc::PRIO_PROCESS as u64)?, is_not(1, 0)?]));
    for (call, mode_argument) in chmod_calls() {
        rules.push((call, if kind.may_chmod() { beyond_plain_modes(mode_argument)? } else { Vec::new() }));
    }
    if !kind.may_chmod() {
        // No rule for paths prevents these. Times are not among them: copying a tree with its times is what programs do.
        rules.extend(OWNERS.iter().map(|call| (*call, Vec::new())));
    }
    filter(rules, SeccompAction::Allow, SeccompAction::Errno(libc::EPERM as u32))
}

/// Calls that change owners.
#[cfg(target_arch = "x86_64")]
const OWNERS: &[i64] = &[libc::SYS_chown, libc::SYS_fchown, libc::SYS_fchownat, libc::SYS_lchown];
#[cfg(target_arch = "aarch64")]
const OWNERS: &[i64] = &[libc::SYS_fchown, libc::SYS_fchownat];

/// Linkers make their output executable; set-user-id and sticky bits are never needed, and a file that its owner cannot
/// read would only stop the stages that read it next.
fn beyond_plain_modes(argument: u8) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let special = [libc::S_ISUID, libc::S_ISGID, libc::S_ISVTX].map(u64::from);
    let mut rules: Vec<_> = special.iter().map(|bit| has_bits(argument, *bit)).collect::<Result<_, _>>()?;
    rules.push(SeccompRule::new(vec![If::new(
        argument,
        Len::Dword,
        Op::MaskedEq(u64::from(libc::S_IRUSR)),
        0,
    )?])?);
    Ok(rules)
}

fn chmod_calls() -> Vec<(i64, u8)> {
    let mut calls = vec![(libc::SYS_fchmod, 1), (libc::SYS_fchmodat, 2)];
    #[cfg(target_arch = "x86_64")]
    calls.push((libc::SYS_chmod, 1));
    calls
}

fn has_bits(argument: u8, bits: u64) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![If::new(argument, Len::Qword, Op::MaskedEq(bits), bits)?])
}

fn is(argument: u8, length: Len, value: u64) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![If::new(argument, length, Op::Eq, value)?])
}

fn is_not(argument: u8, value: u64) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![If::new(argument, Len::Dword, Op::Ne, value)?])
}

fn filter(
    rules: Vec<(i64, Vec<SeccompRule>)>,
    otherwise: SeccompAction,
    on_match: SeccompAction,
) -> Result<BpfProgram, seccompiler::BackendError> {
    SeccompFilter::new(rules.into_iter().collect(), otherwise, on_match, ARCH)?.try_into()
}

/// With `network: loopback`: sockets, in the stage's own network; and messages, which can hold sockets that no process has open.
const SOCKETS: &[i64] = &[
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_listen,
    libc::SYS_sendmmsg,
    libc::SYS_sendmsg,
    libc::SYS_socket,
];

/// What programs, compilers and run-time systems need. Not here, among others: other processes' memory (`ptrace`,
/// `process_vm_*`, `pidfd_getfd`, `kcmp`), namespaces and mounts, keys, `bpf`, `perf_event_open`, `io_uring_*`,
/// `userfaultfd`, extended attributes that are set, memory that no process maps (`memfd_create`, System V and POSIX
/// message queues and segments, which would outlive the tree; `vmsplice`, whose pages stay in a pipe when nobody maps them),
/// file handles, quotas, clocks that are set.
const ALLOWED: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_capget,
    libc::SYS_chdir,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_clone,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_copy_file_range,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_eventfd2,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fadvise64,
    libc::SYS_fallocate,
    libc::SYS_fchdir,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_fcntl,
    libc::SYS_fdatasync,
    libc::SYS_fgetxattr,
    libc::SYS_flistxattr,
    libc::SYS_flock,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_fsync,
    libc::SYS_ftruncate,
    libc::SYS_futex,
    libc::SYS_get_mempolicy,
    libc::SYS_get_robust_list,
    libc::SYS_getcpu,
    libc::SYS_getcwd,
    libc::SYS_getdents64,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getgroups,
    libc::SYS_getitimer,
    libc::SYS_getpeername,
    libc::SYS_getpgid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getpriority,
    libc::SYS_getrandom,
    libc::SYS_getresgid,
    libc::SYS_getresuid,
    libc::SYS_getrusage,
    libc::SYS_getsid,
    libc::SYS_getsockname,
    libc::SYS_getsockopt,
    libc::SYS_gettid,
    libc::SYS_gettimeofday,
    libc::SYS_getuid,
    libc::SYS_getxattr,
    libc::SYS_inotify_add_watch,
    libc::SYS_inotify_init1,
    libc::SYS_inotify_rm_watch,
    libc::SYS_ioctl,
    libc::SYS_kill,
    libc::SYS_landlock_add_rule,
    libc::SYS_landlock_create_ruleset,
    libc::SYS_landlock_restrict_self,
    libc::SYS_lgetxattr,
    libc::SYS_linkat,
    libc::SYS_listxattr,
    libc::SYS_llistxattr,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_mbind,
    libc::SYS_membarrier,
    libc::SYS_mincore,
    libc::SYS_mkdirat,
    libc::SYS_mknodat,
    libc::SYS_mlock,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_msync,
    libc::SYS_munlock,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_newfstatat,
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_pipe2,
    libc::SYS_ppoll,
    libc::SYS_prctl,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_preadv2,
    libc::SYS_prlimit64,
    libc::SYS_pselect6,
    libc::SYS_pwrite64,
    libc::SYS_pwritev,
    libc::SYS_pwritev2,
    libc::SYS_read,
    libc::SYS_readahead,
    libc::SYS_readlinkat,
    libc::SYS_readv,
    libc::SYS_recvfrom,
    libc::SYS_recvmmsg,
    libc::SYS_recvmsg,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigpending,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigsuspend,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_sched_get_priority_max,
    libc::SYS_sched_get_priority_min,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getattr,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_rr_get_interval,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_setattr,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setscheduler,
    libc::SYS_sched_yield,
    libc::SYS_seccomp,
    libc::SYS_sendfile,
    libc::SYS_sendto,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_setgid,
    libc::SYS_setgroups,
    libc::SYS_setitimer,
    libc::SYS_setpgid,
    libc::SYS_setpriority,
    libc::SYS_setregid,
    libc::SYS_setresgid,
    libc::SYS_setresuid,
    libc::SYS_setreuid,
    libc::SYS_setsid,
    libc::SYS_setsockopt,
    libc::SYS_setuid,
    libc::SYS_shutdown,
    libc::SYS_sigaltstack,
    libc::SYS_signalfd4,
    libc::SYS_socketpair,
    libc::SYS_splice,
    libc::SYS_statfs,
    libc::SYS_statx,
    libc::SYS_symlinkat,
    libc::SYS_sync_file_range,
    libc::SYS_sysinfo,
    libc::SYS_tee,
    libc::SYS_tgkill,
    libc::SYS_timer_create,
    libc::SYS_timer_delete,
    libc::SYS_timer_getoverrun,
    libc::SYS_timer_gettime,
    libc::SYS_timer_settime,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_gettime,
    libc::SYS_timerfd_settime,
    libc::SYS_times,
    libc::SYS_tkill,
    libc::SYS_truncate,
    libc::SYS_umask,
    libc::SYS_uname,
    libc::SYS_unlinkat,
    libc::SYS_utimensat,
    libc::SYS_wait4,
    libc::SYS_waitid,
    libc::SYS_write,
    libc::SYS_writev,
];

/// What commands may do and a trusted stage does not: start processes and threads, become another program, send signals
/// to others, talk, change who it is, make what is no file.
const NOT_TRUSTED: &[i64] = &[
    libc::SYS_clone,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_kill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_socketpair,
    libc::SYS_recvfrom,
    libc::SYS_recvmmsg,
    libc::SYS_recvmsg,
    libc::SYS_sendto,
    libc::SYS_setgid,
    libc::SYS_setgroups,
    libc::SYS_setregid,
    libc::SYS_setresgid,
    libc::SYS_setresuid,
    libc::SYS_setreuid,
    libc::SYS_setuid,
    libc::SYS_mknodat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mknod,
    libc::SYS_symlinkat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_symlink,
];

/// The same under the older names that this architecture still has.
#[cfg(target_arch = "x86_64")]
const ALLOWED_OF_ARCH: &[i64] = &[
    libc::SYS_access,
    libc::SYS_alarm,
    libc::SYS_arch_prctl,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_creat,
    libc::SYS_dup2,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
    libc::SYS_eventfd,
    libc::SYS_fork,
    libc::SYS_getdents,
    libc::SYS_getpgrp,
    libc::SYS_inotify_init,
    libc::SYS_lchown,
    libc::SYS_link,
    libc::SYS_lstat,
    libc::SYS_mkdir,
    libc::SYS_mknod,
    libc::SYS_open,
    libc::SYS_pause,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_rename,
    libc::SYS_rmdir,
    libc::SYS_select,
    libc::SYS_signalfd,
    libc::SYS_stat,
    libc::SYS_symlink,
    libc::SYS_time,
    libc::SYS_unlink,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
    libc::SYS_vfork,
];
#[cfg(target_arch = "aarch64")]
const ALLOWED_OF_ARCH: &[i64] = &[];

/// The list itself, for the tests of what is made of it.
#[cfg(test)]
pub(super) fn every() -> &'static [i64] {
    ALLOWED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_filters_compile_for_every_use() {
        for network in [Network::None, Network::Loopback] {
            assert!(allowed(network).is_ok());
        }
        assert!(trusted().is_ok());
        for kind in [Kind::Build, Kind::Case] {
            assert!(refused(kind).is_ok());
        }
    }

    #[test]
    fn sockets_are_on_the_list_of_loopback_only() {
        assert!(SOCKETS.iter().all(|call| !ALLOWED.contains(call)));
        assert!(SOCKETS.contains(&libc::SYS_socket));
    }

    #[test]
    fn what_reaches_other_processes_or_the_kernel_is_on_no_list() {
        for call in [
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_process_vm_writev,
            libc::SYS_bpf,
            libc::SYS_mount,
            libc::SYS_unshare,
            libc::SYS_setns,
            libc::SYS_clone3,
            libc::SYS_keyctl,
            libc::SYS_io_uring_setup,
            libc::SYS_perf_event_open,
            libc::SYS_memfd_create,
            libc::SYS_vmsplice,
            libc::SYS_shmget,
            libc::SYS_mq_open,
            libc::SYS_setxattr,
            libc::SYS_pidfd_getfd,
            libc::SYS_open_by_handle_at,
        ] {
            assert!(!ALLOWED.contains(&call) && !ALLOWED_OF_ARCH.contains(&call), "{call}");
        }
    }
}
