//! Setup: takes the submission in and lays out what the later stages need.
//!
//! The order matters. The snapshot comes first: once it exists, nothing that the student or the system does afterwards
//! can lose the hand-in. Then the rules are judged, then the zip is unpacked, always from the snapshot and never from the
//! claim, which the student may be changing. Answers are not mounted here and cannot be laid out by mistake.

mod lay_out;
mod snapshot;
mod unpacker;

use std::fs::File;

use assay_contract::configuration::{Configuration, Network, Schedule};
use assay_contract::facts::NONE;
use assay_contract::gradebook::{State, Status};
use assay_contract::receipts::{Received, Statement};
use assay_contract::result::{Intake, Refusal};
use assay_contract::{API_VERSION, Digest, Exit, Oddity, Output, Stage, Volume, layout};

use assay_receipt::SigningKey;
use assay_rules::{self as rules, Timing};

use crate::args::JobFacts;
use crate::confine::Reach;
use crate::documents::{Mounted, digest, to_bytes};
use crate::error::StageError;
use crate::key;
use snapshot::Snapshot;
use unpacker::Unpacker;

pub(crate) use unpacker::{SUBCOMMAND as UNPACK, run as unpack};

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
struct Taken {
    snapshot: Option<Snapshot>,
    timing: Timing,
    refusal: Option<Refusal>,
    oddities: Vec<Oddity>,
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
    let snapshots = layout::snapshots_dir(&facts.assignment, &facts.student);
    volumes.raw.folders(&snapshots)?;
    // When the folder that it may read is there, and before this process can start nothing more.
    let unpacker = Unpacker::start(&snapshots)?;
    confine(facts, &volumes, &snapshots)?;
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
    let taken = take_in(facts, &volumes, unpacker, &key, &configuration, &schedule, before)?;
    let received = match &earlier {
        Some((_, bytes)) => Some(bytes.clone()),
        None => receive(facts, &volumes, &taken, &key)?,
    };
    if let Some(refusal) = &taken.refusal {
        crate::say(&format!("refused: {}", refusal.message));
    }
    inform_student(facts, &volumes.student, &taken, received.as_deref());

    let tell = |output, value: &str| volumes.job.tell(output, value);
    let Taken { snapshot: _, timing, refusal, oddities } = taken;
    tell(Output::Refusal, refusal.as_ref().map_or(NONE, |refusal| &refusal.code))?;
    tell(Output::LateSeconds, &timing.late_seconds.to_string())?;
    tell(Output::Due, &timing.due.map_or(NONE.into(), |due| due.to_string()))?;
    let received = received.map(|bytes| digest(STAGE, &bytes)).transpose()?;
    tell(Output::ReceivedDigest, received.as_ref().map_or(NONE, |digest| digest.as_str()))?;
    tell(Output::Network, network_word(&configuration))?;
    let outcome = if refusal.is_some() { "refused" } else { "accepted" };
    let intake = Intake { api_version: API_VERSION.into(), refusal, oddities };
    volumes.job.replace(layout::INTAKE, &to_bytes(STAGE, &intake)?)?;
    tell(Output::Outcome, outcome)?;
    Ok(Exit::Done)
}

/// Nothing that the student wrote was read before this.
fn confine(facts: &JobFacts, volumes: &Volumes, snapshots: &str) -> Result<(), StageError> {
    let Volumes { tool: _, student, configuration, raw, job, submission } = volumes;
    let told = layout::student_job_dir(&facts.assignment, &facts.job);
    // The student's claim may be full or broken: whoever writes there later says so.
    let _later = student.folders(&told);
    Reach::default()
        .reads(student, layout::OUTBOX)
        .writes(student, &told)
        .reads(configuration, &layout::assignment_dir(&facts.assignment))
        .writes(raw, snapshots)
        .writes(job, "")
        .writes(submission, "")
        .confine(STAGE)
}

fn take_in(
    facts: &JobFacts,
    volumes: &Volumes,
    unpacker: Unpacker,
    key: &SigningKey,
    configuration: &Configuration,
    schedule: &Schedule,
    before: Option<&Received>,
) -> Result<Taken, StageError> {
    let mut timing = rules::timing(schedule, facts.handed_in);
    if let Some(before) = before {
        timing.late_seconds = before.late_seconds;
    }
    let refused =
        |snapshot, refusal| Ok(Taken { snapshot, timing, refusal: Some(refusal), oddities: Vec::new() });
    let snapshot = match snapshot::take(facts, &volumes.student, &volumes.raw, &configuration.rules)? {
        Ok(snapshot) => snapshot,
        Err(refusal) => return refused(None, refusal),
    };
    // What was signed holds, also if the schedule has changed since.
    let judged = match before.map(|before| &before.refused) {
        None => rules::judge(schedule, facts.handed_in),
        Some(None) => Ok(()),
        Some(Some(code)) => Err(rules::refusal(code.clone(), format!("it was refused before: {code}"))),
    };
    if let Err(refusal) = judged {
        return refused(Some(snapshot), refusal);
    }
    if let Err(refusal) = snapshot::claim_attempt(facts, &volumes.raw, configuration.rules.attempts)? {
        return refused(Some(snapshot), refusal);
    }
    let place = |content: &Digest| {
        format!("{}/{}", layout::FILES, key.secret_name(&format!("{}\n{content}", facts.job)))
    };
    match lay_out::lay_out(facts, unpacker, place, configuration, volumes)? {
        Ok(oddities) => Ok(Taken { snapshot: Some(snapshot), timing, refusal: None, oddities }),
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
    taken: &Taken,
    key: &SigningKey,
) -> Result<Option<Vec<u8>>, StageError> {
    let Some(snapshot) = &taken.snapshot else { return Ok(None) };
    let JobFacts { job, assignment, revision, student, digest, handed_in } = facts.clone();
    let statement = Statement::Received(Received {
        job,
        assignment,
        revision,
        student,
        digest,
        size_bytes: snapshot.size,
        handed_in: handed_in.to_string(),
        late_seconds: taken.timing.late_seconds,
        refused: taken.refusal.as_ref().map(|refusal| refusal.code.clone()),
    });
    let receipt = key::sign(STAGE, &statement, key)?;
    volumes.raw.write_once(&receipt_path(facts), &receipt)?;
    Ok(Some(receipt))
}

/// The student's claim may be full or broken: that costs the student the news, not the hand-in.
fn inform_student(facts: &JobFacts, student: &Mounted, taken: &Taken, receipt: Option<&[u8]>) {
    let dir = layout::student_job_dir(&facts.assignment, &facts.job);
    let (state, message) = match (&taken.refusal, &taken.snapshot) {
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
