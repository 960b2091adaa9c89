//! A stand-in for the API server, as far as the queue server uses one: objects with versions, conflicts, lists, watches,
//! and moments in which it does not answer.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use assay_cluster::{Cluster, Options};
use assay_core::operator::Operator;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use futures_util::stream;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The objects of a cluster.
#[derive(Clone)]
pub(crate) struct Fake {
    inner: Arc<Inner>,
}

struct Inner {
    objects: Mutex<Objects>,
    changed: watch::Sender<u64>,
    down: AtomicBool,
}

#[derive(Default)]
struct Objects {
    version: u64,
    there: BTreeMap<(String, String), Value>,
    /// What happened, by version, for watches that begin later.
    log: Vec<(u64, String, Value)>,
    /// What was asked for, as `POST workflows`.
    asked: Vec<String>,
    /// How often an object of a name was made.
    made: BTreeMap<(String, String), usize>,
}

impl Objects {
    fn put(&mut self, plural: &str, name: &str, mut object: Value, kind: &str) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        object["metadata"]["name"] = json!(name);
        self.there.insert((plural.into(), name.into()), object.clone());
        self.log.push((self.version, plural.into(), json!({"type": kind, "object": object})));
        object
    }

    fn take(&mut self, plural: &str, name: &str) -> Option<Value> {
        let object = self.there.remove(&(plural.into(), name.into()))?;
        self.version += 1;
        self.log.push((self.version, plural.into(), json!({"type": "DELETED", "object": object})));
        Some(object)
    }
}

impl Fake {
    /// One that holds a student's claim, a template and the cap, and serves on loopback.
    pub(crate) async fn start() -> (Fake, Cluster) {
        let inner =
            Inner { objects: Mutex::default(), changed: watch::Sender::new(0), down: AtomicBool::new(false) };
        let fake = Fake { inner: Arc::new(inner) };
        let api = Router::new()
            .route("/{plural}", get(list).post(create))
            .route("/{plural}/{name}", get(read).patch(patch).delete(delete))
            .route("/{plural}/{name}/status", put(replace_status));
        let router = Router::new()
            .nest("/api/v1/namespaces/assay-jobs", api.clone())
            .nest("/apis/assay.dev/v1/namespaces/assay-jobs", api.clone())
            .nest("/apis/argoproj.io/v1alpha1/namespaces/assay-jobs", api)
            .layer(axum::middleware::from_fn_with_state(fake.clone(), may_be_down))
            .with_state(fake.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let _set_before = rustls::crypto::ring::default_provider().install_default();
        let config = kube::Config::new(format!("http://{address}").parse().unwrap());
        let client = kube::Client::try_from(config).unwrap();
        let options = Options { operator: Some(Operator::default()), ..Options::default() };
        let cluster = Cluster::with_client(client, options).await.unwrap();
        fake.put("configmaps", "assay-limits", json!({"data": {"jobs": "2"}}));
        fake.publish("c", "a");
        (fake, cluster)
    }

    pub(crate) fn home(&self, student: &str) {
        self.put("persistentvolumeclaims", &format!("claim-{student}"), json!({"spec": {}}));
    }

    pub(crate) fn publish(&self, course: &str, name: &str) {
        let annotations =
            json!({"assay.dev/assignment": format!("{course}/{name}"), "assay.dev/revision": "0".repeat(64)});
        let metadata = json!({"annotations": annotations, "creationTimestamp": "2026-01-01T00:00:00Z"});
        self.put("workflowtemplates", &format!("{course}-{name}-00000000"), json!({"metadata": metadata}));
    }

    pub(crate) fn put(&self, plural: &str, name: &str, mut object: Value) {
        let (version, kind) = match plural {
            "workflows" => ("argoproj.io/v1alpha1", "Workflow"),
            "workflowtemplates" => ("argoproj.io/v1alpha1", "WorkflowTemplate"),
            "requests" => ("assay.dev/v1", "Request"),
            "configmaps" => ("v1", "ConfigMap"),
            _ => ("v1", "PersistentVolumeClaim"),
        };
        object["apiVersion"] = json!(version);
        object["kind"] = json!(kind);
        self.with(|objects| {
            let there = objects.there.contains_key(&(plural.into(), name.into()));
            objects.put(plural, name, object, if there { "MODIFIED" } else { "ADDED" });
        });
    }

    /// Has Argo say how a job goes.
    pub(crate) fn argo_says(&self, job: &str, status: Value) {
        let mut object = self.object("workflows", job).expect("there is no such job");
        object["status"] = status;
        self.put("workflows", job, object);
    }

    pub(crate) fn forget(&self, plural: &str, name: &str) {
        self.with(|objects| objects.take(plural, name));
    }

    pub(crate) fn object(&self, plural: &str, name: &str) -> Option<Value> {
        self.with(|objects| objects.there.get(&(plural.into(), name.into())).cloned())
    }

    pub(crate) fn names(&self, plural: &str) -> Vec<String> {
        self.with(|objects| {
            objects.there.keys().filter(|(of, _)| of == plural).map(|(_, name)| name.clone()).collect()
        })
    }

    /// How often something was asked, as `POST workflows`.
    pub(crate) fn asked(&self, what: &str) -> usize {
        self.with(|objects| objects.asked.iter().filter(|asked| *asked == what).count())
    }

    /// How often an object of this name was made by whoever asked for it.
    pub(crate) fn made(&self, plural: &str, name: &str) -> usize {
        self.with(|objects| objects.made.get(&(plural.into(), name.into())).copied().unwrap_or_default())
    }

    pub(crate) fn is_down(&self, down: bool) {
        self.inner.down.store(down, Ordering::SeqCst);
    }

    fn with<T>(&self, change: impl FnOnce(&mut Objects) -> T) -> T {
        let (result, version) = {
            let mut objects = self.inner.objects.lock().unwrap();
            (change(&mut objects), objects.version)
        };
        self.inner.changed.send_replace(version);
        result
    }
}

async fn may_be_down(
    State(fake): State<Fake>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    if fake.inner.down.load(Ordering::SeqCst) {
        // Not 503, which the client asks again by itself for a long while.
        return no(500, "the API server is away");
    }
    let plural =
        request.uri().path().split('/').skip_while(|part| *part != "assay-jobs").nth(1).unwrap_or_default();
    let asked = format!("{} {plural}", request.method());
    fake.with(|objects| objects.asked.push(asked));
    next.run(request).await
}

fn no(code: u16, message: &str) -> Response {
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code,
        "reason": "x", "details": {"name": "x"}});
    (StatusCode::from_u16(code).unwrap(), axum::Json(status)).into_response()
}

async fn list(
    State(fake): State<Fake>,
    Path(plural): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    if query.contains_key("watch") {
        let since = query.get("resourceVersion").and_then(|since| since.parse().ok()).unwrap_or(0);
        return watch(&fake, plural, since);
    }
    let (items, version) = fake.with(|objects| {
        let items: Vec<Value> = objects
            .there
            .iter()
            .filter(|((of, _), _)| *of == plural)
            .map(|(_, object)| object.clone())
            .collect();
        (items, objects.version)
    });
    let list = json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": version.to_string()}, "items": items});
    axum::Json(list).into_response()
}

fn watch(fake: &Fake, plural: String, since: u64) -> Response {
    let changed = fake.inner.changed.subscribe();
    let lines = stream::unfold((fake.clone(), changed, since), move |(fake, mut changed, since)| {
        let plural = plural.clone();
        async move {
            loop {
                changed.mark_unchanged();
                if fake.inner.down.load(Ordering::SeqCst) {
                    return None;
                }
                let (lines, version) = fake.with_quiet(|objects| {
                    let new = objects.log.iter().filter(|(version, of, _)| *version > since && *of == plural);
                    (new.map(|(_, _, event)| format!("{event}\n")).collect::<String>(), objects.version)
                });
                if !lines.is_empty() {
                    return Some((Ok::<_, Infallible>(Bytes::from(lines)), (fake, changed, version)));
                }
                tokio::select! {
                    _ = changed.changed() => {}
                    // An API server that goes away breaks its watches.
                    () = tokio::time::sleep(std::time::Duration::from_millis(100)) => {}
                }
            }
        }
    });
    Body::from_stream(lines).into_response()
}

impl Fake {
    fn with_quiet<T>(&self, look: impl FnOnce(&Objects) -> T) -> T {
        look(&self.inner.objects.lock().unwrap())
    }
}

async fn create(State(fake): State<Fake>, Path(plural): Path<String>, body: Bytes) -> Response {
    let object: Value = serde_json::from_slice(&body).unwrap();
    let name = object["metadata"]["name"].as_str().unwrap().to_owned();
    fake.with(|objects| {
        if objects.there.contains_key(&(plural.clone(), name.clone())) {
            return no(409, "it is there already");
        }
        *objects.made.entry((plural.clone(), name.clone())).or_default() += 1;
        axum::Json(objects.put(&plural, &name, object, "ADDED")).into_response()
    })
}

async fn read(State(fake): State<Fake>, Path((plural, name)): Path<(String, String)>) -> Response {
    fake.object(&plural, &name)
        .map_or_else(|| no(404, "it is not there"), |object| axum::Json(object).into_response())
}

async fn replace_status(
    State(fake): State<Fake>,
    Path((plural, name)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let new: Value = serde_json::from_slice(&body).unwrap();
    fake.with(|objects| {
        let Some(mut there) = objects.there.get(&(plural.clone(), name.clone())).cloned() else {
            return no(404, "it is not there");
        };
        if new["metadata"]["resourceVersion"] != there["metadata"]["resourceVersion"] {
            return no(409, "it was changed meanwhile");
        }
        there["status"] = new["status"].clone();
        axum::Json(objects.put(&plural, &name, there, "MODIFIED")).into_response()
    })
}

async fn patch(
    State(fake): State<Fake>,
    Path((plural, name)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let patch: Value = serde_json::from_slice(&body).unwrap();
    fake.with(|objects| {
        let Some(mut there) = objects.there.get(&(plural.clone(), name.clone())).cloned() else {
            return no(404, "it is not there");
        };
        for part in ["labels", "annotations"] {
            for (key, value) in patch["metadata"][part].as_object().into_iter().flatten() {
                there["metadata"][part][key] = value.clone();
            }
        }
        axum::Json(objects.put(&plural, &name, there, "MODIFIED")).into_response()
    })
}

async fn delete(State(fake): State<Fake>, Path((plural, name)): Path<(String, String)>) -> Response {
    fake.with(|objects| match objects.take(&plural, &name) {
        Some(object) => axum::Json(object).into_response(),
        None => no(404, "it is not there"),
    })
}
