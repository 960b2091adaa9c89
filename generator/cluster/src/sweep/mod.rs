//! Sweeping: finds jobs that were received and never concluded, and starts them again.
//!
//! A job that runs again has the same name, revision and parameters, and stages that converge, so running one too often is
//! harmless, and two sweeps at once do what one does. What is deleted is the dead Workflow that was looked at and no other.
//! A sweep never deletes a claim: an account that may delete claims may delete marks. Leftover claims are reported.

mod again;
mod bring_back;
mod decide;
mod leftovers;
mod stop;

use std::collections::BTreeMap;
use std::time::Duration;

use assay_contract::duties::{self, Answer, Request, Swept, Unsigned};
use assay_contract::receipts::Received;
use assay_contract::{API_VERSION, AssignmentId, JobId, Volume, layout};
use kube::api::{DynamicObject, ListParams};
use serde::Serialize;

use crate::argo::Kind;
use crate::connect::Cluster;
use crate::duty::{self, Whose};
use crate::error::ClusterError;
use crate::rights::Right;
use bring_back::bring_back;
use decide::Found;
use stop::Stop;

pub use decide::TRIES;
pub use leftovers::Leftover;

/// The label that counts how often a job was started again.
pub const LABEL: &str = "assay.dev/sweep";

/// What is to be swept.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Whether it is only said what would be done.
    pub dry_run: bool,
    /// Jobs that were handed in, or ended, less than this ago are left alone.
    pub young: Duration,
}

/// What a sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// The courses that were looked at.
    pub courses: Vec<String>,
    /// What was done about each job that was received and has no conclusion.
    pub jobs: Vec<Job>,
    /// What was found besides, and a person has to look at.
    pub wrong: Vec<String>,
    /// What interrupted commands and jobs left.
    pub leftovers: Vec<Leftover>,
    /// Whether it was told to stop before it was done.
    pub interrupted: bool,
}

/// A job that was received and has no conclusion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Job {
    /// Which one.
    pub job: JobId,
    /// Of which assignment.
    pub assignment: AssignmentId,
    /// Whose.
    pub student: String,
    /// What was done.
    pub done: Done,
    /// Why, in words.
    pub why: String,
}

/// What was done about a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Done {
    /// Nothing: it will conclude, or the next sweep looks again.
    Left,
    /// It was started again.
    StartedAgain,
    /// It would be started again; this is a trial.
    WouldStart,
    /// Nothing: a person has to look.
    NeedsPerson,
}

impl Done {
    /// Its name in tables.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Done::Left => "left",
            Done::StartedAgain => "started again",
            Done::WouldStart => "would start",
            Done::NeedsPerson => "needs a person",
        }
    }
}

impl Report {
    /// Whether a person has to look at something.
    #[must_use]
    pub fn needs_person(&self) -> bool {
        !self.wrong.is_empty() || self.jobs.iter().any(|job| job.done == Done::NeedsPerson)
    }
}

/// Sweeps all courses that have a published assignment. `stop` ends it between two jobs, and removes its pod; a job whose
/// Workflow was deleted is made anew all the same.
///
/// # Errors
/// If the cluster cannot be asked. What goes wrong with one course or job is in the report.
pub async fn sweep(
    cluster: &Cluster,
    options: &Options,
    stop: impl Future<Output = ()>,
) -> Result<Report, ClusterError> {
    stop::told_by(stop, |stop| all(cluster, options, stop)).await
}

async fn all(cluster: &Cluster, options: &Options, stop: Stop) -> Result<Report, ClusterError> {
    let mut report = Report::default();
    let mut lost = Vec::new();
    for (course, assignment) in courses(cluster).await? {
        if stop.has_come() {
            break;
        }
        match received(cluster, &assignment, stop.comes()).await {
            Ok(swept) => lost.extend(of_course(cluster, swept, &mut report).await?),
            Err(ClusterError::Interrupted { .. }) => break,
            Err(error) if loses_the_cluster(&error) => return Err(error),
            Err(error) => report.wrong.push(format!("course {course}: {}", with_cause(&error))),
        }
        report.courses.push(course);
    }
    bring_back(cluster, options, lost, &stop, &mut report).await?;
    report.interrupted = stop.has_come();
    if report.interrupted {
        return Ok(report);
    }
    match leftovers::collect(cluster, options.dry_run).await {
        Ok(leftovers) => report.leftovers = leftovers,
        Err(error) if loses_the_cluster(&error) => return Err(error),
        Err(error) => report.wrong.push(format!("what was left cannot be told: {}", with_cause(&error))),
    }
    Ok(report)
}

/// Whether there is no use in asking for anything else.
fn loses_the_cluster(error: &ClusterError) -> bool {
    matches!(
        error,
        ClusterError::Unreachable { .. } | ClusterError::Silent { .. } | ClusterError::Unauthorised
    )
}

fn with_cause(error: &ClusterError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

/// The courses that have a published assignment, each with one of its assignments. Where all courses share their claims,
/// the first one stands for all.
async fn courses(cluster: &Cluster) -> Result<BTreeMap<String, AssignmentId>, ClusterError> {
    let templates = Kind::WorkflowTemplate.api(cluster);
    let found = cluster.list(Right::LIST_TEMPLATES, &templates, &ListParams::default()).await?;
    let mut courses: BTreeMap<String, AssignmentId> = BTreeMap::new();
    let mut seen = Vec::new();
    for template in found {
        let labels = template.metadata.labels.unwrap_or_default();
        let label = |key| labels.get(key).map_or("", String::as_str);
        let id = format!("{}/{}", label("assay.dev/course"), label("assay.dev/assignment"));
        let Ok(assignment) = AssignmentId::new(id) else { continue };
        let claim = cluster.operator().claim(Volume::RawSubmissions, &assignment, "", "");
        if !seen.contains(&claim) {
            seen.push(claim);
            courses.insert(assignment.course().into(), assignment);
        }
    }
    Ok(courses)
}

async fn received(
    cluster: &Cluster,
    assignment: &AssignmentId,
    stop: impl Future<Output = ()>,
) -> Result<Swept, ClusterError> {
    let request = Request::Sweep(duties::Sweep { api_version: API_VERSION.into() });
    let whose = Whose { assignment, student: None };
    let reply = duty::run(cluster, whose, &request, &[], stop).await?;
    match reply.answer {
        Answer::Swept(swept) => Ok(swept),
        other => Err(ClusterError::Bug(format!("a sweep was answered by {other:?}").into())),
    }
}

/// Reports what is wrong on a course's volumes; the jobs that were received and never concluded.
async fn of_course(
    cluster: &Cluster,
    swept: Swept,
    report: &mut Report,
) -> Result<Vec<Received>, ClusterError> {
    let Swept { received, unsigned, unreadable, left_out } = swept;
    report.wrong.extend(unreadable);
    for unsigned in unsigned {
        match find(cluster, &unsigned.job).await {
            Ok(found) if found.is_at_work() => {}
            Ok(_) => report.wrong.push(without_receipt(&unsigned)),
            Err(error) if loses_the_cluster(&error) => return Err(error),
            Err(error) => {
                report.wrong.push(format!("{}; {}", without_receipt(&unsigned), with_cause(&error)));
            }
        }
    }
    if left_out > 0 {
        report.wrong.push(format!("{left_out} more were left out; sweep again"));
    }
    Ok(received)
}

fn without_receipt(unsigned: &Unsigned) -> String {
    let Unsigned { assignment, student, job, digest } = unsigned;
    let path = format!("{}/{}", layout::snapshots_dir(assignment, student), layout::snapshot(job));
    format!(
        "{path} has no receipt: Setup was stopped in between; hand it in again by `assay submit {assignment} --student {student} \
         --digest {digest}`; without use for it, delete this one file from the volume {}",
        Volume::RawSubmissions
    )
}

async fn find(cluster: &Cluster, job: &JobId) -> Result<Found, ClusterError> {
    let jobs = Kind::Workflow.api(cluster);
    let object = cluster.ask_for(Right::GET_JOB, jobs.get(job.as_str())).await?;
    Ok(object.as_ref().map_or(Found::Gone, state))
}

fn state(workflow: &DynamicObject) -> Found {
    if let Some(since) = &workflow.metadata.deletion_timestamp {
        return Found::Going { since: since.0 };
    }
    let status = &workflow.data["status"];
    if !matches!(status["phase"].as_str(), Some("Succeeded" | "Failed" | "Error")) {
        return Found::Alive;
    }
    let label = workflow.metadata.labels.as_ref().and_then(|labels| labels.get(LABEL));
    Found::Ended {
        at: status["finishedAt"].as_str().and_then(|at| at.parse().ok()),
        // A count that cannot be read is no reason to try for ever.
        tries: label.map_or(0, |count| count.parse().unwrap_or(TRIES)),
        uid: workflow.metadata.uid.clone().unwrap_or_default(),
        version: workflow.metadata.resource_version.clone().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
