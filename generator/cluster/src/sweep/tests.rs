//! What is read of a Workflow, and what is asked of an API server about one that is to run again.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use assay_contract::{Digest, StudentId};
use assay_core::operator::Operator;
use http::{Request as HttpRequest, Response};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::Notify;

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
    assert_eq!(state(&workflow(going)), Found::Going { since: "2026-03-16T10:00:00Z".parse().unwrap() });
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

fn received(job: &str) -> Received {
    Received {
        job: JobId::new(job).unwrap(),
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

/// What was asked of an API server: `METHOD path` from the resource on, and the body.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    line: String,
    body: Value,
}

/// Brings `jobs` back against an API server that answers as `answer` says, or else has a template, the student's claim, and
/// a dead Workflow of each job until it is deleted.
fn brought_back(
    jobs: &[&str],
    stop: impl Future<Output = ()>,
    answer: impl Fn(&str) -> Option<(u16, Value)> + 'static,
) -> (Result<Report, ClusterError>, Vec<Asked>) {
    let asked: Rc<RefCell<Vec<Asked>>> = Rc::default();
    let log = Rc::clone(&asked);
    let lost = jobs.iter().map(|job| received(job)).collect();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let done = tokio::task::LocalSet::new().block_on(&runtime, async move {
        let (service, mut handle) = tower_test::mock::pair::<HttpRequest<Body>, Response<Body>>();
        tokio::task::spawn_local(async move {
            let mut deleted = Vec::new();
            while let Some((request, send)) = handle.next_request().await {
                let (parts, body) = request.into_parts();
                let body =
                    serde_json::from_slice(&body.collect_bytes().await.unwrap()).unwrap_or(Value::Null);
                let path = parts.uri.path().rsplit("assay-jobs/").next().unwrap();
                let line = format!("{} {path}", parts.method);
                let (code, told) = answer(&line).unwrap_or_else(|| usual(&line, &deleted));
                deleted.extend(line.strip_prefix("DELETE ").filter(|_| code == 200).map(str::to_owned));
                log.borrow_mut().push(Asked { line, body });
                let told = Body::from(serde_json::to_vec(&told).unwrap());
                send.send_response(Response::builder().status(code).body(told).unwrap());
            }
        });
        let options = connect::Options { operator: Some(Operator::default()), ..connect::Options::default() };
        let cluster = Cluster::with_client(Client::new(service, "default"), options).await.unwrap();
        let options = Options { dry_run: false, young: Duration::ZERO };
        stop::told_by(stop, |stop| async move {
            let mut report = Report::default();
            bring_back(&cluster, &options, lost, &stop, &mut report).await?;
            Ok(report)
        })
        .await
    });
    let asked = asked.borrow().clone();
    (done, asked)
}

fn usual(line: &str, deleted: &[String]) -> (u16, Value) {
    let (method, path) = line.split_once(' ').unwrap();
    let object =
        |kind: &str| json!({"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": {"name": "x"}});
    match (method, path.split('/').next().unwrap()) {
        ("GET", "workflowtemplates") => {
            let mut template = object("WorkflowTemplate");
            template["metadata"] =
                json!({"name": "c-a-00000000", "annotations": {"assay.dev/revision": "0".repeat(64)}});
            (200, json!({"items": [template], "metadata": {}}))
        }
        ("GET", "workflows") if !deleted.iter().any(|gone| gone == path) => {
            let mut workflow = object("Workflow");
            workflow["metadata"] = json!({"name": "x", "uid": "u-1", "resourceVersion": "7"});
            workflow["status"] = json!({"phase": "Failed", "finishedAt": "2026-03-16T10:00:00Z"});
            (200, workflow)
        }
        ("GET", "persistentvolumeclaims") if path.ends_with("/claim-ada") => {
            (200, json!({"metadata": {"name": "claim-ada"}}))
        }
        ("GET", _) => status(404, "NotFound"),
        ("DELETE", _) => (200, json!({"kind": "Status", "status": "Success", "code": 200})),
        _ => (201, object("Workflow")),
    }
}

fn status(code: u16, reason: &str) -> (u16, Value) {
    let details = json!({"name": "j-1", "kind": "workflows"});
    (
        code,
        json!({"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": reason, "details": details}),
    )
}

fn done(report: &Report) -> Vec<(&str, Done, &str)> {
    report.jobs.iter().map(|job| (job.job.as_str(), job.done, job.why.as_str())).collect()
}

fn changes(asked: &[Asked]) -> Vec<&str> {
    asked.iter().map(|asked| asked.line.as_str()).filter(|line| !line.starts_with("GET")).collect()
}

#[test]
fn a_snapshot_without_a_receipt_says_what_to_do_and_which_file_may_go() {
    let unsigned = Unsigned {
        assignment: AssignmentId::new("c/a").unwrap(),
        student: StudentId::new("ada").unwrap(),
        job: JobId::new("j-1").unwrap(),
        digest: Digest::new("1".repeat(64)).unwrap(),
    };
    let says = without_receipt(&unsigned);
    assert!(says.starts_with("c/a/ada/j-1.zip has no receipt"), "{says}");
    assert!(says.contains(&format!("assay submit c/a --student ada --digest {}", "1".repeat(64))), "{says}");
    assert!(says.ends_with("delete this one file from the volume raw-submissions"), "{says}");
}

#[test]
fn the_dead_workflow_is_deleted_by_its_uid_and_made_again_as_it_was() {
    let (report, asked) = brought_back(&["j-1"], std::future::pending(), |_| None);
    assert_eq!(done(&report.unwrap()), [("j-1", Done::StartedAgain, "1 of 3")]);
    assert_eq!(changes(&asked), ["DELETE workflows/j-1", "POST workflows"]);
    let deleted = asked.iter().position(|asked| asked.line.starts_with("DELETE")).unwrap();
    assert_eq!(asked[deleted].body["preconditions"], json!({"uid": "u-1", "resourceVersion": "7"}));
    let made = &asked.last().unwrap().body;
    assert_eq!(made["metadata"]["name"], "j-1");
    assert_eq!(made["metadata"]["labels"], json!({LABEL: "1"}));
    assert_eq!(made["spec"]["workflowTemplateRef"], json!({"name": "c-a-00000000"}));
    assert_eq!(
        made["spec"]["arguments"]["parameters"],
        json!([
            {"name": "student", "value": "ada"},
            {"name": "digest", "value": "1".repeat(64)},
            {"name": "handed-in", "value": "2026-03-16T09:00:00Z"},
        ])
    );
    // Between the two: the Workflow and its six claims were looked for.
    assert_eq!(asked.len() - deleted - 2, 7);
}

#[test]
fn all_dead_workflows_are_deleted_before_any_is_made_again() {
    let (report, asked) = brought_back(&["j-1", "j-2"], std::future::pending(), |_| None);
    assert!(report.unwrap().jobs.iter().all(|job| job.done == Done::StartedAgain));
    assert_eq!(
        changes(&asked),
        ["DELETE workflows/j-1", "DELETE workflows/j-2", "POST workflows", "POST workflows"]
    );
}

#[test]
fn two_sweeps_at_once_start_a_job_once() {
    let (report, _) = brought_back(&["j-1"], std::future::pending(), |line| {
        line.starts_with("POST").then(|| status(409, "AlreadyExists"))
    });
    assert_eq!(done(&report.unwrap()), [("j-1", Done::Left, "somebody else started it again")]);
    let (report, asked) = brought_back(&["j-1"], std::future::pending(), |line| {
        line.starts_with("DELETE").then(|| status(409, "Conflict"))
    });
    assert_eq!(done(&report.unwrap()), [("j-1", Done::Left, "it changed meanwhile")]);
    assert_eq!(changes(&asked), ["DELETE workflows/j-1"], "nothing is made after it");
}

#[test]
fn a_job_that_another_sweep_started_meanwhile_is_not_waited_for() {
    let gone = Cell::new(false);
    let (report, asked) = brought_back(&["j-1"], std::future::pending(), move |line| {
        gone.set(gone.get() || line.starts_with("DELETE"));
        let other = json!({"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": {"name": "j-1", "uid": "u-2"}});
        (gone.get() && line == "GET workflows/j-1").then_some((200, other))
    });
    assert_eq!(done(&report.unwrap()), [("j-1", Done::Left, "somebody else started it again")]);
    assert_eq!(changes(&asked), ["DELETE workflows/j-1"]);
}

#[test]
fn an_error_of_one_job_is_no_error_of_the_sweep() {
    let (report, _) = brought_back(&["j-1", "j-2", "j-3"], std::future::pending(), |line| match line {
        "GET workflows/j-1" => Some(status(500, "InternalError")),
        "DELETE workflows/j-2" => Some(status(422, "Invalid")),
        _ => None,
    });
    let report = report.unwrap();
    let [one, two, three] = report.jobs.as_slice() else { panic!("{report:?}") };
    assert_eq!((one.done, two.done, three.done), (Done::Left, Done::NeedsPerson, Done::StartedAgain));
    assert!(one.why.contains("InternalError") && two.why.contains("Invalid"), "{report:?}");
}

#[test]
fn without_credentials_nothing_more_is_tried() {
    let (report, asked) =
        brought_back(&["j-1", "j-2"], std::future::pending(), |_| Some(status(401, "Unauthorized")));
    assert!(matches!(report, Err(ClusterError::Unauthorised)), "{report:?}");
    assert_eq!(asked.len(), 1);
}

#[test]
fn who_is_told_to_stop_makes_anew_what_was_deleted_and_touches_nothing_else() {
    let told = Rc::new(Notify::new());
    let tell = Rc::clone(&told);
    let (report, asked) = brought_back(&["j-1", "j-2"], async move { told.notified().await }, move |line| {
        if line.starts_with("DELETE") {
            tell.notify_one();
        }
        None
    });
    assert_eq!(
        done(&report.unwrap()),
        [("j-1", Done::StartedAgain, "1 of 3"), ("j-2", Done::Left, "the sweep was interrupted")]
    );
    assert_eq!(changes(&asked), ["DELETE workflows/j-1", "POST workflows"]);
}

#[test]
fn what_does_not_vanish_is_for_a_person() {
    let (report, asked) = brought_back(&["j-1", "j-2"], std::future::pending(), |line| {
        (line == "GET persistentvolumeclaims/j-1-testing")
            .then(|| (200, json!({"metadata": {"name": "j-1-testing"}})))
    });
    let report = report.unwrap();
    assert_eq!((report.jobs[0].done, report.jobs[1].done), (Done::NeedsPerson, Done::StartedAgain));
    assert!(report.jobs[0].why.contains("kubectl describe"), "{}", report.jobs[0].why);
    assert!(report.needs_person());
    assert_eq!(changes(&asked), ["DELETE workflows/j-1", "DELETE workflows/j-2", "POST workflows"]);
}
