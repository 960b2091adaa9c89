//! `/v1/jobs`: handing in, and where jobs stand.

use assay_cluster::duty::check_claim;
use assay_cluster::request::{self, Origin, Progress, Request, RequestSpec, Stored};
use assay_contract::queue::{Accepted, HandInRequest, History, ProblemCode, Standing};
use assay_contract::receipts::{Statement, Ticket};
use assay_contract::{API_VERSION, AssignmentId, JobId, StudentId, Volume};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;

use super::Shared;
use super::problem::Trouble;
use crate::identity::Caller;
use crate::standing::{Marks, standing};

/// The most jobs of a history.
const HISTORY: usize = 200;

/// `POST /v1/jobs`.
pub(super) async fn hand_in(
    State(server): State<Shared>,
    arrived: Arrived,
    caller: Caller,
    body: Bytes,
) -> Result<(StatusCode, Json<Accepted>), Trouble> {
    let Arrived(now) = arrived;
    let HandInRequest { api_version, assignment, student, digest, key } = read(&body)?;
    if api_version != API_VERSION {
        let message = format!("this server speaks {API_VERSION}, not {}", api_version.escape_debug());
        return Err(Trouble::new(ProblemCode::Malformed, message, "use a client of the server's version"));
    }
    let student = student.or_else(|| caller.own().cloned()).ok_or_else(|| {
        Trouble::new(ProblemCode::Malformed, "no student is named", "without a hub, name the student")
    })?;
    if !caller.may_act_for(&assignment, &student) {
        return Err(Trouble::new(
            ProblemCode::Forbidden,
            format!("you may not hand in for {student}"),
            "hand in under your own name",
        ));
    }
    if server.board.know().template(&assignment).is_none() {
        let gap = server.board.know().gap();
        return Err(match gap {
            Some(_) => Trouble::unavailable("what is published is not known yet"),
            None => Trouble::missing("assignment"),
        });
    }
    let claim = server.cluster.operator().claim(Volume::Student, &assignment, student.as_str(), "");
    check_claim(&server.cluster, Volume::Student, &claim).await?;
    let job = server.ids.of(&assignment, &student, &digest, &key).map_err(Trouble::bug)?;
    has_room(&server, &student, &job)?;
    let ticket = Ticket {
        job: job.clone(),
        assignment: assignment.clone(),
        student: student.clone(),
        digest: digest.clone(),
        handed_in: now.to_string(),
    };
    let ticket = assay_receipt::sign(&Statement::Ticket(ticket), &server.key).map_err(Trouble::bug)?;
    let own = caller.own() == Some(&student);
    let origin = if own && caller.is_staff(&assignment) { Origin::Staff } else { Origin::Student };
    let spec = RequestSpec { assignment, student, digest, key, handed_in: now, origin, ticket };
    let stored = request::store(&server.cluster, &job, spec).await?;
    let there = stored.request();
    server.board.put_request(there, None);
    server.metrics.handed_in(matches!(stored, Stored::New(_)));
    tracing::info!(%job, student = %there.spec.student, assignment = %there.spec.assignment,
        again = matches!(stored, Stored::Before(_)), "handed in");
    server.board.put_in_order(Timestamp::now());
    let marks = marks(&caller, there);
    let standing = standing(&server.board.know(), there, marks, server.settings.paused, Timestamp::now())
        .ok_or_else(|| Trouble::bug("a request without a name"))?;
    let accepted = Accepted {
        api_version: API_VERSION.into(),
        // Of a request that was there before, the ticket that was given then.
        ticket: there.spec.ticket.clone(),
        standing,
    };
    Ok((StatusCode::ACCEPTED, Json(accepted)))
}

/// Whether another request of a student may wait. What is known already is answered, however many there are.
fn has_room(server: &Shared, student: &StudentId, job: &JobId) -> Result<(), Trouble> {
    let known = server.board.know();
    if known.requests.get(job.as_str()).is_some() {
        return Ok(());
    }
    let most = &server.settings.waiting;
    let (mut all, mut theirs) = (0_usize, 0_usize);
    for (_, request) in known.requests.all().filter(|(_, request)| request.progress() != Progress::Concluded)
    {
        all += 1;
        theirs += usize::from(request.spec.student == *student);
    }
    if theirs >= most.per_student {
        let message = format!("{theirs} of your hand-ins wait already, which is as many as may");
        return Err(Trouble::new(
            ProblemCode::TooMany,
            message,
            "hand in again once some of them are graded",
        ));
    }
    if all >= most.all {
        return Err(Trouble::unavailable("as many hand-ins wait as may wait at all"));
    }
    Ok(())
}

/// What of a job's end the caller may see here.
fn marks(caller: &Caller, request: &Request) -> Marks {
    if caller.is_staff(&request.spec.assignment) { Marks::Shown } else { Marks::Hidden }
}

/// When a request arrived: before its caller is asked for, so that a slow hub makes nobody late.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrived(Timestamp);

impl<S: Sync> axum::extract::FromRequestParts<S> for Arrived {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(_: &mut http::request::Parts, _: &S) -> Result<Arrived, Self::Rejection> {
        // To the second, in the student's favour.
        let now = Timestamp::now();
        Ok(Arrived(Timestamp::from_second(now.as_second()).unwrap_or(now)))
    }
}

fn read(body: &[u8]) -> Result<HandInRequest, Trouble> {
    serde_json::from_slice(body).map_err(|error| {
        Trouble::new(
            ProblemCode::Malformed,
            format!("the request is not as it must be: {error}"),
            "use a client of the server's version",
        )
    })
}

/// `GET /v1/jobs/<job>`.
pub(super) async fn show(
    State(server): State<Shared>,
    caller: Caller,
    Path(job): Path<String>,
) -> Result<Json<Standing>, Trouble> {
    look(&server, &caller, &job).map(Json)
}

/// Where a job stands, if the caller may know it.
pub(super) fn look(server: &Shared, caller: &Caller, job: &str) -> Result<Standing, Trouble> {
    let missing = || Trouble::missing("job");
    let job = JobId::new(job).map_err(|_| missing())?;
    let known = server.board.know();
    let request = known
        .requests
        .get(job.as_str())
        .filter(|there| caller.may_act_for(&there.spec.assignment, &there.spec.student));
    match request {
        Some(request) => {
            let marks = marks(caller, request);
            standing(&known, request, marks, server.settings.paused, Timestamp::now()).ok_or_else(missing)
        }
        None if known.gap().is_some() => Err(Trouble::unavailable("what was handed in is not known yet")),
        None => Err(missing()),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    assignment: Option<String>,
}

/// `GET /v1/jobs`: the caller's own, the newest first.
pub(super) async fn history(
    State(server): State<Shared>,
    caller: Caller,
    Query(Which { assignment }): Query<Which>,
) -> Result<Json<History>, Trouble> {
    let own = caller.own().ok_or_else(|| {
        Trouble::new(
            ProblemCode::Unknown,
            "without a hub, nobody here has a history",
            "ask for one job, by its id",
        )
    })?;
    let assignment = assignment.map(AssignmentId::new).transpose().map_err(|error| {
        Trouble::new(ProblemCode::Malformed, format!("an assignment is {error}"), "check the name")
    })?;
    let known = server.board.know();
    if known.gap().is_some() && !known.requests.is_whole() {
        return Err(Trouble::unavailable("what was handed in is not known yet"));
    }
    let mut mine: Vec<_> = known
        .requests
        .all()
        .map(|(_, request)| request)
        .filter(|request| request.spec.student == *own)
        .filter(|request| assignment.as_ref().is_none_or(|wanted| request.spec.assignment == *wanted))
        .collect();
    mine.sort_by_key(|request| std::cmp::Reverse(request.spec.handed_in));
    let now = Timestamp::now();
    let jobs = mine
        .into_iter()
        .take(HISTORY)
        .filter_map(|request| standing(&known, request, marks(&caller, request), server.settings.paused, now))
        .collect();
    Ok(Json(History { api_version: API_VERSION.into(), jobs }))
}
