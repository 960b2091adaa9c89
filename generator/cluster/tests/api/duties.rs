//! Administrative pods come, answer, and are gone whatever happens.

use std::future::Future;
use std::time::Duration;

use assay_cluster::{ClusterError, duty, files, sweep};
use assay_contract::{JobId, Volume};
use kube::Client;
use serde_json::{Value, json};

use super::{Asked, TEMPLATES, against, assignment, cluster, lines, missing};

const PODS: &str = "/api/v1/namespaces/assay-jobs/pods";

async fn read(client: Client, stop: impl Future<Output = ()>) -> Result<(), ClusterError> {
    let job = JobId::new("j-1").unwrap();
    files::read(&cluster(client).await, &assignment(), &job, stop).await.map(drop)
}

fn pod(status: Value) -> Value {
    json!({"metadata": {"name": "assay-read-x"}, "status": status})
}

#[test]
fn without_a_claim_no_pod_is_made() {
    let (done, asked) = against(|_: &Asked| missing("x"), |client| read(client, std::future::pending()));
    let Err(ClusterError::NoClaim { volume, claim, .. }) = done else { panic!("{done:?}") };
    assert_eq!((volume, claim.as_str()), (Volume::PrivateResults, "comp-private-results"));
    assert_eq!(asked.len(), 1, "{asked:?}");
}

/// A server on which the pod of a duty never comes to run.
fn stuck(status: Value) -> impl Fn(&Asked) -> (u16, Value) {
    move |asked: &Asked| {
        let line = asked.line.as_str();
        if line.starts_with("GET /api/v1/namespaces/assay-jobs/persistentvolumeclaims") {
            (200, json!({"metadata": {"name": "c"}}))
        } else if line.starts_with(&format!("GET {PODS}?")) {
            let old = json!({"metadata": {"name": "old"}, "status": {"phase": "Failed"}});
            // By this machine's clock it should have ended long ago; somebody may still talk to it.
            let runs = json!({"metadata": {"name": "runs", "creationTimestamp": "2020-01-01T00:00:00Z"}, "status": {"phase": "Running"}});
            (200, json!({"items": [old, runs], "metadata": {}}))
        } else {
            (200, pod(status.clone()))
        }
    }
}

#[test]
fn a_pod_that_cannot_start_is_removed_and_says_why() {
    let waiting = json!({"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}});
    let container = json!({"name": "main", "image": "i", "imageID": "", "ready": false, "restartCount": 0, "state": waiting});
    let server = stuck(json!({"phase": "Pending", "containerStatuses": [container]}));
    let (done, asked) = against(server, |client| read(client, std::future::pending()));
    let error = done.unwrap_err();
    assert!(error.to_string().contains("no such image"), "{error}");
    assert_eq!(
        lines(&asked)[1..],
        [
            format!("GET {PODS}"),
            format!("DELETE {PODS}/old"),
            format!("POST {PODS}"),
            format!("GET {PODS}/assay-read-x"),
            format!("DELETE {PODS}/assay-read-x"),
        ]
    );
}

#[test]
fn a_pod_that_never_starts_is_not_waited_for_without_end() {
    let (done, asked) =
        against(stuck(json!({"phase": "Pending"})), |client| read(client, std::future::pending()));
    assert!(matches!(done, Err(ClusterError::PodNotStarted { .. })), "{done:?}");
    assert_eq!(asked.last().unwrap().line.split('?').next(), Some(&*format!("DELETE {PODS}/assay-read-x")));
}

#[test]
fn a_bad_moment_of_the_cluster_ends_no_duty() {
    let looks = std::cell::Cell::new(0);
    let waiting = json!({"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}});
    let container = json!({"name": "main", "image": "i", "imageID": "", "ready": false, "restartCount": 0, "state": waiting});
    let usual = stuck(json!({"phase": "Pending", "containerStatuses": [container]}));
    let server = |asked: &Asked| {
        if asked.line == format!("GET {PODS}/assay-read-x") {
            looks.set(looks.get() + 1);
            if looks.get() < 5 {
                return (503, json!({"kind": "Status", "code": 503, "message": "busy"}));
            }
        }
        usual(asked)
    };
    let (done, _) = against(server, |client| read(client, std::future::pending()));
    assert!(matches!(done, Err(ClusterError::PodNotStarted { .. })), "{done:?}");
    assert_eq!(looks.get(), 5);
}

#[test]
fn room_in_a_quota_is_waited_for() {
    let full = |code, says: &str| {
        (code, json!({"kind": "Status", "code": code, "message": says, "details": {"name": "x"}}))
    };
    let usual = stuck(json!({"phase": "Succeeded"}));
    let tries = std::cell::Cell::new(0);
    let server = |asked: &Asked| {
        if asked.line.starts_with("POST") {
            tries.set(tries.get() + 1);
            match tries.get() {
                1 => return full(403, "pods \"x\" is forbidden: exceeded quota: jobs"),
                2 => return full(409, "Operation cannot be fulfilled on resourcequotas \"jobs\": modified"),
                _ => {}
            }
        }
        usual(asked)
    };
    let (done, _) = against(server, |client| read(client, std::future::pending()));
    assert!(matches!(done, Err(ClusterError::PodEnded { .. })), "{done:?}");
    assert_eq!(tries.get(), 3);

    let usual = stuck(json!({}));
    let server = |asked: &Asked| {
        if asked.line.starts_with("POST") { full(403, "exceeded quota: jobs") } else { usual(asked) }
    };
    let (done, _) = against(server, |client| read(client, std::future::pending()));
    let error = done.unwrap_err();
    assert!(error.to_string().contains("exceeded quota"), "{error}");
    assert_eq!(error.exit(), assay_contract::Exit::ClusterUnavailable);
    let (done, _) = against(server, |client| read(client, std::future::ready(())));
    assert!(matches!(done, Err(ClusterError::Interrupted { .. })), "{done:?}");
}

#[test]
fn whoever_is_told_to_stop_leaves_no_pod() {
    let soon = tokio::time::Duration::from_secs(2);
    let (done, asked) = against(stuck(json!({"phase": "Pending"})), |client| {
        read(client, async move { tokio::time::sleep(soon).await })
    });
    assert!(matches!(done, Err(ClusterError::Interrupted { .. })), "{done:?}");
    assert_eq!(lines(&asked).last(), Some(&&*format!("DELETE {PODS}/assay-read-x")));
    assert_eq!(duty::LABEL, "assay.dev/duty");
}

#[test]
fn a_sweep_that_is_told_to_stop_leaves_no_pod_and_reports() {
    let usual = stuck(json!({"phase": "Pending"}));
    let server = |asked: &Asked| {
        if asked.line.starts_with(&format!("GET {TEMPLATES}")) {
            let labels = json!({"assay.dev/course": "comp", "assay.dev/assignment": "one"});
            let template = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "WorkflowTemplate",
                "metadata": {"name": "comp-one-aaaaaaaa", "labels": labels}});
            (200, json!({"items": [template], "metadata": {}}))
        } else {
            usual(asked)
        }
    };
    let options = sweep::Options { dry_run: false, young: Duration::ZERO };
    let stop = async { tokio::time::sleep(Duration::from_secs(2)).await };
    let (report, asked) =
        against(server, |client| async { sweep::sweep(&cluster(client).await, &options, stop).await });
    let report = report.unwrap();
    assert!(report.interrupted && report.courses.is_empty(), "{report:?}");
    assert_eq!(lines(&asked).last(), Some(&&*format!("DELETE {PODS}/assay-read-x")));
}
