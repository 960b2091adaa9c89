//! Sweeping: finds jobs that were received and never concluded, and starts them again.
//!
//! A job that runs again has the same name, revision and parameters, and stages that converge, so running one too often is
//! harmless, and two sweeps at once do what one does. What is deleted is the dead Workflow that was looked at and no other.
//! A sweep never deletes a claim: an account that may delete claims may delete marks. Leftover claims are reported.

mod decide;
mod leftovers;

use std::collections::BTreeMap;
use std::time::Duration;

use assay_contract::duties::{self, Answer, Request, Swept};
use assay_contract::receipts::Received;
use assay_contract::{API_VERSION, AssignmentId, JobId, Lifetime, Volume};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{DeleteParams, DynamicObject, ListParams, PostParams, Preconditions, PropagationPolicy};
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::argo::Kind;
use crate::connect::Cluster;
use crate::duty::{self, Whose};
use crate::error::ClusterError;
use crate::job::{self, Start};
use crate::rights::Right;
use crate::template;
use decide::{Decision, Found, Times};

pub use decide::TRIES;
pub use leftovers::Leftover;

/// The label that counts how often a job was started again.
pub const LABEL: &str = "assay.dev/sweep";
/// The longest that a dead Workflow and its claims may take to vanish.
const VANISH: Duration = Duration::from_secs(120);
/// How much later than it should Argo may remove the pods of a job.
const BELATED: Duration = Duration::from_secs(30);
/// Why a job was left that another sweep, or a person, was faster with.
const TAKEN: &str = "somebody else started it again";
/// Between two looks at what vanishes.
const LOOK: Duration = Duration::from_secs(1);

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

/// Sweeps all courses that have a published assignment. `stop` ends it between two jobs, and removes its pod.
///
/// # Errors
/// If the cluster cannot be asked, or `stop` came. What goes wrong with one course or job is in the report.
pub async fn sweep(
    cluster: &Cluster,
    options: &Options,
    stop: impl Future<Output = ()>,
) -> Result<Report, ClusterError> {
    let mut report = Report::default();
    let all = all_courses(cluster, options, &mut report);
    tokio::select! {
        swept = all => swept?,
        () = stop => return Err(ClusterError::Interrupted { duty: assay_contract::Duty::Sweep }),
    }
    report.leftovers = leftovers::collect(cluster, options.dry_run).await?;
    Ok(report)
}

async fn all_courses(cluster: &Cluster, options: &Options, report: &mut Report) -> Result<(), ClusterError> {
    for (course, assignment) in courses(cluster).await? {
        match received(cluster, &assignment).await {
            Ok(swept) => of_course(cluster, options, swept, report).await?,
            Err(error @ (ClusterError::Unreachable { .. } | ClusterError::Unauthorised)) => {
                return Err(error);
            }
            Err(error) => report.wrong.push(format!("course {course}: {}", with_cause(&error))),
        }
        report.courses.push(course);
    }
    Ok(())
}

fn with_cause(error: &ClusterError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

/// The courses that have a published assignment, each with one of its assignments. Where all courses share their claims,
/// the first one stands for all.
async fn courses(cluster: &Cluster) -> Result<BTreeMap<String, AssignmentId>, ClusterError> {
    let templates = Kind::WorkflowTemplate.api(cluster);
    let found = cluster.ask(Right::LIST_TEMPLATES, templates.list(&ListParams::default())).await?;
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

async fn received(cluster: &Cluster, assignment: &AssignmentId) -> Result<Swept, ClusterError> {
    let request = Request::Sweep(duties::Sweep { api_version: API_VERSION.into() });
    let whose = Whose { assignment, student: None };
    let reply = duty::run(cluster, whose, &request, &[], std::future::pending()).await?;
    match reply.answer {
        Answer::Swept(swept) => Ok(swept),
        other => Err(ClusterError::Bug(format!("a sweep was answered by {other:?}").into())),
    }
}

async fn of_course(
    cluster: &Cluster,
    options: &Options,
    swept: Swept,
    report: &mut Report,
) -> Result<(), ClusterError> {
    let Swept { received, unsigned, unreadable, left_out } = swept;
    for received in received {
        let (done, why) = of_job(cluster, options, &received).await?;
        let Received { job, assignment, student, .. } = received;
        report.jobs.push(Job { job, assignment, student: student.into(), done, why });
    }
    report.wrong.extend(unreadable);
    for path in unsigned {
        let job = path.rsplit('/').next().and_then(|name| JobId::new(name.strip_suffix(".zip")?).ok());
        let alive = match job {
            Some(job) => matches!(find(cluster, &job).await?, Found::Alive | Found::Going),
            None => false,
        };
        if !alive {
            report.wrong.push(format!(
                "{path} has no receipt: Setup was stopped in between; start a job for it by `assay submit --digest`"
            ));
        }
    }
    if left_out > 0 {
        report.wrong.push(format!("{left_out} more were left out; sweep again"));
    }
    Ok(())
}

/// What becomes of a job. An error of one job is no error of the sweep unless the cluster is lost.
async fn of_job(
    cluster: &Cluster,
    options: &Options,
    received: &Received,
) -> Result<(Done, String), ClusterError> {
    let found = find(cluster, &received.job).await?;
    let pods = Duration::from_secs(cluster.operator().settings().keep.pods_seconds) + BELATED;
    let times = Times {
        now: Timestamp::now(),
        handed_in: received.handed_in.parse().ok(),
        young: SignedDuration::try_from(options.young).unwrap_or(SignedDuration::MAX),
        pods: SignedDuration::try_from(pods).unwrap_or(SignedDuration::MAX),
    };
    let tries = match decide::decide(&found, &times) {
        Decision::Leave(why) => return Ok((Done::Left, why.into())),
        Decision::Human(why) => return Ok((Done::NeedsPerson, why.into())),
        Decision::Again(tries) => tries,
    };
    let Some(template) = template_of(cluster, received).await? else {
        let revision = received.revision.short();
        let why = format!("the template of its revision {revision} is gone; publish that revision again");
        return Ok((Done::NeedsPerson, why));
    };
    let home = cluster.operator().claim(Volume::Student, &received.assignment, received.student.as_str(), "");
    match duty::check_claim(cluster, Volume::Student, &home).await {
        Ok(()) => {}
        Err(error @ ClusterError::NoClaim { .. }) => {
            let why = format!("{error}; make a stand-in claim of that name, and sweep again");
            return Ok((Done::NeedsPerson, why));
        }
        Err(error) => return Err(error),
    }
    let of = format!("{tries} of {TRIES}");
    if options.dry_run {
        return Ok((Done::WouldStart, of));
    }
    match again(cluster, received, &template, &found, tries).await {
        Ok(None) => Ok((Done::StartedAgain, of)),
        Ok(Some(why)) => Ok((Done::Left, why.into())),
        Err(error @ (ClusterError::Refused { .. } | ClusterError::Forbidden { .. })) => {
            Ok((Done::NeedsPerson, error.to_string()))
        }
        Err(error) => Err(error),
    }
}

async fn template_of(cluster: &Cluster, received: &Received) -> Result<Option<String>, ClusterError> {
    let published = template::published(cluster, &received.assignment).await?;
    let ours = published.into_iter().find(|template| template.revision == received.revision.as_str());
    Ok(ours.map(|template| template.name))
}

async fn find(cluster: &Cluster, job: &JobId) -> Result<Found, ClusterError> {
    let jobs = Kind::Workflow.api(cluster);
    let object = cluster.ask_for(Right::GET_JOB, jobs.get(job.as_str())).await?;
    Ok(object.as_ref().map_or(Found::Gone, state))
}

fn state(workflow: &DynamicObject) -> Found {
    if workflow.metadata.deletion_timestamp.is_some() {
        return Found::Going;
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

/// Starts a job again; `Some` says why it was left after all.
async fn again(
    cluster: &Cluster,
    received: &Received,
    template: &str,
    found: &Found,
    tries: u32,
) -> Result<Option<&'static str>, ClusterError> {
    let jobs = Kind::Workflow.api(cluster);
    if let Found::Ended { uid, version, .. } = found {
        // Another sweep may have replaced it meanwhile: its new one is not the one that was looked at.
        let this_one = Preconditions { uid: Some(uid.clone()), resource_version: Some(version.clone()) };
        let parameters = DeleteParams {
            preconditions: Some(this_one),
            propagation_policy: Some(PropagationPolicy::Background),
            ..DeleteParams::default()
        };
        match cluster.ask(Right::DELETE_JOB, jobs.delete(received.job.as_str(), &parameters)).await {
            Ok(_) => {}
            Err(error) if error.is_missing() => {}
            Err(error) if error.is_taken() => return Ok(Some("it changed meanwhile")),
            Err(error) => return Err(error),
        }
    }
    match room(cluster, &received.job, found).await? {
        Room::Free => {}
        Room::Taken => return Ok(Some(TAKEN)),
        Room::Full => return Ok(Some("what its last run left is still there")),
    }
    let start = Start {
        job: &received.job,
        template,
        student: &received.student,
        digest: &received.digest,
        handed_in: received.handed_in.parse().ok(),
    };
    let mut workflow = job::workflow(cluster, &start)?;
    workflow.metadata.labels.get_or_insert_default().insert(LABEL.into(), tries.to_string());
    match cluster.ask(Right::CREATE_JOB, jobs.create(&PostParams::default(), &workflow)).await {
        Ok(_) => Ok(None),
        Err(error) if error.is_taken() => Ok(Some(TAKEN)),
        Err(error) => Err(error),
    }
}

/// Whether there is room for a job to run again.
enum Room {
    Free,
    /// Another Workflow than the dead one has the name.
    Taken,
    /// The dead one or its claims do not go.
    Full,
}

/// Waits until a job's Workflow and its six claims are gone: Argo takes claims of that name for another job's.
async fn room(cluster: &Cluster, job: &JobId, dead: &Found) -> Result<Room, ClusterError> {
    let jobs = Kind::Workflow.api(cluster);
    let claims = cluster.api::<PersistentVolumeClaim>();
    let names: Vec<String> = Volume::ALL
        .into_iter()
        .filter(|volume| volume.lifetime() == Lifetime::Job)
        .map(|volume| format!("{job}-{volume}"))
        .collect();
    let until = Instant::now() + VANISH;
    loop {
        let workflow = cluster.ask_for(Right::GET_JOB, jobs.get_metadata(job.as_str())).await?;
        if workflow.as_ref().is_some_and(|workflow| !is_dead(&workflow.metadata, dead)) {
            return Ok(Room::Taken);
        }
        let mut there = workflow.is_some();
        for name in &names {
            there = there || cluster.ask_for(Right::GET_CLAIM, claims.get_metadata(name)).await?.is_some();
        }
        if !there {
            return Ok(Room::Free);
        }
        if Instant::now() >= until {
            return Ok(Room::Full);
        }
        sleep(LOOK).await;
    }
}

/// Whether it is the Workflow that was looked at, or one that goes.
fn is_dead(metadata: &ObjectMeta, dead: &Found) -> bool {
    let the_same = matches!(dead, Found::Ended { uid, .. } if metadata.uid.as_ref() == Some(uid));
    the_same || metadata.deletion_timestamp.is_some()
}

#[cfg(test)]
mod tests;
