//! Where a job stands, for its student: from what is known, in words that need no Argo to be understood.

use std::time::Duration;

use assay_cluster::job::{JobView, StageState, State};
use assay_cluster::request::{Progress, Request, RequestStatus};
use assay_contract::queue::{Expected, Phase, StageStanding, Standing};
use assay_contract::{API_VERSION, Fault, JobId, Verdict};
use jiff::{SignedDuration, Timestamp};

use crate::board::Known;
use crate::estimate::{Estimate, Pace, estimate};

/// What is shown of a job's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marks {
    /// Verdict, fault and marks, of all cases: for staff.
    Shown,
    /// That it has ended. How, is in the student's own result, which leaves out what is not to be seen yet.
    Hidden,
}

/// Where the job of `request` stands.
pub(crate) fn standing(
    known: &Known,
    request: &Request,
    marks: Marks,
    paused: bool,
    now: Timestamp,
) -> Option<Standing> {
    let job = request.job()?;
    let view = known.job_of(request);
    let end = if marks == Marks::Shown { request.standing() } else { RequestStatus::default() };
    let phase = match (request.progress(), view.map(|view| view.state)) {
        (Progress::Concluded, _) => Phase::Concluded,
        (Progress::Started, Some(State::Running | State::Succeeded | State::Failed)) => Phase::Running,
        (Progress::Waiting, _) | (Progress::Started, _) => Phase::Waiting,
    };
    let place = (phase == Phase::Waiting).then(|| place(known, &job)).flatten();
    let not_before = not_before(known, &job);
    let expected = place
        .filter(|_| !(paused && request.progress() == Progress::Waiting))
        .and_then(|place| expected(known, place, not_before, now));
    Some(Standing {
        api_version: API_VERSION.into(),
        assignment: request.spec.assignment.clone(),
        student: request.spec.student.clone(),
        digest: request.spec.digest.clone(),
        handed_in: request.spec.handed_in.to_string(),
        phase,
        place,
        expected,
        message: message(request, view, phase, paused, not_before.filter(|at| *at > now)),
        stages: view.map_or_else(Vec::new, stages),
        verdict: end.verdict.as_deref().and_then(Verdict::from_id),
        fault: end.fault.as_deref().and_then(Fault::from_id),
        points: end.points,
        job,
    })
}

fn place(known: &Known, job: &JobId) -> Option<u64> {
    let before = known.line().iter().position(|there| *there == job.as_str())?;
    u64::try_from(before).ok()?.checked_add(1)
}

fn not_before(known: &Known, job: &JobId) -> Option<Timestamp> {
    known.placed.iter().find(|placed| placed.waiting.job == *job)?.not_before
}

fn expected(known: &Known, place: u64, not_before: Option<Timestamp>, now: Timestamp) -> Option<Expected> {
    let ahead = usize::try_from(place.saturating_sub(1)).ok()?;
    let pace = known.pace.unwrap_or_else(|| Pace::of([]));
    let Estimate { at, earliest, latest } = estimate(ahead, &known.elapsed(now), known.cap?, pace)?;
    let from_now = |after: Duration| {
        let at = now.checked_add(SignedDuration::try_from(after).ok()?).ok()?;
        // To the second: nobody waits by milliseconds.
        Timestamp::from_second(not_before.map_or(at, |not_before| at.max(not_before)).as_second()).ok()
    };
    Some(Expected {
        at: from_now(at)?.to_string(),
        earliest: from_now(earliest)?.to_string(),
        latest: from_now(latest)?.to_string(),
    })
}

fn message(
    request: &Request,
    view: Option<&JobView>,
    phase: Phase,
    paused: bool,
    not_before: Option<Timestamp>,
) -> String {
    match (phase, request.progress()) {
        (Phase::Waiting, Progress::Waiting) if paused => {
            "grading is paused; what you handed in is safe, and its time counts".into()
        }
        (Phase::Waiting, Progress::Waiting) => not_before.map_or_else(String::new, |at| {
            let at = Timestamp::from_second(at.as_second()).unwrap_or(at);
            format!("this assignment wants some time between two runs: this one starts from {at} on; it was handed in when it was")
        }),
        (Phase::Running, _) if view.is_some_and(|view| view.state.is_over() && view.verdict.is_none()) => {
            "it could not be graded yet; that was not your fault, and your teachers can see it".into()
        }
        // Argo's own words of a failed job are for tutors.
        (Phase::Waiting, _) => view.map_or_else(String::new, |view| view.message.clone()),
        (Phase::Running | Phase::Concluded, _) => String::new(),
    }
}

fn stages(view: &JobView) -> Vec<StageStanding> {
    let begun = view.stages.iter().filter(|stage| stage.state != StageState::Waiting);
    begun
        .map(|stage| StageStanding { stage: stage.stage, state: stage.state.id().replace(' ', "-") })
        .collect()
}
