//! For the cluster: whether this server lives, whether it can serve, and what it counts. On a port of its own.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::Server;

/// What the cluster is served.
pub(crate) fn observe(server: Arc<Server>) -> Router {
    Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(server)
}

/// Ready is who knows what is in the cluster, and is not about to end.
async fn ready(State(server): State<Arc<Server>>) -> Response {
    if server.closing.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "it is ending\n").into_response();
    }
    match server.board.know().gap() {
        None => "ready\n".into_response(),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

async fn metrics(State(server): State<Arc<Server>>) -> Response {
    let counts = server.board.know().counts();
    match server.metrics.text(&counts) {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}
