//! `/v1/jobs/<job>/events`: each change of where a job stands, as it happens, until there is a conclusion.

use std::convert::Infallible;
use std::time::Duration;

use assay_contract::queue::{Phase, ProblemCode, Standing};
use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use tokio::sync::OwnedSemaphorePermit;

use super::Shared;
use super::jobs::look;
use super::problem::Trouble;
use crate::identity::Caller;

/// A line that says nothing, so that proxies keep the connection.
const ALIVE: Duration = Duration::from_secs(15);
/// The least time between two looks: one change of the cluster brings others.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest time between two looks: what is expected changes as time goes by.
const LOOK: Duration = Duration::from_secs(10);
/// How long one stream lasts; a client that wants more asks again, and is known or not known again.
const LASTS: Duration = Duration::from_secs(600);

struct Following {
    server: Shared,
    caller: Caller,
    job: String,
    told: Option<Standing>,
    over: bool,
    until: tokio::time::Instant,
    heard: tokio::sync::watch::Receiver<u64>,
    _room: OwnedSemaphorePermit,
}

/// `GET /v1/jobs/<job>/events`.
pub(super) async fn follow(
    State(server): State<Shared>,
    caller: Caller,
    Path(job): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Trouble> {
    look(&server, &caller, &job)?;
    let room = server.streams.clone().try_acquire_owned().map_err(|_| {
        Trouble::new(
            ProblemCode::Unavailable,
            "too many are following their jobs right now",
            "your job goes on; ask for its status instead",
        )
    })?;
    let heard = server.board.listen();
    let until = tokio::time::Instant::now() + LASTS;
    let following = Following { server, caller, job, told: None, over: false, until, heard, _room: room };
    let events = stream::unfold(following, next);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE)))
}

/// The next change, once there is one.
async fn next(mut following: Following) -> Option<(Result<Event, Infallible>, Following)> {
    while !following.over {
        following.heard.mark_unchanged();
        // What was seen before and is no more was forgotten, or is not known for a moment: the client asks again.
        let standing = look(&following.server, &following.caller, &following.job).ok()?;
        if following.told.as_ref() != Some(&standing) {
            following.over = standing.phase == Phase::Concluded;
            let event = Event::default().event(standing.phase.id()).json_data(&standing).ok()?;
            following.told = Some(standing);
            return Some((Ok(event), following));
        }
        tokio::select! {
            changed = following.heard.changed() => changed.ok()?,
            () = tokio::time::sleep(LOOK) => {}
            () = tokio::time::sleep_until(following.until) => return None,
            () = following.server.closing.cancelled() => return None,
        }
        tokio::time::sleep(PAUSE).await;
    }
    None
}
