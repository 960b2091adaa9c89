//! A stand-in for the hub: it knows tokens, forgets them, and may be away.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What hands it the scope that a token needs.
pub(crate) const SCOPE: &str = "access:services!service=assay";

/// The tokens that a hub knows, and what it says of each; `None` while it is away.
#[derive(Clone)]
pub(crate) struct FakeHub {
    tokens: Arc<Mutex<Option<BTreeMap<String, Value>>>>,
    pub(crate) api: String,
}

impl FakeHub {
    pub(crate) async fn start() -> FakeHub {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = format!("http://{}/hub/api", listener.local_addr().unwrap());
        let hub = FakeHub { tokens: Arc::new(Mutex::new(Some(BTreeMap::new()))), api };
        let router = Router::new().route("/hub/api/user", get(user)).with_state(hub.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        hub
    }

    /// A user whose server has a token of the right scope: `token-<name>`.
    pub(crate) fn user(&self, name: &str, groups: &[&str]) -> String {
        let said = json!({"kind": "user", "name": name, "admin": false, "groups": groups, "scopes": [SCOPE]});
        self.token(&format!("token-{name}"), said)
    }

    /// Any token.
    pub(crate) fn token(&self, token: &str, said: Value) -> String {
        if let Some(tokens) = self.tokens.lock().unwrap().as_mut() {
            tokens.insert(token.to_owned(), said);
        }
        token.to_owned()
    }

    pub(crate) fn revoke(&self, token: &str) {
        if let Some(tokens) = self.tokens.lock().unwrap().as_mut() {
            tokens.remove(token);
        }
    }

    pub(crate) fn goes_away(&self) {
        *self.tokens.lock().unwrap() = None;
    }
}

async fn user(State(hub): State<FakeHub>, headers: HeaderMap) -> Response {
    let token = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("token "));
    let Some(tokens) = hub.tokens.lock().unwrap().clone() else {
        return (StatusCode::BAD_GATEWAY, "the hub is away").into_response();
    };
    match token.and_then(|token| tokens.get(token)) {
        Some(said) => axum::Json(said.clone()).into_response(),
        None => (StatusCode::FORBIDDEN, axum::Json(json!({"status": 403, "message": "Forbidden"})))
            .into_response(),
    }
}
