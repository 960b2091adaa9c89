//! What is asked of an API server, against one that is a script: requests in their order, and what comes of the answers.

mod duties;
mod jobs;
mod templates;

use std::future::Future;
use std::pin::pin;

use assay_cluster::{Cluster, ClusterError, Options};
use assay_contract::{AssignmentId, Digest};
use assay_core::operator::Operator;
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

const TEMPLATES: &str = "/apis/argoproj.io/v1alpha1/namespaces/assay-jobs/workflowtemplates";

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
