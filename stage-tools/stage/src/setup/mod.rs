//! Setup: takes the submission in and lays out what the later stages need.
//!
//! The order matters. The snapshot comes first: once it exists, nothing that the student or the system does afterwards
//! can lose the hand-in. Then the rules are judged, then the zip is unpacked, always from the snapshot and never from the
//! claim, which the student may be changing. Answers are not mounted here and cannot be laid out by mistake.

mod lay_out;
mod rules;
mod snapshot;

use std::fs::File;

use assay_contract::configuration::{Configuration, Network, Schedule};
use assay_contract::facts::NONE;
use assay_contract::gradebook::{State, Status};
use assay_contract::receipts::{Received, Statement};
use assay_contract::{API_VERSION, Exit, Output, Stage, Volume, layout};

use crate::args::JobFacts;
use crate::confine::Reach;
use crate::documents::{Mounted, digest, to_bytes};
use crate::error::StageError;
use crate::key;
use rules::{Refusal, Timing};
use snapshot::Snapshot;

const STAGE: Stage = Stage::Setup;

/// The volumes that Setup mounts.
struct Volumes {
    /// This very program, opened while it can be named.
    tool: File,
    student: Mounted,
    configuration: Mounted,
    raw: Mounted,
    job: Mounted,
    submission: Mounted,
}

/// What came of the submission.
struct Intake {
    snapshot: Option<Snapshot>,
    timing: Timing,
    refusal: Option<Refusal>,
}

/// Runs the stage. A refusal is a success of the stage: the outcome says `refused`.
pub(crate) fn run(facts: &JobFacts) -> Result<Exit, StageError> {
    // Before anything is written: without a key the student would be left without proof.
    let key = key::from_environment(STAGE)?;
    let tool = File::open("/proc/self/exe")
        .map_err(|error| StageError::new(Exit::Io, STAGE, format!("cannot open its own program: {error}")))?;
    let volumes = Volumes {
        tool,
        student: Mounted::open(STAGE, Volume::Student)?,
        configuration: Mounted::open(STAGE, Volume::AssignmentConfiguration)?,
        raw: Mounted::open(STAGE, Volume::RawSubmissions)?,
        job: Mounted::open(STAGE, Volume::SetupConfiguration)?,
        submission: Mounted::open(STAGE, Volume::Submission)?,
    };
    confine(facts, &volumes)?;
    let revision = layout::revision_dir(&facts.assignment, &facts.revision);
    let configuration: Configuration =
        volumes.configuration.read(&format!("{revision}/{}", layout::CONFIGURATION))?;
    let schedule: Schedule = volumes.configuration.read(&format!(
        "{}/{}",
        layout::assignment_dir(&facts.assignment),
        layout::SCHEDULE
    ))?;

    let earlier = key::earlier(&volumes.raw, &receipt_path(facts), &key)?;
    let before = match &earlier {
        Some((Statement::Received(before), _)) if is_of(before, facts) => Some(before),
        Some(_) => {
            let why = "it is a receipt of something else";
            return Err(volumes.raw.error(Exit::DocumentDamaged, &receipt_path(facts), why));
        }
        None => None,
    };
    let intake = take_in(facts, &volumes, &configuration, &schedule, before)?;
    let received = match &earlier {
        Some((_, bytes)) => Some(bytes.clone()),
        None => receive(facts, &volumes, &intake, &key)?,
    };
    if let Some(refusal) = &intake.refusal {
        crate::say(&format!("refused: {}", refusal.message));
    }
    inform_student(facts, &volumes.student, &intake, received.as_deref());

    let tell = |output, value: &str| volumes.job.tell(output, value);
    let refusal = intake.refusal.as_ref();
    tell(Output::Refusal, refusal.map_or(NONE, |refusal| &refusal.code))?;
    tell(Output::LateSeconds, &intake.timing.late_seconds.to_string())?;
    tell(Output::Due, &intake.timing.due.map_or(NONE.into(), |due| due.to_string()))?;
    let received = received.map(|bytes| digest(STAGE, &bytes)).transpose()?;
    tell(Output::ReceivedDigest, received.as_ref().map_or(NONE, |digest| digest.as_str()))?;
    tell(Output::Network, network_word(&configuration))?;
    tell(Output::Outcome, if refusal.is_some() { "refused" } else { "accepted" })?;
    Ok(Exit::Done)
}

/// Nothing that the student wrote was read before this.
fn confine(facts: &JobFacts, volumes: &Volumes) -> Result<(), StageError> {
    let Volumes { tool: _, student, configuration, raw, job, submission } = volumes;
    let snapshots = layout::snapshots_dir(&facts.assignment, &facts.student);
    let told = layout::student_job_dir(&facts.assignment, &facts.job);
    raw.folders(&snapshots)?;
    // The student's claim may be full or broken: whoever writes there later says so.
    let _later = student.folders(&told);
    Reach::default()
        .reads(student, layout::OUTBOX)
        .writes(student, &told)
        .reads(configuration, &layout::assignment_dir(&facts.assignment))
        .writes(raw, &snapshots)
        .writes(job, "")
        .writes(submission, "")
        .confine(STAGE)
}

fn take_in(
    facts: &JobFacts,
    volumes: &Volumes,
    configuration: &Configuration,
    schedule: &Schedule,
    before: Option<&Received>,
) -> Result<Intake, StageError> {
    let mut timing = rules::timing(schedule, facts.handed_in);
    if let Some(before) = before {
        timing.late_seconds = before.late_seconds;
    }
    let refused = |snapshot, refusal| Ok(Intake { snapshot, timing, refusal: Some(refusal) });
    let snapshot = match snapshot::take(facts, &volumes.student, &volumes.raw, &configuration.rules)? {
        Ok(snapshot) => snapshot,
        Err(refusal) => return refused(None, refusal),
    };
    // What was signed holds, also if the schedule has changed since.
    let judged = match before.map(|before| &before.refused) {
        None => rules::judge(schedule, facts.handed_in),
        Some(None) => Ok(()),
        Some(Some(code)) => Err(Refusal::new(code.clone(), format!("it was refused before: {code}"))),
    };
    if let Err(refusal) = judged {
        return refused(Some(snapshot), refusal);
    }
    if let Err(refusal) = snapshot::claim_attempt(facts, &volumes.raw, configuration.rules.attempts)? {
        return refused(Some(snapshot), refusal);
    }
    match lay_out::lay_out(facts, &snapshot, configuration, volumes)? {
        Ok(()) => Ok(Intake { snapshot: Some(snapshot), timing, refusal: None }),
        Err(refusal) => refused(Some(snapshot), refusal),
    }
}

fn receipt_path(facts: &JobFacts) -> String {
    let dir = layout::snapshots_dir(&facts.assignment, &facts.student);
    format!("{dir}/{}", layout::snapshot_receipt(&facts.job))
}

/// Whether a receipt is of this very hand-in.
fn is_of(received: &Received, facts: &JobFacts) -> bool {
    let Received {
        job,
        assignment,
        revision,
        student,
        digest,
        size_bytes: _,
        handed_in,
        late_seconds: _,
        refused: _,
    } = received;
    *job == facts.job
        && *assignment == facts.assignment
        && *revision == facts.revision
        && *student == facts.student
        && *digest == facts.digest
        && *handed_in == facts.handed_in.to_string()
}

/// Signs what was received and keeps the receipt beside the snapshot; without a snapshot nothing was received.
fn receive(
    facts: &JobFacts,
    volumes: &Volumes,
    intake: &Intake,
    key: &assay_receipt::SigningKey,
) -> Result<Option<Vec<u8>>, StageError> {
    let Some(snapshot) = &intake.snapshot else { return Ok(None) };
    let JobFacts { job, assignment, revision, student, digest, handed_in } = facts.clone();
    let statement = Statement::Received(Received {
        job,
        assignment,
        revision,
        student,
        digest,
        size_bytes: snapshot.size,
        handed_in: handed_in.to_string(),
        late_seconds: intake.timing.late_seconds,
        refused: intake.refusal.as_ref().map(|refusal| refusal.code.clone()),
    });
    let receipt = key::sign(STAGE, &statement, key)?;
    volumes.raw.write_once(&receipt_path(facts), &receipt)?;
    Ok(Some(receipt))
}

/// The student's claim may be full or broken: that costs the student the news, not the hand-in.
fn inform_student(facts: &JobFacts, student: &Mounted, intake: &Intake, receipt: Option<&[u8]>) {
    let dir = layout::student_job_dir(&facts.assignment, &facts.job);
    let (state, message) = match (&intake.refusal, &intake.snapshot) {
        (Some(refusal), _) => (State::Refused, refusal.message.clone()),
        (None, _) => (State::Received, "your submission was received and will be graded".to_owned()),
    };
    let status = Status {
        api_version: API_VERSION.into(),
        job: facts.job.clone(),
        digest: facts.digest.clone(),
        state,
        message,
    };
    let told = to_bytes(STAGE, &status)
        .and_then(|bytes| student.replace(&format!("{dir}/{}", layout::STATUS), &bytes))
        .and_then(|()| {
            receipt.map_or(Ok(()), |r| student.replace(&format!("{dir}/{}", layout::RECEIVED), r))
        });
    if let Err(error) = told {
        crate::warn(&error);
    }
}

/// What network builds and cases see together; the wider of the two.
fn network_word(configuration: &Configuration) -> &'static str {
    let build = configuration.build.as_ref().map_or(Network::None, |build| build.network);
    match (build, configuration.test.network) {
        (Network::None, Network::None) => NONE,
        (Network::Loopback, _) | (_, Network::Loopback) => "loopback",
    }
}
