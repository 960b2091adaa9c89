//! The rows themselves, and the words that make them short.

use assay_contract::{Cause, Fault, Stage, Verdict, Volume};
use assay_tests_stand_in::{Act, Moment, Order};

use super::{Concluded, Conclusion, Deed, Ends, How, Isolation, Row};

const fn order(stage: Stage, moment: Moment, act: Act) -> Order {
    Order { stage, moment, act, runs: (1, u32::MAX) }
}

const fn in_runs(stage: Stage, moment: Moment, act: Act, runs: (u32, u32)) -> Order {
    Order { stage, moment, act, runs }
}

/// In Test, behind two cases.
macro_rules! behind_two_cases {
    ($act:expr) => {
        How::Orders(&[
            order(Stage::Test, Moment::Before, Act::LeaveCases(2)),
            order(Stage::Test, Moment::Instead, $act),
        ])
    };
}

macro_rules! instead {
    ($stage:ident, $act:expr) => {
        How::Orders(&[order(Stage::$stage, Moment::Instead, $act)])
    };
}

const fn concluded(
    verdict: Verdict,
    fault: Option<Fault>,
    kept: usize,
    reason: Option<&'static str>,
) -> Conclusion {
    Conclusion::Concluded(Concluded { verdict, fault, kept, reason, delivered: true })
}

const SUCCEEDED: Option<&str> = Some("Succeeded");
const FAILED: Option<&str> = Some("Failed");

const PASSED: Ends = Ends {
    phase: SUCCEEDED,
    cause: None,
    or: None,
    conclusion: concluded(Verdict::Passed, None, 3, Some("")),
};

/// The same, and the student's claim does not have it.
const UNDELIVERED: Ends = Ends {
    phase: SUCCEEDED,
    cause: None,
    or: None,
    conclusion: Conclusion::Concluded(Concluded {
        verdict: Verdict::Passed,
        fault: None,
        kept: 3,
        reason: Some(""),
        delivered: false,
    }),
};

const fn left(phase: Option<&'static str>, conclusion: Conclusion) -> Ends {
    Ends { phase, cause: None, or: None, conclusion }
}

/// Concluded by Finalise without a result of Results.
const fn rescued(phase: Option<&'static str>) -> Ends {
    left(phase, concluded(Verdict::NotRun, Some(Fault::System), 0, None))
}

const fn graded(
    cause: Option<(Stage, Cause)>,
    verdict: Verdict,
    fault: Fault,
    kept: usize,
    reason: &'static str,
) -> Ends {
    Ends {
        phase: SUCCEEDED,
        cause,
        or: None,
        conclusion: concluded(verdict, Some(fault), kept, Some(reason)),
    }
}

const fn system(stage: Stage, cause: Cause, kept: usize, reason: &'static str) -> Ends {
    graded(Some((stage, cause)), Verdict::NotRun, Fault::System, kept, reason)
}

/// A pod that goes at once: in strict isolation a step waits for it, which loses it.
const fn deleted_or_lost(stage: Stage, kept: usize, reason: &'static str) -> Ends {
    let Ends { phase, cause, or: _, conclusion } = system(stage, Cause::Deleted, kept, reason);
    Ends { phase, cause, or: Some(Cause::Lost), conclusion }
}

/// A pod that ends and then goes: whether Argo sees the one or the other is chance.
const fn killed_or_deleted(stage: Stage, kept: usize, reason: &'static str) -> Ends {
    let Ends { phase, cause, or: _, conclusion } = system(stage, Cause::Killed, kept, reason);
    Ends { phase, cause, or: Some(Cause::Deleted), conclusion }
}

/// A pod whose image never came: whether Argo sees that, or the deadline of the pod, is chance.
const fn late_or_not_started(stage: Stage, kept: usize, reason: &'static str) -> Ends {
    let Ends { phase, cause, or: _, conclusion } = system(stage, Cause::Deadline, kept, reason);
    Ends { phase, cause, or: Some(Cause::NotStarted), conclusion }
}

const NOT_SET_UP: &str = "the submission could not be set up for grading; this is not your fault";

const fn row(id: &'static str, what: &'static str, how: How, ends: Ends) -> Row {
    Row { id, what, how, isolation: Isolation::Standard, ends }
}

/// Also in strict isolation.
const fn both(id: &'static str, what: &'static str, how: How, ends: Ends) -> Row {
    Row { id, what, how, isolation: Isolation::Both, ends }
}

/// All rows, in the order of the stages.
pub const ROWS: &[Row] = &[
    row(
        "setup-exit",
        "Setup ends with a code of nobody's",
        How::Orders(&[order(Stage::Setup, Moment::After, Act::Exit(41))]),
        system(Stage::Setup, Cause::Other, 0, NOT_SET_UP),
    ),
    row(
        "setup-memory",
        "Setup uses more memory than its pod may",
        How::Orders(&[order(Stage::Setup, Moment::After, Act::TakeMemory)]),
        system(Stage::Setup, Cause::OutOfMemory, 0, NOT_SET_UP),
    ),
    row(
        "setup-quota",
        "The quota is full when Verify is to start, and then is not",
        How::Meanwhile(Stage::Setup, Deed::FillQuota),
        PASSED,
    ),
    row(
        "no-home",
        "The student's claim is missing, and comes back",
        How::NoHome,
        system(Stage::Setup, Cause::NotStarted, 0, NOT_SET_UP),
    ),
    row(
        "no-course",
        "The course's claim for submissions is missing",
        How::NoCourse,
        system(Stage::Setup, Cause::NotStarted, 0, NOT_SET_UP),
    ),
    row(
        "full-course",
        "The course's claim for submissions is full",
        How::FullCourse,
        graded(None, Verdict::NotRun, Fault::System, 0, NOT_SET_UP),
    ),
    row(
        "no-storage",
        "The storage class of jobs is missing, and comes back",
        How::NoStorage,
        system(Stage::Setup, Cause::NotStarted, 0, NOT_SET_UP),
    ),
    both(
        "verify-exit",
        "Verify ends with a code of nobody's",
        instead!(Verify, Act::Exit(41)),
        system(Stage::Verify, Cause::Other, 0, "the stage `verify` failed in the cluster"),
    ),
    row(
        "verify-signal",
        "Verify ends by a signal of its own",
        instead!(Verify, Act::Abort),
        system(Stage::Verify, Cause::Other, 0, "the stage `verify` failed in the cluster"),
    ),
    row(
        "verify-deadline",
        "Verify does not end",
        instead!(Verify, Act::Sleep),
        system(
            Stage::Verify,
            Cause::Deadline,
            0,
            "the stage `verify` had not ended by the deadline of its pod, which may also have started too late",
        ),
    ),
    both(
        "verify-memory",
        "Verify uses more memory than its pod may",
        instead!(Verify, Act::TakeMemory),
        graded(
            Some((Stage::Verify, Cause::OutOfMemory)),
            Verdict::MemoryLimit,
            Fault::Student,
            0,
            "the stage `verify` used more memory than its pod may",
        ),
    ),
    row(
        "verify-disk",
        "Verify writes more to the local disk of its pod than it may",
        instead!(Verify, Act::TakeDisk),
        graded(
            Some((Stage::Verify, Cause::OverDisk)),
            Verdict::OutputLimit,
            Fault::Student,
            0,
            "the stage `verify` wrote more to the disk of its pod than it may",
        ),
    ),
    row(
        "verify-volume",
        "Verify's own volume is full",
        How::Orders(&[order(Stage::Verify, Moment::Before, Act::Fill(Volume::Verification))]),
        graded(None, Verdict::NotRun, Fault::System, 0, "the stage `verify` failed"),
    ),
    both(
        "verify-deleted",
        "Verify's pod is deleted by force",
        How::Meanwhile(Stage::Verify, Deed::DeletePod),
        deleted_or_lost(Stage::Verify, 0, "the stage `verify` was deleted while it ran"),
    ),
    row(
        "verify-evicted",
        "Verify's pod is deleted or evicted",
        How::Meanwhile(Stage::Verify, Deed::EvictPod),
        killed_or_deleted(Stage::Verify, 0, "the stage `verify` was killed from outside"),
    ),
    row(
        "verify-image",
        "The assignment's image cannot be pulled",
        How::NoImage,
        late_or_not_started(
            Stage::Verify,
            0,
            "the stage `verify` had not ended by the deadline of its pod, which may also have started too late",
        ),
    ),
    Row {
        id: "verify-image-strict",
        what: "The same in strict isolation",
        how: How::NoImage,
        isolation: Isolation::Strict,
        ends: system(
            Stage::Verify,
            Cause::NotStarted,
            0,
            "the stage `verify` could not be started by the cluster",
        ),
    },
    row(
        "verify-controller",
        "Argo's controller is deleted while Verify runs",
        How::Meanwhile(Stage::Verify, Deed::RestartController),
        PASSED,
    ),
    both(
        "test-exit",
        "Test ends with a code of nobody's",
        behind_two_cases!(Act::Exit(41)),
        system(Stage::Test, Cause::Other, 2, "the stage `test` failed in the cluster"),
    ),
    row(
        "test-signal",
        "Test ends by a signal of its own",
        behind_two_cases!(Act::Abort),
        system(Stage::Test, Cause::Other, 2, "the stage `test` failed in the cluster"),
    ),
    both(
        "test-deadline",
        "Test does not end",
        behind_two_cases!(Act::Sleep),
        system(
            Stage::Test,
            Cause::Deadline,
            2,
            "the stage `test` had not ended by the deadline of its pod, which may also have started too late",
        ),
    ),
    both(
        "test-memory",
        "Test uses more memory than its pod may",
        behind_two_cases!(Act::TakeMemory),
        graded(
            Some((Stage::Test, Cause::OutOfMemory)),
            Verdict::MemoryLimit,
            Fault::Student,
            2,
            "the stage `test` used more memory than its pod may",
        ),
    ),
    row(
        "test-disk",
        "Test writes more to the local disk of its pod than it may",
        behind_two_cases!(Act::TakeDisk),
        graded(
            Some((Stage::Test, Cause::OverDisk)),
            Verdict::OutputLimit,
            Fault::Student,
            2,
            "the stage `test` wrote more to the disk of its pod than it may",
        ),
    ),
    row(
        "test-volume",
        "Test's own volume is full",
        How::Orders(&[
            order(Stage::Test, Moment::Before, Act::LeaveCases(2)),
            order(Stage::Test, Moment::Before, Act::Fill(Volume::Testing)),
        ]),
        graded(None, Verdict::NotRun, Fault::System, 2, "the stage `test` failed"),
    ),
    both(
        "test-deleted",
        "Test's pod is deleted by force",
        How::Meanwhile(Stage::Test, Deed::DeletePod),
        deleted_or_lost(Stage::Test, 2, "the stage `test` was deleted while it ran"),
    ),
    row(
        "test-evicted",
        "Test's pod is deleted or evicted",
        How::Meanwhile(Stage::Test, Deed::EvictPod),
        killed_or_deleted(Stage::Test, 2, "the stage `test` was killed from outside"),
    ),
    both(
        "test-stopped",
        "`argo stop` while Test runs",
        How::Meanwhile(Stage::Test, Deed::Stop),
        rescued(FAILED),
    ),
    both(
        "test-terminated",
        "`argo terminate` while Test runs",
        How::Meanwhile(Stage::Test, Deed::Terminate),
        left(FAILED, Conclusion::Swept),
    ),
    both(
        "test-job-deleted",
        "The Workflow is deleted while Test runs",
        How::Meanwhile(Stage::Test, Deed::DeleteJob),
        left(None, Conclusion::Swept),
    ),
    row(
        "results-twice",
        "Results fails twice",
        How::Orders(&[in_runs(Stage::Results, Moment::Instead, Act::Exit(41), (1, 2))]),
        PASSED,
    ),
    row(
        "results-after",
        "Results is broken off behind its work",
        How::Orders(&[in_runs(Stage::Results, Moment::After, Act::Exit(41), (1, 1))]),
        PASSED,
    ),
    row("results-always", "Results always fails", instead!(Results, Act::Exit(41)), rescued(SUCCEEDED)),
    row(
        "results-volume",
        "Results' own volume is full",
        How::Orders(&[order(Stage::Results, Moment::Before, Act::Fill(Volume::Results))]),
        rescued(SUCCEEDED),
    ),
    row("full-home", "The student's claim is full", How::FullHome, UNDELIVERED),
    row(
        "finalise-once",
        "Finalise fails once",
        How::Orders(&[in_runs(Stage::Finalise, Moment::Instead, Act::Exit(41), (1, 1))]),
        PASSED,
    ),
    row(
        "finalise-after",
        "Finalise is broken off behind its work",
        How::Orders(&[in_runs(Stage::Finalise, Moment::After, Act::Exit(41), (1, 1))]),
        PASSED,
    ),
    row(
        "finalise-always",
        "Finalise always fails",
        instead!(Finalise, Act::Exit(41)),
        left(FAILED, Conclusion::Received),
    ),
    row(
        "finalise-swept",
        "Finalise fails as long as the job is not swept",
        instead!(Finalise, Act::ExitUntilSwept(41)),
        left(FAILED, Conclusion::Swept),
    ),
];
