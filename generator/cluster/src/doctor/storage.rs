//! Storage as the API server knows it: the class of jobs, the claims of courses, the homes of students.

use std::collections::BTreeMap;

use assay_contract::Volume;
use assay_core::operator::Operator;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, ResourceQuota};
use k8s_openapi::api::storage::v1::StorageClass;
use kube::{Api, Client};

use super::catalogue::{CLAIM_QUOTA, COURSES, HOMES, STORAGE_CLASS};
use super::check::Check;
use super::look::{self, Seen};

const SHARED: &str = "ReadWriteMany";
/// More names than this help nobody.
const NAMED: usize = 5;

/// The class of jobs, which needs no namespace.
pub(super) async fn class(client: &Client, operator: &Operator) -> Check {
    let class = &operator.settings().job_storage.class;
    let classes: Api<StorageClass> = Api::all(client.clone());
    match look::object(&classes, class).await {
        Seen::There(found) => STORAGE_CLASS.ok(format!("{class}, of {}", found.provisioner)),
        Seen::Missing => STORAGE_CLASS.problem(format!("there is no StorageClass {class}")),
        Seen::Hidden(why) => STORAGE_CLASS.not_checked(why),
    }
}

/// What a quota counts of all claims, whatever their class.
const OF_CLAIMS: [&str; 3] = ["persistentvolumeclaims", "requests.storage", "count/persistentvolumeclaims"];

/// The quotas of the jobs' namespace.
pub(super) async fn quotas(client: &Client, operator: &Operator) -> Check {
    let settings = operator.settings();
    let quotas: Api<ResourceQuota> = Api::namespaced(client.clone(), &settings.namespace);
    match look::list(&quotas, None).await {
        Seen::There(quotas) => of_claims(&quotas, &settings.job_storage.class),
        Seen::Missing => of_claims(&[], &settings.job_storage.class),
        Seen::Hidden(why) => CLAIM_QUOTA.not_checked(why),
    }
}

fn of_claims(quotas: &[ResourceQuota], class: &str) -> Check {
    let of_class = format!("{class}.storageclass.storage.k8s.io/");
    let counts = |what: &str| OF_CLAIMS.contains(&what) || what.starts_with(&of_class);
    let found: Vec<String> = quotas
        .iter()
        .flat_map(|quota| {
            let name = quota.metadata.name.as_deref().unwrap_or_default();
            let hard = quota.spec.iter().filter_map(|spec| spec.hard.as_ref()).flat_map(BTreeMap::keys);
            hard.filter(|what| counts(what)).map(move |what| format!("{name} counts {what}"))
        })
        .collect();
    if found.is_empty() { CLAIM_QUOTA.ok("none does") } else { CLAIM_QUOTA.warning(found.join("; ")) }
}

/// The claims of courses and students.
pub(super) async fn claims(client: &Client, operator: &Operator) -> [Check; 2] {
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), &operator.settings().namespace);
    match look::list(&claims, None).await {
        Seen::There(claims) => [courses(&claims, operator), homes(&claims, operator)],
        Seen::Missing => [courses(&[], operator), homes(&[], operator)],
        Seen::Hidden(why) => [COURSES.not_checked(&why), HOMES.not_checked(&why)],
    }
}

fn name(claim: &PersistentVolumeClaim) -> &str {
    claim.metadata.name.as_deref().unwrap_or_default()
}

fn is_shared(claim: &PersistentVolumeClaim) -> bool {
    let modes = claim.spec.as_ref().and_then(|spec| spec.access_modes.as_ref());
    modes.is_some_and(|modes| modes.iter().any(|mode| mode == SHARED))
}

fn is_bound(claim: &PersistentVolumeClaim) -> bool {
    claim.status.as_ref().is_some_and(|status| status.phase.as_deref() == Some("Bound"))
}

/// The first few of many names.
fn some(names: &[&str]) -> String {
    let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(NAMED) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}

fn courses(claims: &[PersistentVolumeClaim], operator: &Operator) -> Check {
    let patterns = &operator.settings().claims;
    let volumes = [
        (Volume::AssignmentConfiguration, &patterns.assignment_configuration),
        (Volume::RawSubmissions, &patterns.raw_submissions),
        (Volume::PrivateResults, &patterns.private_results),
    ];
    let mut found: BTreeMap<&str, Vec<Volume>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for claim in claims {
        for (volume, pattern) in volumes {
            let Some(course) = pattern.name_in(name(claim)) else { continue };
            found.entry(course).or_default().push(volume);
            if !is_shared(claim) {
                wrong.push(format!("{} is not {SHARED}", name(claim)));
            }
            if !is_bound(claim) {
                wrong.push(format!("{} is not bound", name(claim)));
            }
        }
    }
    for (course, there) in &found {
        let missing = volumes.iter().filter(|(volume, _)| !there.contains(volume));
        wrong.extend(missing.map(|(volume, pattern)| format!("{volume}: {} is missing", pattern.of(course))));
    }
    if found.is_empty() {
        return COURSES.warning("no course has claims yet");
    }
    let names: Vec<&str> = found.keys().copied().collect();
    COURSES.problem_unless_empty(&wrong, some(&names))
}

fn homes(claims: &[PersistentVolumeClaim], operator: &Operator) -> Check {
    let pattern = &operator.settings().claims.student;
    let homes: Vec<&PersistentVolumeClaim> =
        claims.iter().filter(|claim| pattern.matches(name(claim))).collect();
    if homes.is_empty() {
        return HOMES.warning(format!("no claim is called {}", String::from(pattern.clone())));
    }
    let alone: Vec<&str> = homes.iter().filter(|claim| !is_shared(claim)).map(|claim| name(claim)).collect();
    if alone.is_empty() {
        HOMES.ok(format!("{} homes", homes.len()))
    } else {
        HOMES.problem(format!("not {SHARED}: {}", some(&alone)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;
    use serde_json::json;

    fn claim(name: &str, mode: &str, phase: &str) -> PersistentVolumeClaim {
        serde_json::from_value(json!({
            "metadata": {"name": name}, "spec": {"accessModes": [mode]}, "status": {"phase": phase},
        }))
        .unwrap()
    }

    fn of_course(course: &str, mode: &str, phase: &str) -> Vec<PersistentVolumeClaim> {
        ["assignment-configuration", "raw-submissions", "private-results"]
            .map(|volume| claim(&format!("{course}-{volume}"), mode, phase))
            .into()
    }

    #[test]
    fn a_course_has_three_claims_that_several_pods_can_mount() {
        let operator = Operator::default();
        assert_eq!(courses(&of_course("comp", SHARED, "Bound"), &operator).outcome, Outcome::Ok);
        assert_eq!(
            courses(&of_course("comp", "ReadWriteOnce", "Bound"), &operator).outcome,
            Outcome::Problem
        );
        assert_eq!(courses(&of_course("comp", SHARED, "Pending"), &operator).outcome, Outcome::Problem);
        let check = courses(&of_course("comp", SHARED, "Bound")[..2], &operator);
        assert!(check.found.contains("comp-private-results is missing"), "{}", check.found);
        assert_eq!(courses(&[], &operator).outcome, Outcome::Warning);
    }

    #[test]
    fn homes_that_only_the_hub_can_mount_are_named() {
        let operator = Operator::default();
        let mut claims: Vec<_> =
            (0..7).map(|n| claim(&format!("claim-s{n}"), "ReadWriteOnce", "Bound")).collect();
        let check = homes(&claims, &operator);
        assert_eq!(check.outcome, Outcome::Problem);
        assert!(check.found.ends_with("claim-s4 and 2 more"), "{}", check.found);
        claims = vec![claim("claim-ada", SHARED, "Bound")];
        assert_eq!(homes(&claims, &operator).outcome, Outcome::Ok);
        assert_eq!(homes(&of_course("comp", SHARED, "Bound"), &operator).outcome, Outcome::Warning);
    }

    #[test]
    fn a_quota_that_counts_claims_of_jobs_is_named() {
        let quota = |what: &str| {
            serde_json::from_value(json!({"metadata": {"name": "q"}, "spec": {"hard": {what: "9"}}})).unwrap()
        };
        for counted in ["requests.storage", "jobs.storageclass.storage.k8s.io/persistentvolumeclaims"] {
            let check = of_claims(&[quota("pods"), quota(counted)], "jobs");
            assert_eq!(check.outcome, Outcome::Warning);
            assert_eq!(check.found, format!("q counts {counted}"));
        }
        for other in ["pods", "homes.storageclass.storage.k8s.io/requests.storage"] {
            assert_eq!(of_claims(&[quota(other)], "jobs").outcome, Outcome::Ok, "{other}");
        }
    }
}
