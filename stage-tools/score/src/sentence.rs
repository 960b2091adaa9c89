//! Why something did not pass, in sentences that students read.
//!
//! The same submission must give the same sentence twice, so none holds a measured number; and none holds a word of the
//! answers, as what is said here is shown wherever a case's output is.

use assay_contract::Verdict;
use assay_contract::outcome::LimitKind;

/// The verdict of a passed limit.
pub(crate) fn limit_verdict(kind: LimitKind) -> Verdict {
    match kind {
        LimitKind::Cpu | LimitKind::Wall => Verdict::TimeLimit,
        LimitKind::Memory => Verdict::MemoryLimit,
        LimitKind::Processes => Verdict::ProcessLimit,
        LimitKind::Output | LimitKind::Disk => Verdict::OutputLimit,
    }
}

/// That `subject` passed a limit.
pub(crate) fn limit(subject: &str, kind: LimitKind) -> String {
    let what = match kind {
        LimitKind::Cpu => "used more CPU time than allowed",
        LimitKind::Wall => "ran longer than allowed",
        LimitKind::Memory => "used more memory than allowed",
        LimitKind::Processes => "started more processes than allowed",
        LimitKind::Output => "wrote more output than allowed",
        LimitKind::Disk => "wrote more to disk than allowed",
    };
    format!("{subject} {what}")
}

/// That `subject` was ended by a signal.
pub(crate) fn signal(subject: &str, signal: u8) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL (an instruction that does not exist)",
        5 => "SIGTRAP",
        6 => "SIGABRT (it gave up itself, for example by `abort` or a failed assertion)",
        7 => "SIGBUS (a memory access that is not possible)",
        8 => "SIGFPE (an arithmetic error, for example a division by zero)",
        9 => "SIGKILL",
        10 => "SIGUSR1",
        11 => "SIGSEGV (a memory access that is not allowed)",
        12 => "SIGUSR2",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ (a file that is too large)",
        31 => "SIGSYS (a system call that is not allowed)",
        other => return format!("{subject} was ended by signal {other}"),
    };
    format!("{subject} was ended by {name}")
}

/// What may be said of a case of which a student sees the verdict alone. A sentence made from what the program did, as
/// its exit status, would carry a byte of a hidden input out with every run.
pub(crate) fn of_verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "",
        Verdict::WrongOutput => WRONG_OUTPUT,
        Verdict::Crashed => "it was ended by a signal or with an unexpected exit status",
        Verdict::TimeLimit => "it took more time than allowed",
        Verdict::MemoryLimit => "it used more memory than allowed",
        Verdict::OutputLimit => "it wrote more than allowed",
        Verdict::ProcessLimit => "it started more processes than allowed",
        Verdict::BuildFailed => "the submission did not build",
        Verdict::Refused => "the submission was refused",
        Verdict::NotRun => "it did not run",
        Verdict::Suspect => SUSPECT,
    }
}

/// Of [`Verdict::WrongOutput`].
pub(crate) const WRONG_OUTPUT: &str = "its output is not the expected one";

/// Of [`Verdict::Suspect`]; what exactly is odd is for tutors.
pub(crate) const SUSPECT: &str = "what it left contradicts itself; the course staff must look at it";
