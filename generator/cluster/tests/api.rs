//! What is asked of an API server, against one that is a script: requests in their order, and what comes of the answers.

use std::future::Future;
use std::pin::pin;

use assay_cluster::job::{self, Start};
use assay_cluster::template::{self, Applied};
use assay_cluster::{Cluster, ClusterError, Options, duty, files};
use assay_contract::{AssignmentId, Digest, JobId, StudentId, Volume};
use assay_core::operator::Operator;
use assay_core::plan::{Described, Needs, Plan};
use assay_core::render::{self, Checked};
use http::{Request, Response};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

/// A request as the server saw it.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    line: String,
    body: Value,
}

/// Runs `work` against a server that answers as `answer` says; gives what was asked, too.
fn against<T, F: Future<Output = T>>(
    answer: impl Fn(&Asked) -> (u16, Value),
    work: impl FnOnce(Client) -> F,
) -> (T, Vec<Asked>) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (service, handle) = tower_test::mock::pair::<Request<Body>, Response<Body>>();
        let mut asked = Vec::new();
        let result = {
            let serve = async {
                let mut handle = pin!(handle);
                while let Some((request, respond)) = handle.next_request().await {
                    let (parts, body) = request.into_parts();
                    let bytes = body.collect_bytes().await.unwrap();
                    let request = Asked {
                        line: format!("{} {}", parts.method, parts.uri.path_and_query().unwrap()),
                        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
                    };
                    let (status, answer) = answer(&request);
                    asked.push(request);
                    let body = Body::from(serde_json::to_vec(&answer).unwrap());
                    respond.send_response(Response::builder().status(status).body(body).unwrap());
                }
                std::future::pending().await
            };
            tokio::select! {
                result = work(Client::new(service, "default")) => result,
                () = serve => unreachable!("the server never ends"),
            }
        };
        (result, asked)
    })
}

fn lines(asked: &[Asked]) -> Vec<&str> {
    asked.iter().map(|asked| asked.line.split('?').next().unwrap()).collect()
}

fn missing(name: &str) -> (u16, Value) {
    (
        404,
        json!({"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404,
        "message": "not found", "details": {"name": name}}),
    )
}

async fn cluster(client: Client) -> Cluster {
    let options = Options { operator: Some(Operator::default()), ..Options::default() };
    Cluster::with_client(client, options).await.unwrap()
}

fn assignment() -> AssignmentId {
    AssignmentId::new("comp/one").unwrap()
}

fn digest() -> Digest {
    Digest::new("a".repeat(64)).unwrap()
}

fn checked(title: &str, memory_bytes: u64) -> Checked {
    let needs = Needs { wall_seconds: 60, memory_bytes };
    let described = Described { title: title.into(), verify: needs, test: needs, ..described() };
    render::render(&Plan::new(&described, &Operator::default()).unwrap(), &Operator::default()).unwrap()
}

fn described() -> Described {
    let needs = Needs { wall_seconds: 60, memory_bytes: 64 << 20 };
    Described {
        assignment: assignment(),
        revision: digest(),
        title: "One".into(),
        description: String::new(),
        image: "gcc:14".into(),
        isolation: None,
        verify: needs,
        test: needs,
    }
}

/// What a server makes of an object that it stores.
fn stored(mut object: Value) -> Value {
    let metadata = object["metadata"].as_object_mut().unwrap();
    metadata.insert("uid".into(), json!("u"));
    metadata.insert("resourceVersion".into(), json!("1"));
    metadata.insert("generation".into(), json!(1));
    metadata.insert("creationTimestamp".into(), json!("2026-03-16T10:00:00Z"));
    metadata.insert("managedFields".into(), json!([]));
    object
}

fn document(checked: &Checked) -> Value {
    serde_saphyr::from_str(checked.text()).unwrap()
}

const TEMPLATES: &str = "/apis/argoproj.io/v1alpha1/namespaces/assay-jobs/workflowtemplates";

#[test]
fn a_template_is_tried_then_created_then_read_back() {
    let wanted = checked("One", 64 << 20);
    let created = std::cell::Cell::new(false);
    let server = |asked: &Asked| match asked.line.as_str() {
        line if line.starts_with("GET") && !created.get() => missing("x"),
        line if line.starts_with("GET") => (200, stored(document(&wanted))),
        line => {
            created.set(!line.contains("dryRun"));
            (201, stored(asked.body.clone()))
        }
    };
    let (applied, asked) =
        against(server, |client| async { template::apply(&cluster(client).await, &wanted).await });
    assert_eq!(applied.unwrap(), Applied::New);
    let one = format!("{TEMPLATES}/{}", wanted.name());
    assert_eq!(
        lines(&asked),
        [
            format!("GET {one}"),
            format!("POST {TEMPLATES}"),
            format!("POST {TEMPLATES}"),
            format!("GET {one}"),
        ]
    );
    assert!(asked[1].line.contains("dryRun=All") && !asked[2].line.contains("dryRun"));
    assert_eq!(asked[2].body, document(&wanted));
}

#[test]
fn a_cluster_that_changes_templates_gets_none() {
    let wanted = checked("One", 64 << 20);
    let server = |asked: &Asked| {
        if asked.line.starts_with("GET") {
            return missing("x");
        }
        let mut changed = stored(asked.body.clone());
        changed["spec"]["hostNetwork"] = json!(true);
        (201, changed)
    };
    let (applied, asked) =
        against(server, |client| async { template::apply(&cluster(client).await, &wanted).await });
    assert!(matches!(applied, Err(ClusterError::TemplateChanged { .. })), "{applied:?}");
    assert_eq!(asked.len(), 2, "it ends with the trial");
}

#[test]
fn what_is_there_is_compared_and_never_written() {
    let there = checked("One", 64 << 20);
    for (wanted, outcome) in [
        (checked("One", 64 << 20), Some(Applied::Same)),
        (checked("Two", 64 << 20), Some(Applied::SameButTexts)),
        (checked("One", 128 << 20), None),
    ] {
        let server = |_: &Asked| (200, stored(document(&there)));
        let (applied, asked) =
            against(server, |client| async { template::apply(&cluster(client).await, &wanted).await });
        match (applied, outcome) {
            (Ok(applied), Some(outcome)) => assert_eq!(applied, outcome),
            (Err(ClusterError::TemplateDiffers { .. }), None) => {}
            other => panic!("{other:?}"),
        }
        assert!(asked.iter().all(|asked| asked.line.starts_with("GET")), "{asked:?}");
    }
}

#[test]
fn a_difference_shows_what_changes_and_no_server_fields() {
    let (before, after) = (checked("One", 64 << 20), checked("One", 128 << 20));
    let server = |_: &Asked| (200, json!({"items": [stored(document(&before))], "metadata": {}}));
    let (found, _) =
        against(server, |client| async { template::published(&cluster(client).await, &assignment()).await });
    let found = found.unwrap();
    assert_eq!(found[0].revision, digest().as_str());
    assert_eq!(template::difference(found.first(), &before).unwrap(), "");
    let difference = template::difference(found.first(), &after).unwrap();
    assert!(difference.contains("-") && difference.contains("memory:"), "{difference}");
    assert!(!difference.contains("resourceVersion"), "{difference}");
}

#[test]
fn an_earlier_revision_that_is_published_again_is_current_again() {
    let wanted = checked("One", 64 << 20);
    let mut earlier = stored(document(&wanted));
    let mut later = stored(document(&wanted));
    later["metadata"]["name"] = json!("comp-one-bbbbbbbb");
    // By its author's clock it was published long after now.
    later["metadata"]["creationTimestamp"] = json!("2999-03-16T10:00:00Z");
    let server = |asked: &Asked| {
        if asked.line.starts_with("GET") {
            (200, json!({"items": [earlier.clone(), later.clone()], "metadata": {}}))
        } else {
            (200, earlier.clone())
        }
    };
    let (marked, asked) = against(server, |client| async {
        template::make_current(&cluster(client).await, &assignment(), &wanted).await
    });
    assert!(marked.unwrap());
    assert_eq!(lines(&asked), [format!("GET {TEMPLATES}"), format!("PATCH {TEMPLATES}/{}", wanted.name())]);
    assert_eq!(
        asked[1].body,
        json!({"metadata": {"annotations": {template::PUBLISHED: "2999-03-16T10:00:01Z"}}}),
        "nothing but the mark is written"
    );

    earlier["metadata"]["annotations"][template::PUBLISHED] = json!("2999-03-16T10:00:01Z");
    let server = |_: &Asked| (200, json!({"items": [later.clone(), earlier.clone()], "metadata": {}}));
    let (found, asked) = against(server, |client| async {
        let cluster = cluster(client).await;
        let marked = template::make_current(&cluster, &assignment(), &wanted).await.unwrap();
        assert!(!marked, "it is current");
        template::published(&cluster, &assignment()).await.unwrap()
    });
    assert_eq!(found[0].name, wanted.name());
    assert_eq!(template::difference(found.first(), &wanted).unwrap(), "", "the mark is no difference");
    assert!(asked.iter().all(|asked| asked.line.starts_with("GET")), "{asked:?}");
}

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

#[test]
fn the_operators_settings_come_from_the_cluster() {
    let connect = |namespace: Option<&str>, answer: (u16, Value)| {
        let options = Options { namespace: namespace.map(str::to_owned), ..Options::default() };
        against(|_: &Asked| answer.clone(), |client| Cluster::with_client(client, options))
    };
    let map = |text: &str| (200, json!({"metadata": {}, "data": {"operator.yaml": text}}));
    let (found, asked) = connect(Some("jobs"), map("namespace: jobs"));
    assert_eq!(found.unwrap().namespace(), "jobs");
    assert_eq!(lines(&asked), ["GET /api/v1/namespaces/jobs/configmaps/assay-operator"]);
    let error = |namespace, answer| connect(namespace, answer).0.unwrap_err();
    assert!(matches!(error(None, missing("assay-operator")), ClusterError::NoOperator { .. }));
    assert!(matches!(error(None, map("users: {trusted: 0}")), ClusterError::Operator { .. }));
    assert!(matches!(error(Some("jobs"), map("{}")), ClusterError::OtherNamespace { .. }));
    let says = "configmaps is forbidden: User \"x\" cannot get resource \"configmaps\"";
    let no = (403, json!({"kind": "Status", "code": 403, "message": says}));
    let error = error(Some("jobs"), no).to_string();
    assert_eq!(error, "this account may not get configmaps assay-operator in namespace jobs");
}

const PODS_ASKED: &str = "GET /api/v1/namespaces/assay-jobs/pods?";
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
