//! What operators apply, as far as it can be told without a cluster: that it builds, and that names agree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// What `kubectl kustomize` makes of a folder.
fn built(folder: &Path) -> Vec<Value> {
    let output = Command::new("kubectl").arg("kustomize").arg(folder).output().expect("kubectl is there");
    assert!(output.status.success(), "{}: {}", folder.display(), String::from_utf8_lossy(&output.stderr));
    documents(&String::from_utf8(output.stdout).unwrap())
}

fn documents(text: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(text).unwrap()
}

fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|object| object["kind"] == kind).collect()
}

#[test]
fn every_overlay_builds_and_holds_the_policies_once() {
    for overlay in ["base", "overlays/one-node", "overlays/kind", "overlays/production"] {
        let objects = built(&root().join("deploy").join(overlay));
        let policies = of_kind(&objects, "ValidatingAdmissionPolicy");
        let bindings = of_kind(&objects, "ValidatingAdmissionPolicyBinding");
        assert!(policies.len() >= 7 && policies.len() == bindings.len(), "{overlay}");
        for object in &objects {
            let namespace = &object["metadata"]["namespace"];
            // The second one is the sweeper's.
            let ours = ["assay-jobs", "assay-system"].iter().any(|name| namespace == name);
            assert!(namespace.is_null() || ours, "{overlay}: {namespace}");
        }
    }
}

#[test]
fn a_course_has_its_three_claims() {
    let claims = built(&root().join("deploy/courses/comp10002"));
    let names: Vec<&str> = claims.iter().map(|claim| claim["metadata"]["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["comp10002-assignment-configuration", "comp10002-private-results", "comp10002-raw-submissions"]
    );
    for claim in &claims {
        assert_eq!(claim["spec"]["accessModes"], serde_json::json!(["ReadWriteMany"]));
    }
}

#[test]
fn every_component_builds_over_the_base() {
    let components = root().join("deploy/components");
    for component in fs::read_dir(&components).unwrap() {
        let folder = component.unwrap().path();
        let file = fs::read_to_string(folder.join("kustomization.yaml")).unwrap();
        if !file.contains("kind: Component") {
            continue;
        }
        let objects = over(&[root().join("deploy/base")], &folder);
        assert!(objects.len() > built(&root().join("deploy/base")).len(), "{}", folder.display());
    }
}

/// A component over these resources.
fn over(resources: &[PathBuf], component: &Path) -> Vec<Value> {
    // kustomize takes relative paths alone, so the overlay stands in the repository's own target folder.
    let parent = root().join("target");
    fs::create_dir_all(&parent).unwrap();
    let place = tempfile::tempdir_in(parent).unwrap();
    let up = |path: &Path| format!("../../{}", path.strip_prefix(root()).unwrap().display());
    let resources: Vec<String> = resources.iter().map(|path| up(path)).collect();
    let text = serde_json::json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
        "resources": resources, "components": [up(component)],
    });
    fs::write(place.path().join("kustomization.yaml"), text.to_string()).unwrap();
    built(place.path())
}

#[test]
fn argos_settings_go_over_argos_own_manifests() {
    let objects = over(&[root().join("tests/fixtures/argo")], &root().join("argo/controller"));
    let deployment = of_kind(&objects, "Deployment")[0];
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["image"], "quay.io/argoproj/workflow-controller:v4.0.7");
    assert!(container["env"].as_array().unwrap().len() >= 4, "{container}");
    let map = of_kind(&objects, "ConfigMap")[0];
    for (key, value) in map["data"].as_object().unwrap() {
        assert!(KEYS.contains(&key.as_str()), "{key} is no field of Argo's Config");
        documents(value.as_str().unwrap());
    }
    built(&root().join("argo/rbac"));
}

/// The fields of `Config` in `config/config.go` of Argo Workflows 4.0.7.
const KEYS: [&str; 29] = [
    "nodeEvents",
    "workflowEvents",
    "executor",
    "mainContainer",
    "kubeConfig",
    "artifactRepository",
    "namespace",
    "instanceID",
    "metricsConfig",
    "telemetryConfig",
    "parallelism",
    "namespaceParallelism",
    "resourceRateLimit",
    "persistence",
    "links",
    "columns",
    "workflowDefaults",
    "podSpecLogStrategy",
    "podGCGracePeriodSeconds",
    "podGCDeleteDelayDuration",
    "workflowRestrictions",
    "initialDelay",
    "images",
    "retentionPolicy",
    "navColor",
    "sso",
    "synchronization",
    "artifactDrivers",
    "failedPodRestart",
];

#[test]
fn admission_cases_name_a_policy_and_what_it_says() {
    let base = root().join("deploy/base/admission.yaml");
    let policies = documents(&fs::read_to_string(base).unwrap());
    let cases = root().join("tests/cluster/admission");
    let refused: Vec<PathBuf> =
        fs::read_dir(cases.join("refused")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(refused.len() >= 100, "{}", refused.len());
    for path in &refused {
        let text = fs::read_to_string(path).unwrap();
        let reasons = reasons(&text);
        assert!(!reasons.is_empty(), "{}", path.display());
        for (policy, words) in reasons {
            let known = messages(&policies).any(|(name, message)| name == policy && message.contains(words));
            assert!(known, "{}: {policy} does not say {words:?}", path.display());
        }
        let case = &documents(&text)[0];
        // A connection is of no object in a file.
        let of =
            case["of"].as_str().map_or_else(|| case["connect"].is_string(), |of| cases.join(of).exists());
        assert!(of, "{}", path.display());
    }
    // Each rule is held by a case, or it could be dropped unnoticed.
    let texts: Vec<String> = refused.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    for (name, message) in messages(&policies) {
        let held = texts.iter().any(|text| {
            reasons(text).iter().any(|(policy, words)| *policy == name && message.contains(words))
        });
        assert!(held, "no case holds: {name}: {message}");
    }
}

/// Which policies may refuse a case, and what they then say: its first lines. Two policies answer in no fixed order.
fn reasons(case: &str) -> Vec<(&str, &str)> {
    case.lines().map_while(|line| line.strip_prefix("# ")?.split_once(": ")).collect()
}

/// The policies' names and what their rules say.
fn messages(objects: &[Value]) -> impl Iterator<Item = (&str, &str)> {
    of_kind(objects, "ValidatingAdmissionPolicy").into_iter().flat_map(|policy| {
        let name = policy["metadata"]["name"].as_str().unwrap();
        let rules = policy["spec"]["validations"].as_array().unwrap();
        rules.iter().map(move |rule| (name, rule["message"].as_str().unwrap()))
    })
}
