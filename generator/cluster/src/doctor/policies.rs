//! The admission policies: whether they are there, whether they deny, and whether they stop what they must.

use std::collections::BTreeSet;

use assay_contract::{AssignmentId, Volume};
use assay_core::operator::Operator;
use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DynamicObject, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client};
use serde_json::json;

use super::catalogue::{POLICIES, POLICIES_WORK};
use super::check::Check;
use super::look::{self, Seen};
use super::probe;

/// The policies that `assay admission` prints.
const NAMES: [&str; 8] = [
    "assay-pods",
    "assay-secrets",
    "assay-jobs",
    "assay-jobs-underway",
    "assay-templates",
    "assay-engine",
    "assay-claims",
    "assay-connections",
];

/// Whether the policies are there, which needs no namespace.
pub(super) async fn there(client: &Client) -> Check {
    let policies: Api<ValidatingAdmissionPolicy> = Api::all(client.clone());
    let bindings: Api<ValidatingAdmissionPolicyBinding> = Api::all(client.clone());
    match (look::list(&policies, None).await, look::list(&bindings, None).await) {
        (Seen::There(policies), Seen::There(bindings)) => bound(&policies, &bindings),
        (Seen::Missing, _) | (_, Seen::Missing) => POLICIES.problem("the API server does not know policies"),
        (Seen::Hidden(why), _) | (_, Seen::Hidden(why)) => POLICIES.not_checked(why),
    }
}

fn bound(policies: &[ValidatingAdmissionPolicy], bindings: &[ValidatingAdmissionPolicyBinding]) -> Check {
    let there: BTreeSet<&str> =
        policies.iter().filter_map(|policy| policy.metadata.name.as_deref()).collect();
    let denied: BTreeSet<&str> = bindings
        .iter()
        .filter_map(|binding| binding.spec.as_ref())
        .filter(|spec| spec.validation_actions.iter().flatten().any(|action| action == "Deny"))
        .filter_map(|spec| spec.policy_name.as_deref())
        .collect();
    let wrong: Vec<String> = NAMES
        .into_iter()
        .filter_map(|name| match (there.contains(name), denied.contains(name)) {
            (false, _) => Some(format!("{name} is missing")),
            (true, false) => Some(format!("{name} is not bound to deny")),
            (true, true) => None,
        })
        .collect();
    POLICIES.problem_unless_empty(&wrong, format!("{} are bound", NAMES.len()))
}

/// What became of an object that was only tried.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tried {
    Refused(String),
    Admitted,
    Unknown(String),
}

fn tried<T>(result: Seen<T>, policy: &str) -> Tried {
    match result {
        Seen::There(_) => Tried::Admitted,
        Seen::Hidden(why) if why.contains(policy) => Tried::Refused(why),
        Seen::Hidden(why) => Tried::Unknown(why),
        Seen::Missing => Tried::Unknown("the namespace or kind is not there".into()),
    }
}

/// Whether they stop what they must. Nothing is made: the API server is asked what it would say.
pub(super) async fn work(client: &Client, operator: &Operator) -> Check {
    let namespace = &operator.settings().namespace;
    let only_try = PostParams { dry_run: true, ..PostParams::default() };
    let Ok(pod) = forbidden_pod(operator) else { return POLICIES_WORK.not_checked("no pod can be tried") };
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let pod = tried(look::see(pods.create(&only_try, &pod)).await, "assay-pods");
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("argoproj.io", "v1alpha1", "Workflow"));
    let workflows: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &kind);
    let workflow = forbidden_workflow(&kind);
    let workflow = tried(look::see(workflows.create(&only_try, &workflow)).await, "assay-jobs");
    judge(&pod, &workflow)
}

fn judge(pod: &Tried, workflow: &Tried) -> Check {
    let tried = [("a pod that mounts private results", pod), ("a Workflow with steps of its own", workflow)];
    let admitted: Vec<String> = tried
        .iter()
        .filter(|(_, tried)| **tried == Tried::Admitted)
        .map(|(what, _)| format!("{what} is admitted"))
        .collect();
    if !admitted.is_empty() {
        return POLICIES_WORK.problem(admitted.join("; "));
    }
    for (what, tried) in tried {
        if let Tried::Unknown(why) = tried {
            if why.starts_with(look::NO_RIGHT) {
                return POLICIES_WORK.not_checked(why);
            }
            return POLICIES_WORK.not_checked(format!("{what} was refused for another reason: {why}"));
        }
    }
    POLICIES_WORK.ok("both are")
}

/// A pod as harmless as can be, which mounts what only pods of a stage or duty may.
fn forbidden_pod(operator: &Operator) -> Result<Pod, Box<dyn std::error::Error>> {
    let assignment = AssignmentId::new("assay-doctor/none")?;
    let claim = operator.claim(Volume::PrivateResults, &assignment, "", "");
    let mut pod = probe::plain_pod(operator, operator.settings().users.trusted)?;
    if let Some(spec) = &mut pod.spec {
        spec.volumes = serde_json::from_value(
            json!([{"name": "private-results", "persistentVolumeClaim": {"claimName": claim}}]),
        )?;
    }
    Ok(pod)
}

fn forbidden_workflow(kind: &ApiResource) -> DynamicObject {
    let spec = json!({"entrypoint": "x", "suspend": true, "templates": [{"name": "x", "suspend": {}}]});
    DynamicObject::new("assay-doctor", kind).data(json!({ "spec": spec }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    fn named<T: serde::de::DeserializeOwned>(
        names: &[&str],
        spec: impl Fn(&str) -> serde_json::Value,
    ) -> Vec<T> {
        let object = |name: &&str| json!({"metadata": {"name": name}, "spec": spec(name)});
        names.iter().map(|name| serde_json::from_value(object(name)).unwrap()).collect()
    }

    #[test]
    fn the_policies_are_those_that_are_printed() {
        let text = assay_core::admission::policies(&Operator::default()).unwrap();
        let printed: BTreeSet<&str> = text
            .split("\nkind: ValidatingAdmissionPolicy\n")
            .skip(1)
            .filter_map(|rest| rest.lines().next()?.strip_prefix("metadata: {name: ")?.strip_suffix('}'))
            .collect();
        assert_eq!(printed, BTreeSet::from(NAMES));
    }

    #[test]
    fn a_policy_that_only_warns_is_none() {
        let policies = named(&NAMES, |_| json!({}));
        let all = named(&NAMES, |name| json!({"policyName": name, "validationActions": ["Deny"]}));
        assert_eq!(bound(&policies, &all).outcome, Outcome::Ok);
        let warn = named(&NAMES, |name| json!({"policyName": name, "validationActions": ["Warn"]}));
        assert_eq!(bound(&policies, &warn).outcome, Outcome::Problem);
        let check = bound(&policies[1..], &all);
        assert_eq!((check.outcome, &*check.found), (Outcome::Problem, "assay-pods is missing"));
    }

    #[test]
    fn what_is_admitted_is_a_problem_whatever_else_is_known() {
        let refused = || Tried::Refused(String::new());
        let unknown = || Tried::Unknown("quota".into());
        assert_eq!(judge(&refused(), &refused()).outcome, Outcome::Ok);
        assert_eq!(judge(&unknown(), &Tried::Admitted).outcome, Outcome::Problem);
        assert_eq!(judge(&refused(), &unknown()).outcome, Outcome::NotChecked);
    }

    #[test]
    fn the_pod_that_is_tried_would_be_harmless() {
        let pod = forbidden_pod(&Operator::default()).unwrap().spec.unwrap();
        assert!(pod.containers[0].volume_mounts.as_ref().is_none_or(Vec::is_empty));
        assert_eq!(pod.automount_service_account_token, Some(false));
    }
}
