//! What is read of a Workflow, and what is asked of an API server about one that is to run again.

use std::sync::{Arc, Mutex};

use assay_contract::{Digest, StudentId};
use assay_core::operator::Operator;
use http::{Method, Request as HttpRequest, Response};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

use super::*;
use crate::connect;

fn workflow(value: Value) -> DynamicObject {
    serde_json::from_value(value).unwrap()
}

#[test]
fn a_workflow_is_over_only_when_argo_says_so() {
    for (phase, alive) in [
        ("", true),
        ("Pending", true),
        ("Running", true),
        ("Succeeded", false),
        ("Failed", false),
        ("Error", false),
    ] {
        let object = workflow(json!({"metadata": {"name": "j"}, "status": {"phase": phase}}));
        assert_eq!(state(&object) == Found::Alive, alive, "{phase}");
    }
    assert_eq!(state(&workflow(json!({"metadata": {"name": "j"}}))), Found::Alive);
    let going = json!({"metadata": {"name": "j", "deletionTimestamp": "2026-03-16T10:00:00Z"}});
    assert_eq!(state(&workflow(going)), Found::Going);
}

#[test]
fn tries_are_counted_by_the_label() {
    for (label, expected) in [(None, 0), (Some("2"), 2), (Some("x"), TRIES)] {
        let labels = label.map_or(json!({}), |label| json!({LABEL: label}));
        let object = workflow(json!({
            "metadata": {"name": "j", "uid": "u", "resourceVersion": "7", "labels": labels},
            "status": {"phase": "Error", "finishedAt": "2026-03-16T10:00:00Z"},
        }));
        let Found::Ended { at, tries, uid, version } = state(&object) else { panic!("{object:?}") };
        assert_eq!((tries, uid.as_str(), version.as_str()), (expected, "u", "7"));
        assert_eq!(at.unwrap().to_string(), "2026-03-16T10:00:00Z");
    }
}

fn received() -> Received {
    Received {
        job: JobId::new("j-1").unwrap(),
        assignment: AssignmentId::new("c/a").unwrap(),
        revision: Digest::new("0".repeat(64)).unwrap(),
        student: StudentId::new("ada").unwrap(),
        digest: Digest::new("1".repeat(64)).unwrap(),
        size_bytes: 1,
        handed_in: "2026-03-16T09:00:00Z".into(),
        late_seconds: 0,
        refused: None,
    }
}

fn ended() -> Found {
    Found::Ended { at: None, tries: 0, uid: "u-1".into(), version: "7".into() }
}

/// What was asked of an API server: method, path, body.
type Asked = Arc<Mutex<Vec<(Method, String, Value)>>>;

/// An API server on which nothing is there, and which answers changes with `answer`.
async fn cluster(answer: fn(&Method) -> (u16, Value)) -> (Cluster, Asked) {
    let (service, mut handle) = tower_test::mock::pair::<HttpRequest<Body>, Response<Body>>();
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Some((request, send)) = handle.next_request().await {
            let (parts, body) = request.into_parts();
            let body = body.collect_bytes().await.unwrap();
            let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
            let (code, answer) = answer(&parts.method);
            log.lock().unwrap().push((parts.method, parts.uri.path().to_owned(), body));
            let answer = Body::from(serde_json::to_vec(&answer).unwrap());
            send.send_response(Response::builder().status(code).body(answer).unwrap());
        }
    });
    let options = connect::Options { operator: Some(Operator::default()), ..connect::Options::default() };
    let cluster = Cluster::with_client(Client::new(service, "default"), options).await.unwrap();
    (cluster, asked)
}

fn status(code: u16, reason: &str) -> (u16, Value) {
    let details = json!({"name": "j-1", "kind": "workflows"});
    (
        code,
        json!({"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": reason, "details": details}),
    )
}

#[tokio::test]
async fn the_dead_workflow_is_deleted_by_its_uid_and_made_again_as_it_was() {
    let (cluster, asked) = cluster(|method| match *method {
        Method::GET => status(404, "NotFound"),
        _ => (
            200,
            json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "j-1"}}),
        ),
    })
    .await;
    let done = again(&cluster, &received(), "c-a-00000000", &ended(), 2).await.unwrap();
    assert_eq!(done, None);
    let asked = asked.lock().unwrap();
    let (method, path, body) = &asked[0];
    assert_eq!(method, Method::DELETE);
    assert!(path.ends_with("/namespaces/assay-jobs/workflows/j-1"), "{path}");
    assert_eq!(body["preconditions"], json!({"uid": "u-1", "resourceVersion": "7"}));
    let (method, path, body) = asked.last().unwrap();
    assert_eq!(method, Method::POST);
    assert!(path.ends_with("/namespaces/assay-jobs/workflows"), "{path}");
    assert_eq!(body["metadata"]["name"], "j-1");
    assert_eq!(body["metadata"]["labels"], json!({LABEL: "2"}));
    assert_eq!(body["spec"]["workflowTemplateRef"], json!({"name": "c-a-00000000"}));
    assert_eq!(
        body["spec"]["arguments"]["parameters"],
        json!([
            {"name": "student", "value": "ada"},
            {"name": "digest", "value": "1".repeat(64)},
            {"name": "handed-in", "value": "2026-03-16T09:00:00Z"},
        ])
    );
    // Between the two: the Workflow and its six claims were looked for.
    assert_eq!(asked.iter().filter(|(method, ..)| method == Method::GET).count(), 7);
}

#[tokio::test]
async fn two_sweeps_at_once_start_a_job_once() {
    let (first, _) = cluster(|method| match *method {
        Method::GET => status(404, "NotFound"),
        Method::DELETE => (200, json!({"kind": "Status", "status": "Success", "code": 200})),
        _ => status(409, "AlreadyExists"),
    })
    .await;
    let done = again(&first, &received(), "t", &ended(), 1).await.unwrap();
    assert_eq!(done, Some("somebody else started it again"));
    let (second, asked) = cluster(|method| match *method {
        Method::DELETE => status(409, "Conflict"),
        _ => status(404, "NotFound"),
    })
    .await;
    let done = again(&second, &received(), "t", &ended(), 1).await.unwrap();
    assert_eq!(done, Some("it changed meanwhile"));
    assert_eq!(asked.lock().unwrap().len(), 1, "nothing is made after it");
}

#[tokio::test]
async fn a_job_that_another_sweep_started_meanwhile_is_not_waited_for() {
    let (cluster, asked) = cluster(|method| match *method {
        Method::DELETE => (200, json!({"kind": "Status", "status": "Success", "code": 200})),
        _ => (200, json!({"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": {"name": "j-1", "uid": "u-2"}})),
    })
    .await;
    assert_eq!(again(&cluster, &received(), "t", &ended(), 1).await.unwrap(), Some(TAKEN));
    assert_eq!(again(&cluster, &received(), "t", &Found::Gone, 1).await.unwrap(), Some(TAKEN));
    assert!(asked.lock().unwrap().iter().all(|(method, ..)| method != Method::POST));
}
