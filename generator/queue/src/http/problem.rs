//! Answers where something cannot be done: one form for all, with whose fault it is and what to do.

use assay_cluster::ClusterError;
use assay_contract::queue::{Problem, ProblemCode};
use assay_contract::{API_VERSION, Exit};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

use crate::identity::HubError;

/// What a client that is told to come back should wait, in seconds.
const RETRY: u64 = 5;

/// A problem on its way out.
#[derive(Debug)]
pub(crate) struct Trouble {
    problem: Problem,
    retry_after: Option<u64>,
}

impl Trouble {
    pub(super) fn new(code: ProblemCode, message: impl Into<String>, hint: impl Into<String>) -> Trouble {
        let problem = Problem {
            api_version: API_VERSION.into(),
            code,
            message: message.into(),
            hint: hint.into(),
            fault: code.fault(),
        };
        Trouble { problem, retry_after: (code == ProblemCode::Unavailable).then_some(RETRY) }
    }

    pub(super) fn retry_after(self, seconds: u64) -> Trouble {
        Trouble { retry_after: Some(seconds), ..self }
    }

    /// What is not there, or is not for the caller: which of the two is nobody's to know.
    pub(super) fn missing(what: &str) -> Trouble {
        Trouble::new(
            ProblemCode::Missing,
            format!("there is no such {what}, or it is not yours to see"),
            "check the name; `assay history` lists what you handed in",
        )
    }

    pub(super) fn bug(what: impl std::fmt::Display) -> Trouble {
        tracing::error!(%what, "a bug");
        Trouble::new(
            ProblemCode::Bug,
            "this is a mistake of the queue server's",
            "show this to your teachers",
        )
    }

    pub(super) fn unavailable(message: impl Into<String>) -> Trouble {
        Trouble::new(
            ProblemCode::Unavailable,
            message,
            "nothing is lost: what you hand in stays in your home; send it again in a moment",
        )
    }
}

impl From<ClusterError> for Trouble {
    fn from(error: ClusterError) -> Trouble {
        // What a cluster says of itself is for who operates it.
        tracing::warn!(error = %describe(&error), hint = error.hint(), "the cluster");
        if error.exit() == Exit::Bug {
            return Trouble::bug(&error);
        }
        match error {
            ClusterError::NoClaim { claim, .. } => Trouble::new(
                ProblemCode::NoHome,
                format!("jobs find no home of yours: there is no claim {claim}"),
                "start your server in the hub once; if it is running, show this to your teachers",
            ),
            _ => Trouble::unavailable("the cluster that grades cannot be reached right now"),
        }
    }
}

impl From<HubError> for Trouble {
    fn from(error: HubError) -> Trouble {
        match &error {
            HubError::Unavailable(why) => {
                tracing::warn!(why, "the hub");
                Trouble::unavailable("the hub, which knows who you are, cannot be reached right now")
            }
            HubError::Unknown => Trouble::new(
                ProblemCode::Unknown,
                error.to_string(),
                "stop and start your server in the hub: it gets a new token then",
            ),
            HubError::Service | HubError::Scope => Trouble::new(
                ProblemCode::Forbidden,
                error.to_string(),
                "use the token of your own server; if this is it, the hub is not set up for this: show it to your teachers",
            ),
            HubError::Name => {
                Trouble::new(ProblemCode::Forbidden, error.to_string(), "show this to your teachers")
            }
        }
    }
}

/// An error and its causes.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let Trouble { problem, retry_after } = self;
        let status = StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(problem)).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
