//! Moving requests on: starting what comes next, concluding what is over, making anew what was lost, forgetting what is old.
//!
//! Any number of servers do this at once. Each step begins with an update of the request that names the version on which it
//! was decided: of two that decide the same, one acts. So a server that dies between two steps leaves a request that says
//! what was going to happen, and another one makes it happen. Jobs have the request's name, so there are never two.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use assay_cluster::job::{self, JobView, Start};
use assay_cluster::request::{self, Progress, Request, RequestStatus};
use assay_cluster::{Cluster, ClusterError};
use assay_contract::{Fault, Verdict};
use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::board::{Board, Known};
use crate::metrics::Metrics;
use crate::order::{Placed, Room, start_now};
use crate::settings::Settings;

/// One change of the cluster brings others.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest time between two looks.
const LOOK: Duration = Duration::from_secs(5);
/// Steps at once.
const AT_ONCE: usize = 8;
/// A job that is to be there for so long and is not was lost between two steps.
const LOST: SignedDuration = SignedDuration::from_secs(60);
/// After a step that the cluster did not let us take.
const AGAIN: Duration = Duration::from_secs(30);
/// How long after its start a job is waited for that is over without a verdict, or gone; the sweeper makes it anew meanwhile. A
/// verdict that comes later still counts.
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(24);
/// Between two readings of how many jobs may run.
const READ_CAP: Duration = Duration::from_secs(30);

/// What moves requests on.
#[derive(Debug)]
pub(crate) struct Dispatcher {
    cluster: Cluster,
    board: Arc<Board>,
    metrics: Arc<Metrics>,
    settings: Settings,
    /// Requests with which something did not work, and until when they are left.
    left: HashMap<String, Instant>,
}

/// What is to be done with a request.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    /// Start its job, which takes this template.
    Start { request: Request, template: String },
    /// Make its job again, which was never seen, from this template.
    Again { request: Request, template: String },
    /// Its job is there.
    Seen { request: Request },
    /// Its job is over, or given up; whether there is one to label.
    Conclude { request: Request, status: RequestStatus, label: bool },
    /// It is old.
    Forget { request: Request },
}

impl Step {
    fn request(&self) -> &Request {
        match self {
            Step::Start { request, .. }
            | Step::Again { request, .. }
            | Step::Seen { request }
            | Step::Conclude { request, .. }
            | Step::Forget { request } => request,
        }
    }
}

impl Dispatcher {
    /// One that has done nothing yet.
    pub(crate) fn new(
        cluster: Cluster,
        board: Arc<Board>,
        metrics: Arc<Metrics>,
        settings: Settings,
    ) -> Dispatcher {
        Dispatcher { cluster, board, metrics, settings, left: HashMap::new() }
    }

    /// Moves requests on until it is told to stop; steps that were begun are finished.
    pub(crate) async fn run(mut self, closing: CancellationToken) {
        let mut heard = self.board.listen();
        let mut cap_read: Option<Instant> = None;
        while !closing.is_cancelled() {
            // Before anything is looked at: what changes meanwhile is news.
            heard.mark_unchanged();
            if cap_read.is_none_or(|at| at.elapsed() >= READ_CAP) {
                self.read_cap().await;
                cap_read = Some(Instant::now());
            }
            if self.step(Timestamp::now(), &closing).await {
                continue;
            }
            tokio::select! {
                _ = heard.changed() => sleep(PAUSE).await,
                () = sleep(LOOK) => {}
                () = closing.cancelled() => {}
            }
        }
    }

    async fn read_cap(&self) {
        match job::cap(&self.cluster).await {
            Ok(cap) => self.board.put_cap(cap),
            Err(error) => self.trouble("reading how many jobs may run", &error),
        }
    }

    /// Does all that is to be done now; whether something was.
    async fn step(&mut self, now: Timestamp, closing: &CancellationToken) -> bool {
        if self.board.know().gap().is_some() {
            return false;
        }
        self.board.put_in_order(now);
        self.left.retain(|_, until| *until > Instant::now());
        let steps = self.steps(now);
        let some = !steps.is_empty();
        let left = Mutex::new(&mut self.left);
        let leave = |step: &Step, after: Duration| {
            let name = step.request().metadata.name.clone().unwrap_or_default();
            left.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Instant::now() + after);
        };
        let (this, leave) = (&TakesSteps { cluster: &self.cluster, metrics: &self.metrics }, &leave);
        let board = &self.board;
        stream::iter(steps)
            .take_until(closing.cancelled())
            .for_each_concurrent(AT_ONCE, |step| async move {
                match this.take(&step, now).await {
                    Ok(Some(request)) => board.put_request(&request, Some(step.request())),
                    // Overtaken, or gone: what is heard next says how it is. Until then it is left alone.
                    Ok(None) => leave(&step, PAUSE),
                    Err(error) => {
                        let name = step.request().metadata.name.as_deref().unwrap_or_default();
                        this.trouble(&format!("job {name}"), &error);
                        leave(&step, AGAIN);
                    }
                }
            })
            .await;
        some
    }

    fn steps(&self, now: Timestamp) -> Vec<Step> {
        let known = self.board.know();
        let mut steps: Vec<Step> = Vec::new();
        for (name, request) in known.requests.all().filter(|(name, _)| !self.left.contains_key(*name)) {
            steps.extend(self.step_of(&known, request, known.jobs.get(name), now));
        }
        if self.settings.paused {
            return steps;
        }
        // What cannot start takes no room from what can.
        let can_start = |placed: &&Placed| {
            let name = placed.waiting.job.as_str();
            !self.left.contains_key(name)
                && known.jobs.get(name).is_none()
                && known.template(&placed.waiting.assignment).is_some()
        };
        let placed: Vec<Placed> = known.placed.iter().filter(can_start).cloned().collect();
        let room = Room { jobs: self.settings.backlog, per_student: self.settings.per_student };
        for placed in start_now(&placed, &known.at_work(), room, now) {
            let request = known.requests.get(placed.waiting.job.as_str());
            let request = request.filter(|request| request.progress() == Progress::Waiting);
            if let (Some(request), Some(template)) = (request, known.template(&placed.waiting.assignment)) {
                steps.push(Step::Start { request: request.clone(), template: template.name.clone() });
            }
        }
        steps
    }

    /// What is to be done with a request that does not wait for its turn.
    fn step_of(
        &self,
        known: &Known,
        request: &Request,
        view: Option<&JobView>,
        now: Timestamp,
    ) -> Option<Step> {
        let status = request.standing();
        let since = |at: Option<Timestamp>| at.map_or(SignedDuration::ZERO, |at| now.duration_since(at));
        let request = request.clone();
        match (status.progress, view) {
            // A verdict that came after all.
            (Progress::Concluded, Some(view)) if view.state.is_over() && view.verdict.is_some() => {
                let status = ended(view, &status, now);
                (status.verdict != request.standing().verdict).then_some(Step::Conclude {
                    request,
                    status,
                    label: true,
                })
            }
            (Progress::Concluded, _) => {
                let keep = SignedDuration::from_hours(24 * i64::from(self.settings.keep_days));
                (since(status.concluded) > keep).then_some(Step::Forget { request })
            }
            (Progress::Started, Some(view)) if view.state.is_over() && view.verdict.is_some() => {
                Some(Step::Conclude { request, status: ended(view, &status, now), label: true })
            }
            (Progress::Waiting | Progress::Started, Some(_)) if !status.seen => Some(Step::Seen { request }),
            (Progress::Started, None) if status.seen => {
                // It ended while nobody looked, and the cluster has forgotten it.
                let status = RequestStatus { concluded: Some(now), ..status };
                (since(status.started) > GIVEN_UP).then_some(Step::Conclude { request, status, label: false })
            }
            (Progress::Started, view) if since(status.started) > GIVEN_UP => {
                let status = RequestStatus {
                    concluded: Some(now),
                    verdict: Some(Verdict::NotRun.id().into()),
                    fault: Some(Fault::System.id().into()),
                    ..status
                };
                Some(Step::Conclude { request, status, label: view.is_some() })
            }
            (Progress::Started, None) if since(status.started) > LOST => {
                let there = |name: &String| known.templates.get(name).is_some();
                let current =
                    || known.template(&request.spec.assignment).map(|template| template.name.clone());
                let template = status.template.filter(there).or_else(current)?;
                Some(Step::Again { request, template })
            }
            (Progress::Waiting | Progress::Started, _) => None,
        }
    }

    fn trouble(&self, what: &str, error: &ClusterError) {
        TakesSteps { cluster: &self.cluster, metrics: &self.metrics }.trouble(what, error);
    }
}

/// What taking a step needs.
struct TakesSteps<'a> {
    cluster: &'a Cluster,
    metrics: &'a Metrics,
}

impl TakesSteps<'_> {
    /// Takes a step; the request as it is then, or `None` where it was overtaken or is gone.
    async fn take(&self, step: &Step, now: Timestamp) -> Result<Option<Request>, ClusterError> {
        match step {
            Step::Start { request, template } => {
                let Some(claimed) = request::start(self.cluster, request, template, now).await? else {
                    return Ok(None);
                };
                match self.make(&claimed, template).await {
                    Ok(()) => {
                        let waited = now.duration_since(claimed.spec.handed_in);
                        self.metrics.started(Duration::try_from(waited).unwrap_or_default());
                        Ok(Some(claimed))
                    }
                    // It may be there: then it is heard of, or made again as one that was lost.
                    Err(error @ ClusterError::StartUnknown { .. }) => Err(error),
                    Err(error) => {
                        request::put_back(self.cluster, &claimed).await?;
                        Err(error)
                    }
                }
            }
            Step::Again { request, template } => {
                let Some(claimed) = request::start(self.cluster, request, template, now).await? else {
                    return Ok(None);
                };
                tracing::warn!(job = claimed.metadata.name, "made again: it was to be there and is not");
                self.make(&claimed, template).await?;
                Ok(Some(claimed))
            }
            Step::Seen { request } => request::seen(self.cluster, request, now).await,
            Step::Conclude { request, status, label } => {
                let concluded = request::conclude(self.cluster, request, status.clone()).await?;
                if let Some(concluded) = &concluded {
                    let verdict = status.verdict.as_deref().unwrap_or_default();
                    self.metrics.concluded(status.fault.as_deref() == Some(Fault::System.id()));
                    tracing::info!(
                        job = concluded.metadata.name,
                        verdict,
                        points = status.points,
                        "concluded"
                    );
                    if *label && let Err(error) = self.label(concluded).await {
                        // Tutors see less; nobody waits for it.
                        self.trouble("labelling a job", &error);
                    }
                }
                Ok(concluded)
            }
            Step::Forget { request } => {
                request::forget(self.cluster, request).await?;
                Ok(None)
            }
        }
    }

    async fn make(&self, request: &Request, template: &str) -> Result<(), ClusterError> {
        let Some(job) = request.job() else { return Ok(()) };
        let start = Start {
            job: &job,
            template,
            student: &request.spec.student,
            digest: &request.spec.digest,
            handed_in: Some(request.spec.handed_in),
        };
        job::start_once(self.cluster, &start).await
    }

    async fn label(&self, request: &Request) -> Result<(), ClusterError> {
        let Some(job) = request.job() else { return Ok(()) };
        let status = request.standing();
        let verdict = status.verdict.unwrap_or_default();
        let points = status.points.unwrap_or_default();
        let title = format!("{} of {}: {verdict}, {points}", request.spec.assignment, request.spec.student);
        job::label(self.cluster, &job, &title, &verdict, &points).await
    }

    fn trouble(&self, what: &str, error: &ClusterError) {
        self.metrics.failed();
        tracing::warn!(what, %error, hint = error.hint(), "the cluster");
    }
}

/// How a job ended that has a verdict.
fn ended(view: &JobView, before: &RequestStatus, now: Timestamp) -> RequestStatus {
    RequestStatus {
        progress: Progress::Concluded,
        concluded: Some(now),
        verdict: view.verdict.clone(),
        fault: view.fault.clone(),
        points: view.points.clone(),
        ..before.clone()
    }
}
