//! Finalise: signs the conclusion, records it, delivers it to the student last.
//!
//! It concludes also where Results could not: then the system is at fault, and says so. What it signs is what Results
//! told it through the engine; the documents in the `results` volume must match that by their digests.

use assay_contract::answers::Mode;
use assay_contract::configuration::Network;
use assay_contract::gradebook::{GradebookEntry, State, Status};
use assay_contract::receipts::{CasesCounted, Concluded, Statement};
use assay_contract::result::{StageStatus, StudentResult};
use assay_contract::{API_VERSION, Digest, Exit, Fault, Output, Points, Stage, Verdict, Volume, layout};

use crate::args::{FinaliseFacts, JobFacts, Told};
use crate::confine::Reach;
use crate::documents::{Mounted, digest, to_bytes};
use crate::error::StageError;
use crate::key;

mod page;

const STAGE: Stage = Stage::Finalise;

/// The largest result document: evidence is cut long before.
const RESULT_CAP: u64 = 64 << 20;

/// What is concluded.
struct Conclusion {
    verdict: Verdict,
    fault: Option<Fault>,
    points: Points,
    max_points: Points,
    private_digest: Option<Digest>,
    /// The student's result, where there is one.
    student_result: Option<Shown>,
    /// What the student was told of a refusal.
    refusal: Option<String>,
}

/// The student's result, as Results left it.
struct Shown {
    bytes: Vec<u8>,
    document: StudentResult,
}

impl Conclusion {
    /// What an earlier run of this job signed holds, whatever this run would conclude.
    fn held_to(self, before: Concluded) -> Conclusion {
        let points = |thousandths| Points::from_thousandths(thousandths).unwrap_or_default();
        Conclusion {
            verdict: before.verdict,
            fault: before.fault,
            points: points(before.thousandths),
            max_points: points(before.max_thousandths),
            student_result: self.student_result.filter(|_| before.private_result == self.private_digest),
            private_digest: before.private_result,
            refusal: self.refusal,
        }
    }
}

/// Runs the stage.
pub(crate) fn run(facts: &FinaliseFacts) -> Result<Exit, StageError> {
    let key = key::from_environment(STAGE)?;
    let results = Mounted::open(STAGE, Volume::Results)?;
    let private = Mounted::open(STAGE, Volume::PrivateResults)?;
    let student = Mounted::open(STAGE, Volume::Student)?;
    let finalisation = Mounted::open(STAGE, Volume::Finalisation)?;
    let JobFacts { job, assignment, revision, student: who, digest: submission, handed_in } = &facts.job;

    let job_dir = layout::job_dir(assignment, who, job);
    let gradebook = layout::gradebook_dir(assignment);
    let told = layout::student_job_dir(assignment, job);
    private.folders(&job_dir)?;
    private.folders(&gradebook)?;
    // The student's claim may be full or broken: whoever writes there later says so.
    let _later = student.folders(&told);
    Reach::default()
        .reads(&results, "")
        .writes(&private, &job_dir)
        .writes(&private, &gradebook)
        .writes(&student, &told)
        .writes(&finalisation, "")
        .confine(STAGE)?;
    let receipt_path = format!("{job_dir}/{}", layout::CONCLUDED);
    let mut conclusion = conclude(facts, &results)?;
    let earlier = match key::earlier(&private, &receipt_path, &key)? {
        Some((Statement::Concluded(before), bytes)) if before.job == *job && before.digest == *submission => {
            conclusion = conclusion.held_to(before);
            Some(bytes)
        }
        Some(_) => {
            let why = "it is a receipt of something else";
            return Err(private.error(Exit::DocumentDamaged, &receipt_path, why));
        }
        None => None,
    };
    let statement = Concluded {
        job: job.clone(),
        assignment: assignment.clone(),
        revision: revision.clone(),
        student: who.clone(),
        digest: submission.clone(),
        received: facts.received.clone(),
        mode: Mode::Sealed,
        network: if facts.network.as_deref() == Some("loopback") { Network::Loopback } else { Network::None },
        cases: CasesCounted::All,
        verdict: conclusion.verdict,
        fault: conclusion.fault,
        thousandths: conclusion.points.thousandths(),
        max_thousandths: conclusion.max_points.thousandths(),
        private_result: conclusion.private_digest.clone(),
    };
    let for_student = for_student(&statement, &conclusion);
    let sign = |statement| key::sign(STAGE, &Statement::Concluded(statement), &key);
    let for_student = for_student.map(sign).transpose()?;
    let receipt = earlier.map_or_else(|| sign(statement), Ok)?;
    let entry = GradebookEntry {
        api_version: API_VERSION.into(),
        job: job.clone(),
        student: who.clone(),
        digest: submission.clone(),
        revision: revision.clone(),
        handed_in: handed_in.to_string(),
        verdict: conclusion.verdict,
        fault: conclusion.fault,
        points: conclusion.points,
        max_points: conclusion.max_points,
        counts: assay_score::uses_attempt(conclusion.verdict, conclusion.fault),
    };
    // The receipt before the entry: marks that are in the gradebook can be proved.
    private.write_once(&receipt_path, &receipt)?;
    private
        .write_once(&format!("{gradebook}/{}", layout::gradebook_entry(job)), &to_bytes(STAGE, &entry)?)?;

    if let Err(error) = deliver(facts, &student, &conclusion, for_student.as_deref()) {
        crate::warn(&error);
    }
    finalisation.tell(Output::FinalPoints, &conclusion.points.to_string())?;
    finalisation.tell(Output::FinalVerdict, conclusion.verdict.id())?;
    Ok(Exit::Done)
}

/// What the student's copy of the receipt states: marks of the cases that the student is shown, as the student's result has
/// them, since the others would stand in their sum. `None` where that result is not known again.
fn for_student(statement: &Concluded, conclusion: &Conclusion) -> Option<Concluded> {
    match &conclusion.student_result {
        Some(Shown { document, .. }) if document.hidden.cases > 0 => Some(Concluded {
            cases: CasesCounted::Shown,
            verdict: document.conclusion.verdict,
            fault: document.conclusion.fault,
            thousandths: document.conclusion.points.thousandths(),
            max_thousandths: document.conclusion.max_points.thousandths(),
            ..statement.clone()
        }),
        None if conclusion.private_digest.is_some() => None,
        Some(_) | None => Some(statement.clone()),
    }
}

fn conclude(facts: &FinaliseFacts, results: &Mounted) -> Result<Conclusion, StageError> {
    let Some(told) = facts.conclusion.as_ref().filter(|_| facts.results == StageStatus::Succeeded) else {
        return Ok(Conclusion {
            verdict: Verdict::NotRun,
            fault: Some(Fault::System),
            points: Points::ZERO,
            max_points: Points::ZERO,
            private_digest: None,
            student_result: None,
            refusal: None,
        });
    };
    let Told { verdict, fault, points, max_points, private_digest, student_digest } = told;
    let private_result = checked(results, layout::PRIVATE_RESULT, private_digest)?;
    let bytes = checked(results, layout::STUDENT_RESULT, student_digest)?;
    let document = serde_json::from_slice(&bytes)
        .map_err(|error| results.error(Exit::DocumentDamaged, layout::STUDENT_RESULT, error.to_string()))?;
    let student_result = Shown { bytes, document };
    Ok(Conclusion {
        verdict: *verdict,
        fault: *fault,
        points: *points,
        max_points: *max_points,
        private_digest: Some(private_digest.clone()),
        student_result: Some(student_result),
        refusal: page::refusal(&private_result, *verdict),
    })
}

/// A document of Results that is what Results said it is.
fn checked(results: &Mounted, path: &str, expected: &Digest) -> Result<Vec<u8>, StageError> {
    let bytes = results.read_bytes(path, RESULT_CAP)?;
    if digest(STAGE, &bytes)? == *expected {
        Ok(bytes)
    } else {
        Err(results.error(Exit::DocumentDamaged, path, "it is not the document that Results left"))
    }
}

fn deliver(
    facts: &FinaliseFacts,
    student: &Mounted,
    conclusion: &Conclusion,
    receipt: Option<&[u8]>,
) -> Result<(), StageError> {
    let dir = layout::student_job_dir(&facts.job.assignment, &facts.job.job);
    let result_path = format!("{dir}/{}", layout::STUDENT_RESULT);
    let message = match &conclusion.student_result {
        Some(result) => {
            student.replace(&result_path, &result.bytes)?;
            "your submission was graded"
        }
        // Concluded before, by a run that may have come as far as this; without its facts the result is not known again.
        None if conclusion.private_digest.is_some() => match student.root.open_file(&result_path) {
            Ok(_) => "your submission was graded",
            Err(_) => {
                "your submission was graded; your teachers have the result, which could not be delivered"
            }
        },
        None if facts.received.is_none() => {
            "your submission could not be graded; that was not your fault, and your teachers know"
        }
        None => {
            "your submission was received and could not be graded; that was not your fault, and your teachers know"
        }
    };
    if let Some(receipt) = receipt {
        student.replace(&format!("{dir}/{}", layout::CONCLUDED), receipt)?;
    }
    // A claim with room for the status alone gets that: the page says nothing that the documents do not.
    if let Err(error) = deliver_page(facts, student, conclusion, message) {
        crate::warn(&error);
    }
    if facts.accepted == Some(false) {
        // Setup has said why, in a sentence that names the file; nothing that is known here says it better.
        return Ok(());
    }
    let status = Status {
        api_version: API_VERSION.into(),
        job: facts.job.job.clone(),
        digest: facts.job.digest.clone(),
        state: State::Concluded,
        message: message.into(),
    };
    // The status last: what it announces is there.
    student.replace(&format!("{dir}/{}", layout::STATUS), &to_bytes(STAGE, &status)?)
}

fn deliver_page(
    facts: &FinaliseFacts,
    student: &Mounted,
    conclusion: &Conclusion,
    message: &str,
) -> Result<(), StageError> {
    let page = match &conclusion.student_result {
        Some(result) => page::of_result(facts, &result.document, conclusion.refusal.as_deref()),
        // Concluded before, and not known again; or refused, of which the status says more than is known here.
        None if conclusion.private_digest.is_some() || facts.accepted == Some(false) => return Ok(()),
        None => page::without_result(facts, message),
    };
    let dir = layout::student_job_dir(&facts.job.assignment, &facts.job.job);
    student.replace(&format!("{dir}/{}", layout::STUDENT_PAGE), page.as_bytes())
}
