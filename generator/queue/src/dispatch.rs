//! Moving requests on: starting what comes next, concluding what is over, making anew what was lost, forgetting what is old.
//!
//! Any number of servers do this at once. Each step begins with an update of the request that names the version on which it
//! was decided: of two that decide the same, one acts. So a server that dies between two steps leaves a request that says
//! what was going to happen, and another one makes it happen. Jobs have the request's name, so there are never two.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use assay_cluster::job::{self, JobView, Start, State};
use assay_cluster::request::{self, Progress, Request, RequestStatus};
use assay_cluster::{Cluster, ClusterError};
use assay_contract::{Fault, Verdict};
use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::board::Board;
use crate::metrics::Metrics;
use crate::order::{Room, start_now};
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
/// How long a job may be over without a verdict: the sweeper starts it again meanwhile.
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
    /// Make its job again, which is not there.
    Again { request: Request, template: String },
    /// Its job is there, whatever the request says.
    Started { request: Request },
    /// Its job is over.
    Conclude { request: Request, status: RequestStatus, known: bool },
    /// It is old.
    Forget { request: Request },
}

impl Step {
    fn request(&self) -> &Request {
        match self {
            Step::Start { request, .. }
            | Step::Again { request, .. }
            | Step::Started { request }
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

    /// Moves requests on until it is told to stop; a step that was begun is finished.
    pub(crate) async fn run(mut self, closing: CancellationToken) {
        let mut heard = self.board.listen();
        let mut cap_read: Option<Instant> = None;
        while !closing.is_cancelled() {
            heard.mark_unchanged();
            if cap_read.is_none_or(|at| at.elapsed() >= READ_CAP) {
                self.read_cap().await;
                cap_read = Some(Instant::now());
            }
            let moved = self.step(Timestamp::now()).await;
            if moved {
                continue;
            }
            // Own changes of the board are not news.
            heard.mark_unchanged();
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
    async fn step(&mut self, now: Timestamp) -> bool {
        if self.board.know().gap().is_some() {
            return false;
        }
        self.board.put_in_order();
        self.left.retain(|_, until| *until > Instant::now());
        let steps = self.steps(now);
        let some = !steps.is_empty();
        let results: Vec<(Step, Result<Option<Request>, ClusterError>)> = stream::iter(steps)
            .map(|step| async {
                let result = self.take(&step, now).await;
                (step, result)
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        for (step, result) in results {
            let name = step.request().metadata.name.clone().unwrap_or_default();
            match result {
                Ok(Some(request)) => self.board.put_request(&request),
                // Overtaken, or gone: what is heard next says how it is. Until then it is left alone.
                Ok(None) => {
                    self.left.insert(name, Instant::now() + PAUSE);
                }
                Err(error) => {
                    self.trouble(&format!("job {name}"), &error);
                    self.left.insert(name, Instant::now() + AGAIN);
                }
            }
        }
        some
    }

    fn steps(&self, now: Timestamp) -> Vec<Step> {
        let known = self.board.know();
        let keep = SignedDuration::from_hours(24 * i64::from(self.settings.keep_days));
        let mut steps: Vec<Step> = Vec::new();
        for (name, request) in known.requests.all().filter(|(name, _)| !self.left.contains_key(*name)) {
            let view = known.jobs.get(name);
            let status = request.standing();
            let since = |at: Option<Timestamp>| at.map_or(SignedDuration::ZERO, |at| now.duration_since(at));
            let request = request.clone();
            match (status.progress, view) {
                (Progress::Waiting, Some(_)) => steps.push(Step::Started { request }),
                (Progress::Started, Some(view)) => {
                    if let Some(status) = conclusion(view, &status, now) {
                        steps.push(Step::Conclude { request, status, known: true });
                    }
                }
                (Progress::Started, None) if since(status.started) > LOST => {
                    if let Some(template) = known.template(&request.spec.assignment) {
                        steps.push(Step::Again { request, template: template.name.clone() });
                    }
                }
                (Progress::Concluded, _) if since(status.concluded) > keep => {
                    steps.push(Step::Forget { request });
                }
                (Progress::Waiting | Progress::Started | Progress::Concluded, _) => {}
            }
        }
        if self.settings.paused {
            return steps;
        }
        let room = Room { jobs: self.settings.backlog, per_student: self.settings.per_student };
        for placed in start_now(&known.placed, &known.at_work(), room, now) {
            let name = placed.waiting.job.as_str();
            let request = known.requests.get(name).filter(|request| {
                request.progress() == Progress::Waiting
                    && known.jobs.get(name).is_none()
                    && !self.left.contains_key(name)
            });
            let template = known.template(&placed.waiting.assignment);
            if let (Some(request), Some(template)) = (request, template) {
                steps.push(Step::Start { request: request.clone(), template: template.name.clone() });
            }
        }
        steps
    }

    /// Takes a step; the request as it is then, or `None` where it was overtaken or is gone.
    async fn take(&self, step: &Step, now: Timestamp) -> Result<Option<Request>, ClusterError> {
        match step {
            Step::Start { request, template } => {
                let Some(claimed) = request::start(&self.cluster, request, now).await? else {
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
                        request::put_back(&self.cluster, &claimed).await?;
                        Err(error)
                    }
                }
            }
            Step::Again { request, template } => {
                let Some(claimed) = request::start(&self.cluster, request, now).await? else {
                    return Ok(None);
                };
                tracing::warn!(job = claimed.metadata.name, "made again: it was to be there and is not");
                self.make(&claimed, template).await?;
                Ok(Some(claimed))
            }
            Step::Started { request } => request::start(&self.cluster, request, now).await,
            Step::Conclude { request, status, known } => {
                let concluded = request::conclude(&self.cluster, request, status.clone()).await?;
                if let Some(concluded) = &concluded {
                    let verdict = status.verdict.as_deref().unwrap_or_default();
                    self.metrics.concluded(verdict);
                    tracing::info!(
                        job = concluded.metadata.name,
                        verdict,
                        points = status.points,
                        "concluded"
                    );
                    if *known && let Err(error) = self.label(concluded).await {
                        // Tutors see less; nobody waits for it.
                        self.trouble("labelling a job", &error);
                    }
                }
                Ok(concluded)
            }
            Step::Forget { request } => {
                request::forget(&self.cluster, request).await?;
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
        job::start_once(&self.cluster, &start).await
    }

    async fn label(&self, request: &Request) -> Result<(), ClusterError> {
        let Some(job) = request.job() else { return Ok(()) };
        let status = request.standing();
        let verdict = status.verdict.unwrap_or_default();
        let points = status.points.unwrap_or_default();
        let title = format!("{} of {}: {verdict}, {points}", request.spec.assignment, request.spec.student);
        job::label(&self.cluster, &job, &title, &verdict, &points).await
    }

    fn trouble(&self, what: &str, error: &ClusterError) {
        self.metrics.failed();
        tracing::warn!(what, %error, hint = error.hint(), "the cluster");
    }
}

/// How a job ended that is over for good; `None` where it is not.
fn conclusion(view: &JobView, status: &RequestStatus, now: Timestamp) -> Option<RequestStatus> {
    if !view.state.is_over() {
        return None;
    }
    let concluded = RequestStatus {
        progress: Progress::Concluded,
        concluded: Some(now),
        verdict: view.verdict.clone(),
        fault: view.fault.clone(),
        points: view.points.clone(),
        started: status.started,
    };
    if view.verdict.is_some() {
        return Some(concluded);
    }
    // Over, and nothing concluded: a person may look, and the sweeper starts it again.
    let for_long = status.started.is_some_and(|started| now.duration_since(started) > GIVEN_UP);
    (for_long && view.state == State::Failed).then(|| RequestStatus {
        verdict: Some(Verdict::NotRun.id().into()),
        fault: Some(Fault::System.id().into()),
        ..concluded
    })
}
