//! The jobs' namespace: its labels, its settings, and whether it admits the pods of jobs.

use assay_core::operator::Operator;
use assay_receipt::SigningKey;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, Secret};
use kube::api::PostParams;
use kube::{Api, Client};

use super::catalogue::{CAP, NAMESPACE, OPERATOR, POD_SECURITY, SIGNING_KEY};
use super::check::Check;
use super::look::{self, Seen};
use super::probe;
use crate::rights::OPERATOR_MAP;

/// The label to which the admission policies bind.
const JOBS: (&str, &str) = ("assay.dev/jobs", "true");
/// The label that has Pod Security refuse.
const ENFORCE: (&str, &str) = ("pod-security.kubernetes.io/enforce", "restricted");

/// Whether the jobs' namespace is there, as everything in it must know.
pub(super) async fn seen(client: &Client, namespace: &str) -> Seen<Namespace> {
    look::object(&Api::all(client.clone()), namespace).await
}

pub(super) fn labels(namespace: &str, seen: &Seen<Namespace>) -> Check {
    let found = match seen {
        Seen::There(found) => found,
        Seen::Missing => return NAMESPACE.problem(format!("there is no namespace {namespace}")),
        Seen::Hidden(why) => return NAMESPACE.not_checked(why),
    };
    let has = |(key, value): (&str, &str)| {
        found.metadata.labels.as_ref().and_then(|labels| labels.get(key)).is_some_and(|there| there == value)
    };
    let lacks: Vec<String> = [JOBS, ENFORCE]
        .into_iter()
        .filter(|label| !has(*label))
        .map(|(key, value)| format!("{namespace} lacks the label {key}={value}"))
        .collect();
    NAMESPACE.problem_unless_empty(&lacks, namespace)
}

pub(super) async fn settings(client: &Client, operator: &Operator, from_cluster: bool) -> Vec<Check> {
    let settings = operator.settings();
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), &settings.namespace);
    let secrets: Api<Secret> = Api::namespaced(client.clone(), &settings.namespace);
    let theirs = match look::object(&maps, OPERATOR_MAP).await {
        Seen::There(map) => operators_file(&map, operator, from_cluster),
        Seen::Missing => OPERATOR.problem(format!("there is no ConfigMap {OPERATOR_MAP}")),
        Seen::Hidden(why) => OPERATOR.not_checked(why),
    };
    let key = match look::object(&secrets, &settings.signing_key.secret).await {
        Seen::There(secret) => signing_key(&secret, &settings.signing_key.secret, &settings.signing_key.key),
        Seen::Missing => {
            SIGNING_KEY.problem(format!("there is no Secret {}", settings.signing_key.secret)).fix(format!(
                "assay receipt key {key} > public-key.pem && \
                 kubectl create secret generic {} -n {} --from-file={key}",
                settings.signing_key.secret,
                settings.namespace,
                key = settings.signing_key.key,
            ))
        }
        Seen::Hidden(why) => SIGNING_KEY.not_checked(why),
    };
    let cap = match look::object(&maps, &settings.cap.config_map).await {
        Seen::There(map) => cap(&map, &settings.cap.config_map, &settings.cap.key),
        Seen::Missing => CAP.problem(format!("there is no ConfigMap {}", settings.cap.config_map)),
        Seen::Hidden(why) => CAP.not_checked(why),
    };
    vec![theirs, key, cap]
}

fn operators_file(map: &ConfigMap, used: &Operator, from_cluster: bool) -> Check {
    let text = map.data.as_ref().and_then(|data| data.get("operator.yaml"));
    match text.map(|text| Operator::from_yaml(text)) {
        None => OPERATOR.problem(format!("{OPERATOR_MAP} has no key operator.yaml")),
        Some(Err(error)) => {
            let cause =
                std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
            OPERATOR.problem(format!("{error}{cause}"))
        }
        Some(Ok(theirs)) if !from_cluster && theirs != *used => {
            OPERATOR.warning("the file given by --operator differs from the one in the cluster")
        }
        Some(Ok(_)) => OPERATOR.ok(format!("{OPERATOR_MAP} can be used")),
    }
}

/// The key is parsed here and goes nowhere: only the id of its public half is shown.
fn signing_key(secret: &Secret, name: &str, key: &str) -> Check {
    let Some(bytes) = secret.data.as_ref().and_then(|data| data.get(key)) else {
        return SIGNING_KEY.problem(format!("{name} has no key {key}"));
    };
    match std::str::from_utf8(&bytes.0).map(SigningKey::from_pem) {
        Ok(Ok(signing_key)) => SIGNING_KEY.ok(format!("its public key is {}", signing_key.public().id())),
        Ok(Err(error)) => SIGNING_KEY.problem(format!("{name} cannot be used: {error}")),
        Err(_) => SIGNING_KEY.problem(format!("{name} is no text")),
    }
}

fn cap(map: &ConfigMap, name: &str, key: &str) -> Check {
    let text = map.data.as_ref().and_then(|data| data.get(key));
    match text.map(|text| (text, text.parse::<u32>())) {
        None => CAP.problem(format!("{name} has no key {key}")),
        Some((_, Ok(jobs))) if jobs > 0 => CAP.ok(format!("{jobs} jobs")),
        Some((text, _)) => CAP.problem(format!("{key} in {name} is `{}`", text.escape_debug())),
    }
}

/// Nothing is made: the API server is asked whether it would admit a stage's pod, and one that Pod Security
/// `restricted` must refuse and `baseline` would not.
pub(super) async fn admits(client: &Client, operator: &Operator) -> Check {
    let (Ok(stage), Ok(unrestricted)) = (probe::stage_like_pod(operator), probe::unrestricted_pod(operator))
    else {
        return POD_SECURITY.not_checked("no pod can be tried");
    };
    let pods: Api<Pod> = Api::namespaced(client.clone(), &operator.settings().namespace);
    let only_try = PostParams { dry_run: true, ..PostParams::default() };
    let unrestricted = look::see(pods.create(&only_try, &unrestricted)).await.map(drop);
    let stage = look::see(pods.create(&only_try, &stage)).await.map(drop);
    judge_admission(&stage, &unrestricted)
}

fn judge_admission(stage: &Seen<()>, unrestricted: &Seen<()>) -> Check {
    match (stage, unrestricted) {
        (_, Seen::There(())) => {
            POD_SECURITY.problem("a pod that Pod Security `restricted` refuses is admitted")
        }
        (_, Seen::Hidden(why)) if why.starts_with(look::NO_RIGHT) => POD_SECURITY.not_checked(why),
        (Seen::Hidden(why), _) => POD_SECURITY.problem(format!("a stage's pod is refused: {why}")),
        (Seen::Missing, _) => POD_SECURITY.not_checked("there is no such namespace"),
        (Seen::There(()), _) => POD_SECURITY.ok("so it is"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;
    use serde_json::json;

    fn map(key: &str, text: &str) -> ConfigMap {
        serde_json::from_value(json!({"data": {key: text}})).unwrap()
    }

    #[test]
    fn a_namespace_without_its_labels_is_no_place_for_jobs() {
        let with = |labels: serde_json::Value| {
            let namespace = serde_json::from_value(json!({"metadata": {"labels": labels}})).unwrap();
            labels_of(namespace)
        };
        fn labels_of(namespace: Namespace) -> Outcome {
            labels("jobs", &Seen::There(namespace)).outcome
        }
        assert_eq!(with(json!({JOBS.0: JOBS.1, ENFORCE.0: ENFORCE.1})), Outcome::Ok);
        assert_eq!(with(json!({JOBS.0: JOBS.1, ENFORCE.0: "baseline"})), Outcome::Problem);
        assert_eq!(labels("jobs", &Seen::Missing).outcome, Outcome::Problem);
    }

    #[test]
    fn a_cap_is_a_number_of_jobs() {
        for (text, outcome) in [
            ("20", Outcome::Ok),
            ("0", Outcome::Problem),
            ("-1", Outcome::Problem),
            ("many", Outcome::Problem),
        ] {
            assert_eq!(cap(&map("jobs", text), "assay-limits", "jobs").outcome, outcome, "{text}");
        }
        assert_eq!(cap(&map("other", "20"), "assay-limits", "jobs").outcome, Outcome::Problem);
    }

    #[test]
    fn a_key_is_shown_by_its_public_half_alone() {
        let pem = SigningKey::from_seed([7; 32]).to_pem();
        let secret = |bytes: &[u8]| Secret {
            data: Some([("private-key".to_owned(), k8s_openapi::ByteString(bytes.to_vec()))].into()),
            ..Secret::default()
        };
        let check = signing_key(&secret(pem.as_bytes()), "s", "private-key");
        assert_eq!(check.outcome, Outcome::Ok);
        assert!(check.found.contains(&SigningKey::from_seed([7; 32]).public().id().to_string()));
        assert_eq!(signing_key(&secret(b"x"), "s", "private-key").outcome, Outcome::Problem);
        assert_eq!(signing_key(&secret(b"x"), "s", "other").outcome, Outcome::Problem);
    }

    #[test]
    fn an_operators_file_is_the_one_in_use() {
        let default = Operator::default();
        assert_eq!(operators_file(&map("operator.yaml", "{}"), &default, false).outcome, Outcome::Ok);
        let other = map("operator.yaml", "users: {trusted: 1234}");
        assert_eq!(operators_file(&other, &default, false).outcome, Outcome::Warning);
        assert_eq!(operators_file(&map("operator.yaml", "[]"), &default, false).outcome, Outcome::Problem);
    }

    #[test]
    fn admission_must_tell_the_two_pods_apart() {
        let refused = || Seen::Hidden("violates PodSecurity".into());
        let forbidden = || Seen::Hidden("this account cannot create resource \"pods\"".into());
        assert_eq!(judge_admission(&Seen::There(()), &refused()).outcome, Outcome::Ok);
        assert_eq!(judge_admission(&Seen::There(()), &Seen::There(())).outcome, Outcome::Problem);
        assert_eq!(judge_admission(&refused(), &refused()).outcome, Outcome::Problem);
        assert_eq!(judge_admission(&forbidden(), &forbidden()).outcome, Outcome::NotChecked);
    }
}
