//! What stands before a queue server: it tells the rules of assignments, and may be away, lose answers, or say anything.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What it does with the next hand-in.
#[derive(Clone)]
pub(crate) enum Mood {
    /// Hands it on.
    Passes,
    /// Hands it on, and loses the answer.
    Loses,
    /// Answers so, and hands nothing on.
    Says(u16, String),
    /// Hands it on, and changes the answer.
    Spoils(fn(&mut Value)),
}

/// The front of a queue server.
#[derive(Clone)]
pub(crate) struct Front {
    pub(crate) address: String,
    inner: Arc<Inner>,
}

struct Inner {
    behind: String,
    client: reqwest::Client,
    mood: Mutex<Mood>,
    rules: Mutex<Option<Value>>,
    /// The bodies of what was handed in.
    handed_in: Mutex<Vec<Value>>,
}

impl Front {
    /// One before the server at `behind`, an address without a path.
    pub(crate) async fn before(behind: &str) -> Front {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/services/assay", listener.local_addr().unwrap());
        let inner = Inner {
            behind: behind.to_owned(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            mood: Mutex::new(Mood::Passes),
            rules: Mutex::default(),
            handed_in: Mutex::default(),
        };
        let front = Front { address, inner: Arc::new(inner) };
        let router = Router::new().fallback(serve).with_state(front.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        front
    }

    pub(crate) fn is(&self, mood: Mood) {
        *self.inner.mood.lock().unwrap() = mood;
    }

    /// Has it tell these rules of every assignment.
    pub(crate) fn tells(&self, rules: Value) {
        *self.inner.rules.lock().unwrap() = Some(rules);
    }

    /// What was handed in, body by body.
    pub(crate) fn handed_in(&self) -> Vec<Value> {
        self.inner.handed_in.lock().unwrap().clone()
    }
}

async fn serve(State(front): State<Front>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let inner = &front.inner;
    if let Some(assignment) = uri.path().split("/v1/assignments/").nth(1) {
        return match inner.rules.lock().unwrap().clone() {
            Some(mut rules) => {
                rules["assignment"] = json!(assignment);
                axum::Json(rules).into_response()
            }
            None => (StatusCode::NOT_FOUND, "there is no such page").into_response(),
        };
    }
    let mood = if method == Method::POST {
        inner.handed_in.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
        inner.mood.lock().unwrap().clone()
    } else {
        Mood::Passes
    };
    if let Mood::Says(status, text) = mood {
        return (StatusCode::from_u16(status).unwrap(), text).into_response();
    }
    let mut request = inner.client.request(method, format!("{}{uri}", inner.behind)).body(body);
    if let Some(token) = headers.get("authorization") {
        request = request.header("authorization", token);
    }
    let answer = request.send().await.unwrap();
    let (status, kind) = (answer.status(), answer.headers().get("content-type").cloned());
    let mut response = match mood {
        Mood::Loses => return (StatusCode::BAD_GATEWAY, "the answer was lost").into_response(),
        Mood::Spoils(change) => {
            let mut said = answer.json().await.unwrap();
            change(&mut said);
            (status, axum::Json(said)).into_response()
        }
        Mood::Passes | Mood::Says(..) => (status, Body::from_stream(answer.bytes_stream())).into_response(),
    };
    if let Some(kind) = kind {
        response.headers_mut().insert("content-type", kind);
    }
    response
}
