//! What passes through administrative pods: revisions, hand-ins, results.

use assay_contract::duties::{Answer, HandIn, Left, Part, Place, Publish, Read, Request, Reschedule};
use assay_contract::{API_VERSION, AssignmentId, Digest, JobId, StudentId};
use assay_core::assignment::{Content, Publication};

use crate::connect::Cluster;
use crate::duty::{self, Whose};
use crate::error::ClusterError;

/// What became of a revision's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Answers and configuration: [`Left::Same`] where both were there.
    pub revision: Left,
    /// The schedule; [`Left::Kept`] where another one is there, which [`reschedule`] replaces.
    pub schedule: Left,
}

/// Writes a revision: answers and configuration, and the schedule where there is none yet.
///
/// # Errors
/// See [`duty::run`]; also if the revision is there with another content.
pub async fn publish(
    cluster: &Cluster,
    publication: &Publication,
    stop: impl Future<Output = ()>,
) -> Result<Written, ClusterError> {
    let assignment = &publication.configuration.assignment;
    let parts = publication.parts();
    let request = Request::Publish(Publish {
        api_version: API_VERSION.into(),
        assignment: assignment.clone(),
        revision: publication.configuration.revision.clone(),
        parts: parts
            .iter()
            .map(|(place, content)| Part {
                place: *place,
                digest: content.digest().clone(),
                bytes: size(content.bytes()),
            })
            .collect(),
    });
    let bytes: Vec<&[u8]> = parts.iter().map(|(_, content)| content.bytes()).collect();
    let whose = Whose { assignment, student: None };
    match duty::run(cluster, whose, &request, &bytes, stop).await?.answer {
        Answer::Published { answers, configuration, schedule } => {
            let both = [answers, configuration].iter().all(|left| *left == Left::Same);
            Ok(Written { revision: if both { Left::Same } else { Left::New }, schedule })
        }
        other => Err(unexpected(&other)),
    }
}

/// Replaces the schedule, for jobs of all revisions; hence it comes last, after the revision's template.
///
/// # Errors
/// See [`duty::run`].
pub async fn reschedule(
    cluster: &Cluster,
    publication: &Publication,
    stop: impl Future<Output = ()>,
) -> Result<Left, ClusterError> {
    let assignment = &publication.configuration.assignment;
    let parts = publication.parts();
    let Some((_, schedule)) = parts.iter().find(|(place, _)| *place == Place::Schedule) else {
        return Err(ClusterError::Bug("a publication has no schedule".into()));
    };
    let request = Request::Reschedule(Reschedule {
        api_version: API_VERSION.into(),
        assignment: assignment.clone(),
        digest: schedule.digest().clone(),
        bytes: size(schedule.bytes()),
    });
    let whose = Whose { assignment, student: None };
    match duty::run(cluster, whose, &request, &[schedule.bytes()], stop).await?.answer {
        Answer::Rescheduled { schedule } => Ok(schedule),
        other => Err(unexpected(&other)),
    }
}

/// Puts a zip into a student's outbox.
///
/// # Errors
/// See [`duty::run`].
pub async fn hand_in(
    cluster: &Cluster,
    assignment: &AssignmentId,
    student: &StudentId,
    zip: &Content,
    stop: impl Future<Output = ()>,
) -> Result<Left, ClusterError> {
    let request = Request::HandIn(HandIn {
        api_version: API_VERSION.into(),
        digest: zip.digest().clone(),
        bytes: size(zip.bytes()),
    });
    let whose = Whose { assignment, student: Some(student) };
    match duty::run(cluster, whose, &request, &[zip.bytes()], stop).await?.answer {
        Answer::HandedIn { zip } => Ok(zip),
        other => Err(unexpected(&other)),
    }
}

/// A document that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its file's name.
    pub name: String,
    /// Its SHA-256.
    pub digest: Digest,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Reads the documents of a job; none where nothing was concluded.
///
/// # Errors
/// See [`duty::run`].
pub async fn read(
    cluster: &Cluster,
    assignment: &AssignmentId,
    job: &JobId,
    stop: impl Future<Output = ()>,
) -> Result<Vec<Document>, ClusterError> {
    let request = Request::Read(Read {
        api_version: API_VERSION.into(),
        assignment: assignment.clone(),
        job: job.clone(),
    });
    let whose = Whose { assignment, student: None };
    let reply = duty::run(cluster, whose, &request, &[], stop).await?;
    match reply.answer {
        Answer::Documents { documents } => Ok(documents
            .into_iter()
            .zip(reply.parts)
            .map(|(document, bytes)| Document { name: document.name, digest: document.digest, bytes })
            .collect()),
        other => Err(unexpected(&other)),
    }
}

fn size(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

fn unexpected(answer: &Answer) -> ClusterError {
    ClusterError::Bug(format!("a pod answered what it was not asked: {answer:?}").into())
}
