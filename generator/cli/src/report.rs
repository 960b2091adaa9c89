//! What `assay try` and `assay test` say of a run, as programs read it. Stable: fields are added, never changed.
//!
//! Everything that differs from run to run stands under `measured` and `measured_stages`; the rest is the same for the same
//! submission, assignment and machine.

use assay_contract::outcome::Usage;
use assay_contract::result::{CaseResult, Conclusion, DiffLine, PrivateResult, StageStatus};
use assay_contract::{Fault, Oddity, Points, Verdict};
use serde::Serialize;

/// A run of one submission.
#[derive(Debug, Serialize)]
pub(crate) struct RunReport {
    pub(crate) assignment: String,
    pub(crate) revision: String,
    pub(crate) submission: String,
    pub(crate) digest: String,
    pub(crate) mode: &'static str,
    pub(crate) verdict: Verdict,
    pub(crate) fault: Option<Fault>,
    pub(crate) reason: String,
    /// What Setup told the student about a refused submission; it names the file where there is one.
    pub(crate) refusal: Option<String>,
    pub(crate) points: Points,
    pub(crate) max_points: Points,
    pub(crate) late_seconds: u64,
    pub(crate) penalty_percent: f64,
    /// What the author expects of this submission; `null` where nothing is said of it.
    pub(crate) expected: Option<Expected>,
    pub(crate) build: Option<BuildReport>,
    pub(crate) cases: Vec<CaseReport>,
    pub(crate) stages: Vec<StageReport>,
    pub(crate) isolation: Isolation,
    pub(crate) oddities: Vec<Oddity>,
    /// Wall-clock time of each stage, in milliseconds.
    pub(crate) measured_stages: Vec<u64>,
}

/// What the author expects, and whether it came.
#[derive(Debug, Serialize)]
pub(crate) struct Expected {
    pub(crate) points: Points,
    pub(crate) verdict: Option<Verdict>,
    pub(crate) met: bool,
    /// How the run differs, in sentences.
    pub(crate) differences: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct BuildReport {
    pub(crate) passed: bool,
    pub(crate) reason: String,
    pub(crate) log: String,
    pub(crate) measured: Usage,
}

#[derive(Debug, Serialize)]
pub(crate) struct CaseReport {
    pub(crate) name: String,
    pub(crate) group: Option<String>,
    pub(crate) verdict: Verdict,
    pub(crate) fault: Option<Fault>,
    pub(crate) points: Points,
    pub(crate) max_points: Points,
    pub(crate) reason: String,
    /// What the student sees of it at the time of the hand-in.
    pub(crate) student_sees: assay_contract::answers::Show,
    /// What the author lets the student see of it at last.
    pub(crate) student_sees_at_last: assay_contract::answers::Show,
    pub(crate) diff: Vec<DiffLine>,
    pub(crate) measured: Usage,
}

#[derive(Debug, Serialize)]
pub(crate) struct StageReport {
    pub(crate) stage: assay_contract::Stage,
    pub(crate) status: StageStatus,
    pub(crate) exit: Option<u8>,
}

/// What the isolation of the run was made of.
#[derive(Debug, Serialize)]
pub(crate) struct Isolation {
    /// `host` where builds and cases ran on the host's toolchain, `rootfs` where they ran on an unpacked image, `image`
    /// where they ran in a cluster.
    pub(crate) toolchain: &'static str,
    /// What could not be had on this machine, in words.
    pub(crate) lacks: Vec<String>,
    pub(crate) landlock_abi: Option<u32>,
}

/// What is known of a run beside its result.
pub(crate) struct Circumstances {
    pub(crate) submission: String,
    pub(crate) stages: Vec<StageReport>,
    pub(crate) measured_stages: Vec<u64>,
    pub(crate) isolation: Isolation,
}

impl RunReport {
    /// The report of a run that came to a result.
    pub(crate) fn new(result: PrivateResult, circumstances: Circumstances) -> RunReport {
        let PrivateResult {
            api_version: _,
            conclusion,
            build,
            cases,
            stages: _,
            confinement,
            refusal,
            oddities,
        } = result;
        let Conclusion {
            job: _,
            assignment,
            title: _,
            revision,
            student: _,
            digest,
            mode: assay_contract::answers::Mode::Sealed,
            handed_in: _,
            late_seconds,
            penalty_basis_points,
            verdict,
            fault,
            reason,
            points,
            max_points,
        } = conclusion;
        let Circumstances { submission, stages, measured_stages, mut isolation } = circumstances;
        if let Some(confinement) = confinement {
            isolation.landlock_abi = Some(confinement.landlock_abi);
            isolation.lacks.extend(confinement.lacks);
        }
        RunReport {
            assignment: assignment.to_string(),
            revision: revision.to_string(),
            submission,
            digest: digest.to_string(),
            mode: "sealed",
            verdict,
            fault,
            reason,
            refusal: refusal.map(|refusal| refusal.message),
            points,
            max_points,
            late_seconds,
            penalty_percent: f64::from(penalty_basis_points) / 100.0,
            expected: None,
            build: build.map(|build| BuildReport {
                passed: build.passed,
                reason: build.reason,
                log: build.log,
                measured: build.measured,
            }),
            cases: cases.into_iter().map(CaseReport::new).collect(),
            stages,
            isolation,
            oddities,
            measured_stages,
        }
    }
}

impl RunReport {
    /// Why nothing ran, as fully as it is known.
    pub(crate) fn why(&self) -> String {
        match &self.refusal {
            Some(sentence) => format!("{}: {sentence}", self.reason),
            None => self.reason.clone(),
        }
    }
}

impl CaseReport {
    fn new(case: CaseResult) -> CaseReport {
        let CaseResult {
            id: _,
            name,
            group,
            verdict,
            fault,
            points,
            max_points,
            reason,
            end: _,
            expected_exit: _,
            limits: _,
            measured,
            shown,
            show,
            evidence,
        } = case;
        CaseReport {
            name,
            group,
            verdict,
            fault,
            points,
            max_points,
            reason,
            student_sees: shown,
            student_sees_at_last: show,
            diff: evidence.diff,
            measured,
        }
    }
}
