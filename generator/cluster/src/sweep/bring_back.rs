//! Bringing jobs back that were received and never concluded: each is judged, and started again if that is of use.

use std::time::Duration;

use assay_contract::receipts::Received;
use assay_contract::{JobId, Volume};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};

use super::again::{Again, Attempt};
use super::decide::{self, Decision, TRIES, Times};
use super::stop::Stop;
use super::{Done, Job, Options, Report, find, loses_the_cluster, with_cause};
use crate::connect::Cluster;
use crate::duty;
use crate::error::ClusterError;
use crate::patience::Patience;
use crate::template;

/// The longest that dead Workflows and their claims may take to vanish, all together.
const VANISH: Duration = Duration::from_secs(120);
/// How much later than it should Argo may remove the pods of a job, or kill those of one that was terminated.
const BELATED: Duration = Duration::from_secs(30);
/// Between two looks at what vanishes.
const LOOK: Duration = Duration::from_secs(1);

/// Starts again what has to be, and reports what became of each job. All dead Workflows are deleted first, so that all of
/// them vanish at the same time.
pub(super) async fn bring_back(
    cluster: &Cluster,
    options: &Options,
    lost: Vec<Received>,
    stop: &Stop,
    report: &mut Report,
) -> Result<(), ClusterError> {
    let mut cleared = Vec::new();
    let mut judged = Ok(());
    for received in lost {
        let step = if stop.has_come() {
            Ok(Step::Over(Done::Left, "the sweep was interrupted".into()))
        } else {
            begin(cluster, options, &received).await
        };
        let (done, why) = match step {
            Ok(Step::Over(done, why)) => (done, why),
            Ok(Step::Cleared(again)) => {
                cleared.push((report.jobs.len(), again));
                // So it stays if its last run does not go.
                (Done::NeedsPerson, remains(cluster, &received.job))
            }
            Err(error) if loses_the_cluster(&error) => {
                judged = Err(error);
                break;
            }
            Err(error) => failed(&error),
        };
        let Received { job, assignment, student, .. } = received;
        report.jobs.push(Job { job, assignment, student: student.into(), done, why });
    }
    // Whatever came in between: what was deleted is made anew.
    let ended = end(cluster, cleared, report).await;
    judged.and(ended)
}

fn remains(cluster: &Cluster, job: &JobId) -> String {
    let namespace = cluster.namespace();
    format!(
        "what its last run left does not go; see what holds it: kubectl describe workflow,pvc -n {namespace}, those named {job}"
    )
}

/// An error of one job is no error of the sweep.
fn failed(error: &ClusterError) -> (Done, String) {
    let done = match error {
        ClusterError::Refused { .. } | ClusterError::Forbidden { .. } => Done::NeedsPerson,
        _ => Done::Left,
    };
    (done, with_cause(error))
}

/// How far a job came at once.
enum Step {
    /// This was done about it, for this reason.
    Over(Done, String),
    /// Its dead Workflow is deleted.
    Cleared(Box<Again>),
}

/// Judges a job, and deletes its dead Workflow if it is to run again.
async fn begin(cluster: &Cluster, options: &Options, received: &Received) -> Result<Step, ClusterError> {
    let found = find(cluster, &received.job).await?;
    let pods = Duration::from_secs(cluster.operator().settings().keep.pods_seconds) + BELATED;
    let times = Times {
        now: Timestamp::now(),
        handed_in: received.handed_in.parse().ok(),
        young: SignedDuration::try_from(options.young).unwrap_or(SignedDuration::MAX),
        pods: SignedDuration::try_from(pods).unwrap_or(SignedDuration::MAX),
    };
    let tries = match decide::decide(&found, &times) {
        Decision::Leave(why) => return Ok(Step::Over(Done::Left, why.into())),
        Decision::Human(why) => return Ok(Step::Over(Done::NeedsPerson, why.into())),
        Decision::Again(tries) => tries,
    };
    let Some(template) = template_of(cluster, received).await? else {
        let revision = received.revision.short();
        let why = format!("the template of its revision {revision} is gone; publish that revision again");
        return Ok(Step::Over(Done::NeedsPerson, why));
    };
    let home = cluster.operator().claim(Volume::Student, &received.assignment, received.student.as_str(), "");
    match duty::check_claim(cluster, Volume::Student, &home).await {
        Ok(()) => {}
        Err(error @ ClusterError::NoClaim { .. }) => {
            let why = format!("{error}; make a stand-in claim of that name, and sweep again");
            return Ok(Step::Over(Done::NeedsPerson, why));
        }
        Err(error) => return Err(error),
    }
    if options.dry_run {
        return Ok(Step::Over(Done::WouldStart, of(tries)));
    }
    let again = Again { received: received.clone(), template, found, tries };
    if again.clear(cluster).await? {
        Ok(Step::Cleared(Box::new(again)))
    } else {
        Ok(Step::Over(Done::Left, "it changed meanwhile".into()))
    }
}

fn of(tries: u32) -> String {
    format!("{tries} of {TRIES}")
}

/// Starts the jobs at these places of the report as what their last runs left vanishes.
async fn end(
    cluster: &Cluster,
    mut cleared: Vec<(usize, Box<Again>)>,
    report: &mut Report,
) -> Result<(), ClusterError> {
    let until = Instant::now() + VANISH;
    let mut patience = Patience::default();
    loop {
        let mut early = Vec::new();
        for (place, again) in cleared {
            let (done, why) = match patience.bear(again.start(cluster).await).await {
                Ok(Some(Attempt::Started)) => (Done::StartedAgain, of(again.tries)),
                Ok(Some(Attempt::Taken)) => (Done::Left, "somebody else started it again".into()),
                Ok(Some(Attempt::TooEarly) | None) => {
                    early.push((place, again));
                    continue;
                }
                Err(error) if loses_the_cluster(&error) => return Err(error),
                Err(error) => failed(&error),
            };
            if let Some(job) = report.jobs.get_mut(place) {
                (job.done, job.why) = (done, why);
            }
        }
        if early.is_empty() || Instant::now() >= until {
            return Ok(());
        }
        cleared = early;
        sleep(LOOK).await;
    }
}

async fn template_of(cluster: &Cluster, received: &Received) -> Result<Option<String>, ClusterError> {
    let published = template::published(cluster, &received.assignment).await?;
    let ours = published.into_iter().find(|template| template.revision == received.revision.as_str());
    Ok(ours.map(|template| template.name))
}
