//! What Finalise writes for students to read. Only what they are told anyhow comes here: their own result, the sentence that Setup
//! told them of a refusal, and the facts of their hand-in.

use assay_contract::answers::Mode;
use assay_contract::result::{Conclusion, Hidden, PrivateResult, StudentResult};
use assay_contract::{API_VERSION, Fault, Points, Verdict};
use assay_page::{Delivery, page};

use crate::args::{FinaliseFacts, JobFacts};

/// The page of a result.
pub(super) fn of_result(facts: &FinaliseFacts, result: &StudentResult, refusal: Option<&str>) -> String {
    page(result, Delivery { refusal, received: facts.received.is_some(), document: true })
}

/// The page of a job that came to no result.
pub(super) fn without_result(facts: &FinaliseFacts, reason: &str) -> String {
    let JobFacts { job, assignment, revision, student, digest, handed_in } = &facts.job;
    let result = StudentResult {
        api_version: API_VERSION.into(),
        conclusion: Conclusion {
            job: job.clone(),
            assignment: assignment.clone(),
            title: String::new(),
            revision: revision.clone(),
            student: student.clone(),
            digest: digest.clone(),
            mode: Mode::Sealed,
            handed_in: handed_in.to_string(),
            // Nothing was judged, so lateness took nothing off.
            late_seconds: 0,
            penalty_basis_points: 0,
            verdict: Verdict::NotRun,
            fault: Some(Fault::System),
            reason: reason.into(),
            points: Points::ZERO,
            max_points: Points::ZERO,
        },
        build: None,
        cases: Vec::new(),
        hidden: Hidden::default(),
    };
    page(&result, Delivery { refusal: None, received: facts.received.is_some(), document: false })
}

/// What the student was told of a refusal, as the private result has it; `None` where there was none. A document that cannot be
/// read costs the page this sentence alone: it stands in the status too.
pub(super) fn refusal(private: &[u8], verdict: Verdict) -> Option<String> {
    if verdict != Verdict::Refused {
        return None;
    }
    let private: PrivateResult = serde_json::from_slice(private).ok()?;
    private.refusal.map(|refusal| refusal.message)
}
