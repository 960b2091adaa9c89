//! The admission policies, asked by the API server itself: `admission/` holds what must pass and what must not.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{OnceLock, RwLock};
use std::time::Duration;

use assay_tests_cluster::{Bed, Kubectl, Outcome, run, trial};
use libtest_mimic::Trial;
use serde_json::Value;

/// The policies hold here, and Pod Security, which would refuse some cases first, does not.
const NAMESPACE: &str = "assay-admission";

/// What the cases call the operator's stage image.
const STAGE_IMAGE: &str = "assay/stage:0.1.0";

/// How templates among them name the operator's class of job storage.
const JOB_CLASS: &str = "storageClassName: \"assay-jobs\"";

fn main() {
    run(|| {
        let mut trials: Vec<Trial> = Vec::new();
        for path in cases("accepted") {
            trials.push(trial(format!("accepted/{}", name(&path)), move || accepted(&path)));
        }
        for path in cases("refused") {
            trials.push(trial(format!("refused/{}", name(&path)), move || refused(&path)));
        }
        trials
    });
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("admission")
}

fn cases(kind: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder().join(kind))
        .expect("the cases are there")
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn accepted(path: &Path) -> Result<(), String> {
    let case = case(path)?;
    let outcome = ask(&case)?;
    // A pod that is not there is what is left of a connection that nobody refused.
    if matches!(case.what, What::Connect(_)) && outcome.stderr.contains("(NotFound)") {
        return Ok(());
    }
    outcome.ok().map(drop)
}

fn refused(path: &Path) -> Result<(), String> {
    let outcome = ask(&case(path)?)?;
    let text = read(path)?;
    // Each of the first lines names a policy and words of its message.
    let expected: Vec<(&str, &str)> = text
        .lines()
        .map_while(|line| line.strip_prefix("# "))
        .filter_map(|line| line.split_once(": "))
        .collect();
    if outcome.code == Some(0) || outcome.stderr.contains("(NotFound)") {
        return Err("the API server accepts it".into());
    }
    let said = |(policy, words): &(&str, &str)| {
        outcome.stderr.contains(&format!("'{policy}'")) && outcome.stderr.contains(words)
    };
    if expected.iter().any(said) {
        Ok(())
    } else {
        Err(format!("not one of {expected:?}: {}", outcome.stderr))
    }
}

/// A question to the API server.
struct Case {
    what: What,
    /// Who asks; the administrator, if nobody is named.
    who: Option<String>,
}

enum What {
    Create(Value),
    /// A JSON Patch of an object, whole or through a subresource.
    Update(Value, Value, Option<String>),
    /// A subresource of a pod, as `pod/attach`.
    Connect(String),
}

/// A case is an object as it is, or it names another one and how it differs.
fn case(path: &Path) -> Result<Case, String> {
    let case: Value = yaml(&read(path)?, path)?;
    let who = case["as"].as_str().map(str::to_owned);
    if let Some(connection) = case["connect"].as_str() {
        return Ok(Case { what: What::Connect(connection.into()), who });
    }
    let Some(of) = case["of"].as_str() else {
        return Ok(Case { what: What::Create(object(path)?), who: None });
    };
    let mut original = object(&folder().join(of))?;
    let what = if case["update"].is_null() {
        let change: json_patch::Patch =
            serde_json::from_value(case["change"].clone()).map_err(|error| error.to_string())?;
        json_patch::patch(&mut original, &change).map_err(|error| error.to_string())?;
        What::Create(original)
    } else {
        What::Update(original, case["change"].clone(), case["update"].as_str().map(str::to_owned))
    };
    Ok(Case { what, who })
}

fn ask(case: &Case) -> Result<Outcome, String> {
    let who = case.who.as_deref();
    match &case.what {
        What::Create(object) => create(object, who),
        What::Update(object, change, subresource) => updated(object, change, subresource.as_deref(), who),
        What::Connect(connection) => connect(connection, who),
    }
}

/// What the API server says of reaching into a pod. It asks its policies before it looks whether the pod is there.
fn connect(connection: &str, who: Option<&str>) -> Result<Outcome, String> {
    let user = user(who)?;
    let path =
        format!("/api/v1/namespaces/{NAMESPACE}/pods/{connection}?command=true&stdout=true&ports=8888");
    let mut args = vec!["create", "--raw", &path, "--filename", "-"];
    args.extend(user.iter().map(String::as_str));
    prepared()?.run(&args, "")
}

/// Held alone while an object is there: the objects of several cases have one name.
static MADE: RwLock<()> = RwLock::new(());

/// What the API server says of making an object; nothing is made.
fn create(object: &Value, who: Option<&str>) -> Result<Outcome, String> {
    let user = user(who)?;
    let _beside_others = MADE.read().map_err(|error| error.to_string())?;
    let mut args = vec!["create", "--dry-run=server", "--filename", "-"];
    args.extend(user.iter().map(String::as_str));
    prepared()?.run(&args, &object.to_string())
}

/// What the API server says of changing an object, which is made first and removed afterwards.
fn updated(
    object: &Value,
    change: &Value,
    subresource: Option<&str>,
    who: Option<&str>,
) -> Result<Outcome, String> {
    let kubectl = prepared()?;
    let _alone = MADE.write().map_err(|error| error.to_string())?;
    let text = object.to_string();
    kubectl.run(&["create", "--filename", "-"], &text)?.ok()?;
    let user = user(who)?;
    let patch = change.to_string();
    let mut args = vec!["patch", "--dry-run=server", "--type", "json", "--filename", "-", "--patch", &patch];
    if let Some(subresource) = subresource {
        args.extend(["--subresource", subresource]);
    }
    args.extend(user.iter().map(String::as_str));
    let outcome = kubectl.run(&args, &text);
    kubectl.run(&["delete", "--grace-period=0", "--force", "--filename", "-"], &text)?.ok()?;
    outcome
}

/// The options that make `kubectl` ask as somebody else.
fn user(who: Option<&str>) -> Result<Vec<String>, String> {
    let account = |namespace: &str, name: &str| format!("--as=system:serviceaccount:{namespace}:{name}");
    Ok(match who {
        None => vec![],
        Some("strict") => vec![account(NAMESPACE, "assay-strict")],
        Some("hub") => vec![account(NAMESPACE, "hub")],
        Some("argo") => vec![account("argo", "argo")],
        Some(known @ ("replicaset-controller" | "persistent-volume-binder")) => {
            vec![account("kube-system", known)]
        }
        Some(known @ ("tutor" | "author" | "engineer")) => vec![format!("--as={known}")],
        Some(other) => return Err(format!("nobody is called {other}")),
    })
}

fn object(path: &Path) -> Result<Value, String> {
    let bed = Bed::open()?;
    let operator: Value = yaml(&read(&bed.operator)?, &bed.operator)?;
    let class =
        operator["job-storage"]["class"].as_str().ok_or("an operator's file names a storage class")?;
    let text = read(path)?
        .replace(STAGE_IMAGE, &bed.stage_image)
        .replace(JOB_CLASS, &format!("storageClassName: \"{class}\""));
    let mut object: Value = yaml(&text, path)?;
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("namespace");
    }
    Ok(object)
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn yaml(text: &str, path: &Path) -> Result<Value, String> {
    serde_saphyr::from_str(text).map_err(|error| format!("{}: {error}", path.display()))
}

/// The namespace with its people, made by whoever comes first.
fn prepared() -> Result<Kubectl, String> {
    static READY: OnceLock<Result<(), String>> = OnceLock::new();
    let kubectl = Kubectl::new(NAMESPACE);
    READY.get_or_init(|| prepare(&kubectl)).clone().map(|()| kubectl)
}

fn prepare(kubectl: &Kubectl) -> Result<(), String> {
    kubectl.apply(&format!(
        "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {NAMESPACE}, labels: {{assay.dev/jobs: \"true\", assay.dev/tests: \"true\"}}}}"
    ))?;
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/base");
    for file in ["accounts.yaml", "people.yaml", "../components/jupyterhub/hub.yaml"] {
        // The namespace of the base stands in the files themselves.
        let text =
            read(&base.join(file))?.replace("namespace: assay-jobs", &format!("namespace: {NAMESPACE}"));
        kubectl.apply(&text)?;
    }
    kubectl.apply(&people())?;
    // Policies are in force some moments after they are made, and a label some moments after it is set.
    let canary = object(&folder().join("others/cron-workflow.yaml"))?.to_string();
    kubectl.until("the policies in force", Duration::from_secs(120), |kubectl| {
        let outcome = kubectl.run(&["create", "--dry-run=server", "--filename", "-"], &canary)?;
        Ok((outcome.code != Some(0)).then_some(()))
    })
}

/// Who the cases ask as, beside the accounts of the base.
fn people() -> String {
    let mut text = String::from(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: engineer}\nrules:\n\
         - {apiGroups: [\"\", argoproj.io], resources: [\"*\"], verbs: [\"*\"]}\n\
         ---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: hub}\nrules:\n\
         - {apiGroups: [\"\"], resources: [pods], verbs: [create]}\n\
         ---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: hub}\n",
    );
    let user = |name| format!("{{kind: User, name: {name}, apiGroup: rbac.authorization.k8s.io}}");
    let account = |namespace, name| format!("{{kind: ServiceAccount, name: {name}, namespace: {namespace}}}");
    let bindings = [
        ("tutor", "assay-staff", user("tutor")),
        ("author", "assay-staff", user("author")),
        ("author-too", "assay-publisher", user("author")),
        ("engineer", "engineer", user("engineer")),
        // It may update claims everywhere; the cases patch.
        ("binder", "engineer", account("kube-system", "persistent-volume-binder")),
        // What the hub's chart gives it.
        ("hub", "hub", account(NAMESPACE, "hub")),
    ];
    for (name, role, subject) in bindings {
        text.push_str(&format!(
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: {name}}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {role}}}\nsubjects: [{subject}]\n"
        ));
    }
    text
}
