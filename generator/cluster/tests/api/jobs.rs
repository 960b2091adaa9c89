//! Jobs are started once, and tell where they stand.

use assay_cluster::ClusterError;
use assay_cluster::job::{self, Start};
use assay_contract::{JobId, StudentId};
use serde_json::{Value, json};

use super::{Asked, against, assignment, cluster, digest, stored};

const PODS_ASKED: &str = "GET /api/v1/namespaces/assay-jobs/pods?";

#[test]
fn a_job_is_its_template_and_its_parameters() {
    let (job, student) = (JobId::new("j-1").unwrap(), StudentId::new("ada").unwrap());
    let digest = digest();
    let at = "2026-03-16T10:00:00Z".parse().ok();
    let start =
        Start { job: &job, template: "comp-one-aaaaaaaa", student: &student, digest: &digest, handed_in: at };
    let server = |asked: &Asked| (201, stored(asked.body.clone()));
    let (started, asked) =
        against(server, |client| async { job::start(&cluster(client).await, &start).await });
    started.unwrap();
    assert_eq!(
        asked[0].body,
        json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "metadata": {"name": "j-1", "namespace": "assay-jobs"},
            "spec": {
                "workflowTemplateRef": {"name": "comp-one-aaaaaaaa"},
                "arguments": {"parameters": [
                    {"name": "student", "value": "ada"},
                    {"name": "digest", "value": digest.as_str()},
                    {"name": "handed-in", "value": "2026-03-16T10:00:00Z"},
                ]},
            },
        })
    );
}

/// Starts a job where the first answer is lost, and the next is `second`; `there` is what the cluster then has.
fn started_with_a_lost_answer(second: u16, there: &str) -> (Result<(), ClusterError>, Vec<Asked>) {
    let (job, student, digest) = (JobId::new("j-1").unwrap(), StudentId::new("ada").unwrap(), digest());
    let start = Start { job: &job, template: "t", student: &student, digest: &digest, handed_in: None };
    let posted = std::cell::RefCell::new(Vec::new());
    let server = |asked: &Asked| {
        if asked.line.starts_with("GET") {
            let mut object: Value = posted.borrow_mut().remove(0);
            object["spec"]["workflowTemplateRef"]["name"] = json!(there);
            return (200, stored(object));
        }
        posted.borrow_mut().push(asked.body.clone());
        let code = if posted.borrow().len() == 1 { 504 } else { second };
        (code, json!({"kind": "Status", "code": code, "message": "no", "details": {"name": "j-1"}}))
    };
    against(server, |client| async { job::start(&cluster(client).await, &start).await })
}

#[test]
fn a_lost_answer_makes_no_second_job() {
    let (started, asked) = started_with_a_lost_answer(409, "t");
    started.unwrap();
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0], asked[1], "the same job is asked for again");
    let (started, _) = started_with_a_lost_answer(409, "another");
    assert!(started.is_err(), "what is there is another job");
    let (started, asked) = started_with_a_lost_answer(504, "t");
    let error = started.unwrap_err();
    assert!(error.to_string().contains("j-1") && error.hint().contains("assay status j-1"), "{error}");
    assert_eq!(asked.len(), 4, "it is not tried without end");
}

#[test]
fn a_name_that_somebody_else_has_is_no_success() {
    let (job, student, digest) = (JobId::new("j-1").unwrap(), StudentId::new("ada").unwrap(), digest());
    let start = Start { job: &job, template: "t", student: &student, digest: &digest, handed_in: None };
    let server = |_: &Asked| {
        (409, json!({"kind": "Status", "code": 409, "reason": "AlreadyExists", "details": {"name": "j-1"}}))
    };
    let (started, asked) =
        against(server, |client| async { job::start(&cluster(client).await, &start).await });
    assert!(started.is_err());
    assert_eq!(asked.len(), 1);
}

#[test]
fn a_strict_stage_says_why_its_own_pod_waits() {
    let workflow = stored(json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "j-1"},
        "status": {"phase": "Running", "nodes": {
            "a": {"type": "Pod", "templateName": "verify", "phase": "Running", "startedAt": "2026-03-16T10:00:00Z"},
        }},
    }));
    let refused = json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "Insufficient cpu"});
    let view = |status: Value| {
        let pod = json!({
            "metadata": {"name": "j-1-verify", "labels": {"assay.dev/job": "j-1", "assay.dev/stage": "verify"}},
            "status": status,
        });
        let server = |asked: &Asked| match asked.line.as_str() {
            line if line.starts_with(PODS_ASKED) => (200, json!({"items": [pod.clone()], "metadata": {}})),
            _ => (200, workflow.clone()),
        };
        let (view, asked) = against(server, |client| async {
            job::view(&cluster(client).await, &JobId::new("j-1").unwrap()).await
        });
        assert!(asked[1].line.contains("labelSelector=assay.dev%2Fjob%3Dj-1"), "{asked:?}");
        view.unwrap().unwrap().stages[1].clone()
    };
    let waits = view(json!({"phase": "Pending", "conditions": [refused]}));
    assert_eq!(waits.state, job::StageState::Starting);
    assert!(waits.waits.unwrap().to_string().contains("Insufficient cpu"));
    let runs = view(json!({"phase": "Running"}));
    assert_eq!((runs.state, runs.waits), (job::StageState::Running, None));
}

#[test]
fn a_long_list_is_asked_for_page_by_page() {
    let job = |name: &str| json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": name}});
    let server = |asked: &Asked| {
        if asked.line.contains("continue=next") {
            (200, json!({"items": [job("j-2")], "metadata": {"continue": ""}}))
        } else {
            (200, json!({"items": [job("j-1")], "metadata": {"continue": "next"}}))
        }
    };
    let (jobs, asked) =
        against(server, |client| async { job::list(&cluster(client).await, &assignment()).await });
    let names: Vec<String> = jobs.unwrap().into_iter().map(|job| job.job).collect();
    assert_eq!(names, ["j-1", "j-2"]);
    assert!(asked.iter().all(|asked| asked.line.contains("limit=") && asked.line.contains("labelSelector=")));
}
