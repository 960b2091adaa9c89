//! Accounts of pods: that they are there, have their tokens, and may do what they need and nothing more.

use assay_core::operator::Operator;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::api::PostParams;
use kube::{Api, Client};

use super::argo::Controller;
use super::catalogue::{ACCOUNTS, CONTROLLER_RIGHTS, KUBERNETES_RIGHTS, RIGHTS, TOKENS};
use super::check::Check;
use super::look::{self, Seen};
use crate::rights::ARGO;

/// Verb, API group, resource, and a name where one object is meant.
type May = (&'static str, &'static str, &'static str, &'static str);

const OURS: &str = "assay.dev";

const REPORT: [May; 2] =
    [("create", ARGO, "workflowtaskresults", ""), ("patch", ARGO, "workflowtaskresults", "")];
const CAUSE: [May; 1] = [("get", ARGO, "workflows", "")];
const STRICT: [May; 5] = [
    ("create", "", "pods", ""),
    ("get", "", "pods", ""),
    ("delete", "", "pods", ""),
    ("create", OURS, "stages", "verify"),
    ("create", OURS, "stages", "test"),
];
/// What no account of a pod needs, and what one of them needs but not the others: enough to find a wide binding.
const TEMPTING: [May; 18] = [
    ("get", "", "secrets", ""),
    ("list", "", "secrets", ""),
    ("list", "", "pods", ""),
    ("create", "", "pods/exec", ""),
    ("get", "", "configmaps", ""),
    ("create", "", "persistentvolumeclaims", ""),
    ("create", "", "serviceaccounts/token", ""),
    ("list", ARGO, "workflows", ""),
    ("create", ARGO, "workflows", ""),
    ("patch", ARGO, "workflows", ""),
    ("create", ARGO, "workflowtemplates", ""),
    ("create", OURS, "stages", "setup"),
    ("create", OURS, "duties", "read"),
    ("control", OURS, "jobs", ""),
    ("enter", OURS, "pods", ""),
    ("use", OURS, "accounts", ""),
    ("use", OURS, "secrets", ""),
    ("bind", OURS, "claims", ""),
];
/// What Argo's controller needs beyond what its own manifests give it.
const CONTROLLER: [May; 7] = [
    ("create", "", "pods", ""),
    ("create", "", "persistentvolumeclaims", ""),
    ("create", OURS, "stages", "setup"),
    ("create", OURS, "stages", "test"),
    ("create", OURS, "executors", ""),
    ("control", OURS, "jobs", ""),
    ("enter", OURS, "pods", ""),
];
/// What Kubernetes' own controllers need: pods of Deployments and their like, and claims bound to volumes.
const WORKLOADS: [May; 2] = [("use", OURS, "accounts", ""), ("use", OURS, "secrets", "")];
const BINDER: [May; 1] = [("bind", OURS, "claims", "")];

/// An account and what it needs.
struct Account {
    name: String,
    needs: Vec<May>,
    has_token: bool,
}

fn accounts(operator: &Operator) -> [Account; 4] {
    let names = &operator.settings().service_accounts;
    let account = |name: &str, needs: &[&[May]]| Account {
        name: name.into(),
        needs: needs.concat(),
        has_token: !needs.is_empty(),
    };
    [
        account(&names.job, &[]),
        account(&names.executor, &[&REPORT]),
        account(&names.cause, &[&REPORT, &CAUSE]),
        account(&names.strict, &[&REPORT, &STRICT]),
    ]
}

pub(super) async fn check(client: &Client, operator: &Operator) -> Vec<Check> {
    let namespace = operator.settings().namespace.as_str();
    let accounts = accounts(operator);
    vec![
        there(client, namespace, &accounts).await,
        tokens(client, namespace, &accounts).await,
        rights(client, namespace, &accounts).await,
        kubernetes(client, namespace).await,
    ]
}

/// Whether Kubernetes may do what it did before the policies came.
async fn kubernetes(client: &Client, namespace: &str) -> Check {
    let controllers = [("replicaset-controller", &WORKLOADS[..]), ("persistent-volume-binder", &BINDER[..])];
    let mut wrong = Vec::new();
    for (name, needs) in controllers {
        let user = format!("system:serviceaccount:kube-system:{name}");
        match differences(client, namespace, &user, needs, &[]).await {
            Ok(found) => wrong.extend(found.into_iter().map(|what| format!("{name} {what}"))),
            Err(why) => return KUBERNETES_RIGHTS.not_checked(why),
        }
    }
    KUBERNETES_RIGHTS.problem_unless_empty(&wrong, "they may")
}

async fn there(client: &Client, namespace: &str, accounts: &[Account]) -> Check {
    let api: Api<ServiceAccount> = Api::namespaced(client.clone(), namespace);
    let mut missing = Vec::new();
    for Account { name, .. } in accounts {
        match look::see(api.get_metadata(name)).await {
            Seen::There(_) => {}
            Seen::Missing => missing.push(format!("{name} is missing")),
            Seen::Hidden(why) => return ACCOUNTS.not_checked(why),
        }
    }
    ACCOUNTS.problem_unless_empty(&missing, format!("{} are there", accounts.len()))
}

async fn tokens(client: &Client, namespace: &str, accounts: &[Account]) -> Check {
    let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let mut wrong = Vec::new();
    for Account { name, .. } in accounts.iter().filter(|account| account.has_token) {
        let secret = format!("{name}.service-account-token");
        match look::object(&api, &secret).await {
            Seen::There(found) => {
                // Only whether there is one: the token itself is nobody's business here.
                let filled =
                    found.data.as_ref().and_then(|data| data.get("token")).is_some_and(|t| !t.0.is_empty());
                if !filled {
                    wrong.push(format!("{secret} is empty"));
                }
            }
            Seen::Missing => wrong.push(format!("{secret} is missing")),
            Seen::Hidden(why) => return TOKENS.not_checked(why),
        }
    }
    TOKENS.problem_unless_empty(&wrong, "all are filled")
}

async fn rights(client: &Client, namespace: &str, accounts: &[Account]) -> Check {
    let mut wrong = Vec::new();
    for Account { name, needs, .. } in accounts {
        let user = format!("system:serviceaccount:{namespace}:{name}");
        match differences(client, namespace, &user, needs, &unneeded(needs)).await {
            Ok(found) => wrong.extend(found.into_iter().map(|what| format!("{name} {what}"))),
            Err(why) => return RIGHTS.not_checked(why),
        }
    }
    RIGHTS.problem_unless_empty(&wrong, "each has its own")
}

/// What an account that needs this must not have.
fn unneeded(needs: &[May]) -> Vec<May> {
    let all = TEMPTING.iter().chain(&REPORT).chain(&CAUSE).chain(&STRICT);
    all.filter(|may| !needs.contains(may)).copied().collect()
}

/// Whether Argo's controller has the rights that admission asks for.
pub(super) async fn controller(
    client: &Client,
    operator: &Operator,
    argo: &str,
    controller: &Seen<Controller>,
) -> Check {
    let name = match controller {
        Seen::There(Controller { account, .. }) => account,
        Seen::Missing => return CONTROLLER_RIGHTS.not_checked("no controller of Argo is there"),
        Seen::Hidden(why) => return CONTROLLER_RIGHTS.not_checked(why),
    };
    let user = format!("system:serviceaccount:{argo}:{name}");
    match differences(client, &operator.settings().namespace, &user, &CONTROLLER, &[]).await {
        Ok(wrong) => {
            let wrong: Vec<String> = wrong.into_iter().map(|what| format!("{user} {what}")).collect();
            CONTROLLER_RIGHTS.problem_unless_empty(&wrong, format!("{user} may"))
        }
        Err(why) => CONTROLLER_RIGHTS.not_checked(why),
    }
}

/// In which of its rights a user is not as it must be.
async fn differences(
    client: &Client,
    namespace: &str,
    user: &str,
    needs: &[May],
    unneeded: &[May],
) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for (may, wanted) in needs.iter().map(|may| (may, true)).chain(unneeded.iter().map(|may| (may, false))) {
        if allowed(client, namespace, user, *may).await? != wanted {
            found.push(format!("{} {}", if wanted { "may not" } else { "may" }, in_words(*may)));
        }
    }
    Ok(found)
}

fn in_words((verb, group, resource, name): May) -> String {
    let group = if group.is_empty() { String::new() } else { format!(".{group}") };
    format!("{verb} {resource}{group} {name}").trim_end().to_owned()
}

async fn allowed(client: &Client, namespace: &str, user: &str, may: May) -> Result<bool, String> {
    let api: Api<SubjectAccessReview> = Api::all(client.clone());
    let review =
        SubjectAccessReview { spec: question(namespace, user, may), ..SubjectAccessReview::default() };
    match look::see(api.create(&PostParams::default(), &review)).await {
        Seen::There(answer) => Ok(answer.status.is_some_and(|status| status.allowed)),
        Seen::Missing => Err("the API server takes no SubjectAccessReview".into()),
        Seen::Hidden(why) => Err(why),
    }
}

fn question(namespace: &str, user: &str, (verb, group, resource, name): May) -> SubjectAccessReviewSpec {
    let (resource, part) = resource.split_once('/').map_or((resource, None), |(r, part)| (r, Some(part)));
    // Accounts have the rights of their groups too.
    let groups = match user.split(':').collect::<Vec<_>>().as_slice() {
        ["system", "serviceaccount", of, _] => vec![
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{of}"),
            "system:authenticated".to_owned(),
        ],
        _ => Vec::new(),
    };
    SubjectAccessReviewSpec {
        user: Some(user.into()),
        groups: Some(groups),
        resource_attributes: Some(ResourceAttributes {
            namespace: Some(namespace.into()),
            verb: Some(verb.into()),
            group: Some(group.into()),
            resource: Some(resource.into()),
            subresource: part.map(str::to_owned),
            name: Some(name.into()).filter(|name: &String| !name.is_empty()),
            ..ResourceAttributes::default()
        }),
        ..SubjectAccessReviewSpec::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_account_needs_what_it_must_not_have() {
        for Account { name, needs, .. } in accounts(&Operator::default()) {
            let unneeded = unneeded(&needs);
            assert!(needs.iter().all(|may| !unneeded.contains(may)), "{name}");
            assert!(TEMPTING.iter().all(|may| unneeded.contains(may)), "{name}");
        }
    }

    #[test]
    fn an_account_is_asked_about_with_its_groups() {
        let spec = question("jobs", "system:serviceaccount:argo:argo", ("create", "", "pods/exec", ""));
        assert!(spec.groups.unwrap().contains(&"system:serviceaccounts:argo".to_owned()));
        let resource = spec.resource_attributes.unwrap();
        assert_eq!(
            (resource.resource.as_deref(), resource.subresource.as_deref()),
            (Some("pods"), Some("exec"))
        );
        assert_eq!(resource.name, None);
    }

    #[test]
    fn rights_are_named_as_rbac_does() {
        assert_eq!(in_words(("create", OURS, "stages", "setup")), "create stages.assay.dev setup");
        assert_eq!(in_words(("get", "", "pods", "")), "get pods");
    }
}
