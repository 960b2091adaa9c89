//! What clients are served: who asks is known first, then what is asked is read, then it is done.
//!
//! Nothing here decides about marks or time; nothing here opens a zip. An answer tells a caller nothing of others' jobs, not
//! even whether they exist.

mod caller;
mod events;
mod jobs;
mod observe;
mod problem;
mod rules;

use std::sync::Arc;
use std::time::Duration;

use assay_cluster::Cluster;
use assay_contract::queue::{BODY_CAP, PREFIX, ProblemCode};
use assay_receipt::SigningKey;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::board::Board;
use crate::id::Ids;
use crate::identity::Hub;
use crate::metrics::Metrics;
use crate::settings::Settings;
use caller::Rates;
use problem::Trouble;

pub(crate) use observe::observe;

/// The longest that a request may take, with the body that the client is still sending. What it was about may be done all the
/// same; asking again tells.
const ANSWER: Duration = Duration::from_secs(60);
/// How often callers that have been quiet are forgotten.
const FORGET: Duration = Duration::from_secs(60);

/// What all requests share.
pub(crate) struct Server {
    /// The operator's settings.
    pub(crate) settings: Settings,
    /// The cluster.
    pub(crate) cluster: Cluster,
    /// The hub, if there is one.
    pub(crate) hub: Option<Hub>,
    /// What is known.
    pub(crate) board: Arc<Board>,
    /// What makes jobs' ids.
    pub(crate) ids: Ids,
    /// The key that signs tickets.
    pub(crate) key: SigningKey,
    /// What is counted.
    pub(crate) metrics: Arc<Metrics>,
    /// Told when the server is to end.
    pub(crate) closing: CancellationToken,
    rates: Rates,
    streams: Arc<Semaphore>,
}

pub(crate) type Shared = Arc<Server>;

impl Server {
    /// A server that has heard of nothing yet.
    #[expect(clippy::too_many_arguments, reason = "each is made where its errors can be told")]
    pub(crate) fn new(
        settings: Settings,
        cluster: Cluster,
        hub: Option<Hub>,
        board: Arc<Board>,
        ids: Ids,
        key: SigningKey,
        metrics: Arc<Metrics>,
        closing: CancellationToken,
    ) -> Arc<Server> {
        let rates = Rates::new(&settings.limits);
        let streams = Arc::new(Semaphore::new(settings.limits.streams));
        Arc::new(Server { settings, cluster, hub, board, ids, key, metrics, closing, rates, streams })
    }

    /// Forgets callers that have been quiet, for as long as the server lives.
    pub(crate) async fn forget_quiet_callers(&self) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(FORGET) => self.rates.forget(),
                () = self.closing.cancelled() => return,
            }
        }
    }
}

/// What clients are served.
pub(crate) fn router(server: Arc<Server>) -> Router {
    let api = Router::new()
        .route("/jobs", get(jobs::history).post(jobs::hand_in))
        .route("/jobs/{job}", get(jobs::show))
        .route("/assignments/{course}/{name}", get(rules::show))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, ANSWER))
        // A stream has an end of its own.
        .route("/jobs/{job}/events", get(events::follow))
        .method_not_allowed_fallback(wrong_method)
        .fallback(nothing);
    let prefix = format!("{}{PREFIX}", server.settings.prefix);
    Router::new()
        .nest(&prefix, api)
        .fallback(nothing)
        .with_state(server)
        .layer(DefaultBodyLimit::max(BODY_CAP))
        .layer(axum::middleware::map_response(plainly))
        .layer(CatchPanicLayer::custom(|_| Trouble::bug("a panic").into_response()))
}

async fn nothing() -> Trouble {
    Trouble::missing("page")
}

async fn wrong_method() -> Trouble {
    Trouble::new(ProblemCode::Method, "this cannot be done here", "use a client of the server's version")
}

/// Nothing that is answered is kept by a proxy or taken for a page by a browser; what the framework answers itself gets
/// our form.
async fn plainly(response: Response) -> Response {
    let ours = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| [&b"application/json"[..], b"text/event-stream"].contains(&kind.as_bytes()));
    let mut response = if ours || response.status().is_success() {
        response
    } else {
        let malformed = |code| {
            let hint = "use a client of the server's version";
            Trouble::new(code, "the request is not as it must be", hint)
        };
        let trouble = match response.status() {
            StatusCode::PAYLOAD_TOO_LARGE => malformed(ProblemCode::TooLong),
            StatusCode::SERVICE_UNAVAILABLE => Trouble::unavailable("this took too long"),
            status if status.is_server_error() => malformed(ProblemCode::Bug),
            _ => malformed(ProblemCode::Malformed),
        };
        trouble.into_response()
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        HeaderName::from_static("content-security-policy"),
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    response
}
