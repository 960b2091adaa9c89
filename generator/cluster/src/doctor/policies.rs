//! The admission policies: whether they are there as they are printed, whether they deny, and whether they stop what they
//! must.

use std::collections::BTreeSet;

use assay_contract::{AssignmentId, Volume};
use assay_core::admission;
use assay_core::operator::Operator;
use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, ValidatingAdmissionPolicySpec,
};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::api::{DynamicObject, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use super::catalogue::{POLICIES, POLICIES_WORK};
use super::check::Check;
use super::look::{self, Seen};
use super::probe;
use crate::argo::Kind;

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
pub(super) async fn there(client: &Client, operator: &Operator) -> Check {
    let policies: Api<ValidatingAdmissionPolicy> = Api::all(client.clone());
    let bindings: Api<ValidatingAdmissionPolicyBinding> = Api::all(client.clone());
    match (look::list(&policies, None).await, look::list(&bindings, None).await) {
        (Seen::There(policies), Seen::There(bindings)) => match printed(operator) {
            Ok(printed) => bound(&policies, &bindings, &printed),
            Err(error) => POLICIES.not_checked(error.to_string()),
        },
        (Seen::Missing, _) | (_, Seen::Missing) => POLICIES.problem("the API server does not know policies"),
        (Seen::Hidden(why), _) | (_, Seen::Hidden(why)) => POLICIES.not_checked(why),
    }
}

/// The policies as `assay admission` prints them.
fn printed(operator: &Operator) -> Result<Vec<ValidatingAdmissionPolicy>, Box<dyn std::error::Error>> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(&admission::policies(operator)?)?;
    let policies = documents.into_iter().filter(|it| it["kind"] == "ValidatingAdmissionPolicy");
    Ok(policies.map(serde_json::from_value).collect::<Result<_, _>>()?)
}

/// What a policy does, without what the API server fills in where nothing is said.
fn meaning(policy: &ValidatingAdmissionPolicy) -> Option<ValidatingAdmissionPolicySpec> {
    let mut spec = policy.spec.clone()?;
    if let Some(matches) = &mut spec.match_constraints {
        matches.match_policy.take_if(|policy| policy == "Equivalent");
        matches.object_selector.take_if(|selector| *selector == LabelSelector::default());
        let rules = matches.resource_rules.iter_mut().chain(&mut matches.exclude_resource_rules);
        for rule in rules.flatten() {
            rule.scope.take_if(|scope| scope == "*");
        }
    }
    Some(spec)
}

fn bound(
    policies: &[ValidatingAdmissionPolicy],
    bindings: &[ValidatingAdmissionPolicyBinding],
    printed: &[ValidatingAdmissionPolicy],
) -> Check {
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
    if !wrong.is_empty() {
        return POLICIES.problem(wrong.join("; "));
    }
    let differ = |expected: &&ValidatingAdmissionPolicy| {
        let found = policies.iter().find(|policy| policy.metadata.name == expected.metadata.name);
        found.is_none_or(|found| meaning(found) != meaning(expected))
    };
    let narrowed = |name: &&str| {
        let of_policy = bindings.iter().filter_map(|binding| binding.spec.as_ref());
        let mut of_policy = of_policy.filter(|spec| spec.policy_name.as_deref() == Some(*name));
        of_policy.all(|spec| spec.match_resources.is_some())
    };
    let differing = printed.iter().filter(differ).filter_map(|policy| policy.metadata.name.as_deref());
    let mut other: Vec<String> =
        differing.map(|name| format!("{name} is not what these settings make of it")).collect();
    other.extend(
        NAMES.into_iter().filter(narrowed).map(|name| format!("{name} is bound for some objects only")),
    );
    if other.is_empty() {
        POLICIES.ok(format!("{} are bound", NAMES.len()))
    } else {
        POLICIES.warning(other.join("; "))
    }
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
    let workflows = Kind::Workflow.within(client, namespace);
    let workflow = tried(look::see(workflows.create(&only_try, &forbidden_workflow())).await, "assay-jobs");
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

fn forbidden_workflow() -> DynamicObject {
    let spec = json!({"entrypoint": "x", "suspend": true, "templates": [{"name": "x", "suspend": {}}]});
    DynamicObject::new("assay-doctor", &Kind::Workflow.resource()).data(json!({ "spec": spec }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    fn bindings(spec: impl Fn(&str) -> Value) -> Vec<ValidatingAdmissionPolicyBinding> {
        let object = |name: &&str| json!({"metadata": {"name": name}, "spec": spec(name)});
        NAMES.iter().map(|name| serde_json::from_value(object(name)).unwrap()).collect()
    }

    fn deny(name: &str) -> Value {
        json!({"policyName": name, "validationActions": ["Deny"]})
    }

    /// As an API server stores them.
    fn stored(printed: &[ValidatingAdmissionPolicy]) -> Vec<ValidatingAdmissionPolicy> {
        let mut stored = printed.to_vec();
        for policy in &mut stored {
            let matches = policy.spec.as_mut().unwrap().match_constraints.as_mut().unwrap();
            matches.match_policy = Some("Equivalent".into());
            matches.object_selector = Some(LabelSelector::default());
            for rule in matches.resource_rules.iter_mut().flatten() {
                rule.scope = Some("*".into());
            }
        }
        stored
    }

    #[test]
    fn the_policies_are_those_that_are_printed() {
        let printed = printed(&Operator::default()).unwrap();
        let printed: BTreeSet<&str> =
            printed.iter().filter_map(|policy| policy.metadata.name.as_deref()).collect();
        assert_eq!(printed, BTreeSet::from(NAMES));
    }

    #[test]
    fn a_policy_that_only_warns_is_none() {
        let printed = printed(&Operator::default()).unwrap();
        let policies = stored(&printed);
        assert_eq!(bound(&policies, &bindings(deny), &printed).outcome, Outcome::Ok);
        let warn = bindings(|name| json!({"policyName": name, "validationActions": ["Warn"]}));
        assert_eq!(bound(&policies, &warn, &printed).outcome, Outcome::Problem);
        let check = bound(&policies[1..], &bindings(deny), &printed);
        assert_eq!((check.outcome, &*check.found), (Outcome::Problem, "assay-pods is missing"));
    }

    #[test]
    fn a_policy_of_another_meaning_is_named() {
        let printed = printed(&Operator::default()).unwrap();
        let of_others = super::printed(&Operator::from_yaml("users: {verify: 30001}").unwrap()).unwrap();
        let check = bound(&stored(&of_others), &bindings(deny), &printed);
        assert_eq!(check.outcome, Outcome::Warning);
        assert!(check.found.contains("assay-pods is not what these settings make of it"), "{}", check.found);
        let changes: [fn(&mut ValidatingAdmissionPolicySpec); 5] = [
            |spec| drop(spec.validations.as_mut().unwrap().pop()),
            |spec| spec.failure_policy = Some("Ignore".into()),
            |spec| {
                spec.match_conditions =
                    serde_json::from_value(json!([{"name": "x", "expression": "false"}])).unwrap()
            },
            |spec| spec.match_constraints.as_mut().unwrap().match_policy = Some("Exact".into()),
            |spec| spec.match_constraints.as_mut().unwrap().namespace_selector = None,
        ];
        for change in changes {
            let mut policies = stored(&printed);
            change(policies[0].spec.as_mut().unwrap());
            let check = bound(&policies, &bindings(deny), &printed);
            assert_eq!(check.outcome, Outcome::Warning, "{:?}", policies[0].spec);
        }
        let some = bindings(
            |name| json!({"policyName": name, "validationActions": ["Deny"], "matchResources": {"matchPolicy": "Exact"}}),
        );
        assert_eq!(bound(&stored(&printed), &some, &printed).outcome, Outcome::Warning);
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
