//! Versions of what jobs run on: Kubernetes, runtimes, kernels, and the nodes' limits.

use std::fmt;

use k8s_openapi::api::core::v1::Node;
use k8s_openapi::apimachinery::pkg::version::Info;
use kube::{Api, Client};
use serde::Deserialize;

use super::catalogue::{KERNEL, KUBERNETES, PIDS, RUNTIME};
use super::check::Check;
use super::look::{self, Seen};

/// A version; what follows the third number does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub(super) u32, pub(super) u32, pub(super) u32);

impl Version {
    /// The first version in a text such as `v1.35.4+k3s1` or `6.1.0-18-amd64`.
    pub(super) fn find(text: &str) -> Option<Version> {
        let mut numbers = text.trim_start_matches('v').splitn(3, '.').map(|part| {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        });
        let (major, minor) = (numbers.next()??, numbers.next()??);
        Some(Version(major, minor, numbers.next().flatten().unwrap_or(0)))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Version(major, minor, patch) = self;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// The first fixed version of each line of containerd: GHSA-pwhc-rpq9-4c8w, GHSA-m6hq-p25p-ffr2.
const CONTAINERD: [Version; 4] = [Version(1, 7, 29), Version(2, 0, 7), Version(2, 1, 5), Version(2, 2, 0)];
/// From when on there is Landlock.
const LANDLOCK: Version = Version(5, 13, 0);
/// More nodes are not asked for their settings.
const ASKED_NODES: usize = 20;
/// Beyond this, a limit of processes is hardly one.
const MANY_PROCESSES: i64 = 8192;

pub(super) async fn check(client: &Client) -> Vec<Check> {
    let version: Seen<Info> = look::get(client, "/version").await;
    let mut checks = vec![match version {
        Seen::There(info) => kubernetes(&info.git_version),
        Seen::Missing => KUBERNETES.not_checked("the API server does not tell its version"),
        Seen::Hidden(why) => KUBERNETES.not_checked(why),
    }];
    match look::list::<Node>(&Api::all(client.clone()), None).await {
        Seen::There(nodes) => {
            checks.extend(of_nodes(&nodes));
            checks.push(pids(client, &nodes).await);
        }
        Seen::Missing => checks.extend(unseen("there are no nodes")),
        Seen::Hidden(why) => checks.extend(unseen(&why)),
    }
    checks
}

fn unseen(why: &str) -> [Check; 3] {
    [&RUNTIME, &KERNEL, &PIDS].map(|definition| definition.not_checked(why))
}

fn kubernetes(text: &str) -> Check {
    match Version::find(text) {
        Some(version) if version >= Version(1, 30, 0) => KUBERNETES.ok(text),
        Some(_) => KUBERNETES.problem(text),
        None => KUBERNETES.not_checked(format!("`{text}` is no version")),
    }
}

/// What all nodes have, each value with the first node that has it.
fn of_nodes(nodes: &[Node]) -> [Check; 2] {
    let infos: Vec<(&str, &str, &str)> = nodes
        .iter()
        .filter_map(|node| {
            let info = node.status.as_ref()?.node_info.as_ref()?;
            Some((node.metadata.name.as_deref()?, &*info.container_runtime_version, &*info.kernel_version))
        })
        .collect();
    let runtimes = infos.iter().map(|(node, runtime, _)| (*node, *runtime)).collect::<Vec<_>>();
    let kernels = infos.iter().map(|(node, _, kernel)| (*node, *kernel)).collect::<Vec<_>>();
    [runtime(&runtimes), kernel(&kernels)]
}

fn distinct(values: &[(&str, &str)]) -> String {
    let mut texts: Vec<&str> = values.iter().map(|(_, value)| *value).collect();
    texts.sort_unstable();
    texts.dedup();
    texts.join(", ")
}

fn runtime(nodes: &[(&str, &str)]) -> Check {
    let old: Vec<String> = nodes
        .iter()
        .filter_map(|(node, runtime)| {
            let version = Version::find(runtime.strip_prefix("containerd://")?)?;
            is_open(version).then(|| format!("{node} has {runtime}"))
        })
        .collect();
    if !old.is_empty() {
        return RUNTIME.problem(old.join("; "));
    }
    let runc = "which runc they start is not told: `runc --version` on each node must say 1.2.8, 1.3.3, 1.4.0 or newer \
                (CVE-2025-31133, CVE-2025-52565, CVE-2025-52881)";
    RUNTIME.not_checked(format!("{}; {runc}", distinct(nodes)))
}

/// Whether a version of containerd lacks fixes that its line has.
fn is_open(version: Version) -> bool {
    let fixed = CONTAINERD.iter().find(|fixed| (fixed.0, fixed.1) == (version.0, version.1));
    fixed.map_or(version < CONTAINERD[CONTAINERD.len() - 1], |fixed| version < *fixed)
}

fn kernel(nodes: &[(&str, &str)]) -> Check {
    let old: Vec<String> = nodes
        .iter()
        .filter(|(_, kernel)| Version::find(kernel).is_some_and(|version| version < LANDLOCK))
        .map(|(node, kernel)| format!("{node} has {kernel}"))
        .collect();
    KERNEL.problem_unless_empty(&old, distinct(nodes))
}

/// What a kubelet tells of its configuration.
#[derive(Deserialize)]
struct Configz {
    kubeletconfig: Kubelet,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kubelet {
    /// -1 where there is none.
    pod_pids_limit: Option<i64>,
}

/// The limit stands on the pod's control group, which the pod itself does not see: so the kubelets are asked.
async fn pids(client: &Client, nodes: &[Node]) -> Check {
    let mut limits = Vec::new();
    for name in nodes.iter().filter_map(|node| node.metadata.name.as_deref()).take(ASKED_NODES) {
        match look::get::<Configz>(client, &format!("/api/v1/nodes/{name}/proxy/configz")).await {
            Seen::There(told) => limits.push((name, told.kubeletconfig.pod_pids_limit.unwrap_or(-1))),
            Seen::Missing => return PIDS.not_checked(format!("{name} does not tell its configuration")),
            Seen::Hidden(why) => return PIDS.not_checked(format!("{name} cannot be asked: {why}")),
        }
    }
    let mut check = judge_pids(&limits);
    if nodes.len() > ASKED_NODES {
        check.found.push_str(&format!(" (the first {ASKED_NODES} of {} nodes)", nodes.len()));
    }
    check
}

fn judge_pids(limits: &[(&str, i64)]) -> Check {
    let open: Vec<String> = limits
        .iter()
        .filter(|(_, limit)| *limit <= 0)
        .map(|(node, _)| format!("{node} has no limit"))
        .collect();
    if !open.is_empty() {
        return PIDS.problem(open.join("; "));
    }
    let found = |(node, limit): &(&str, i64)| format!("{limit} a pod on {node}");
    match limits.iter().max_by_key(|(_, limit)| *limit) {
        None => PIDS.not_checked("there are no nodes"),
        Some(most) if most.1 > MANY_PROCESSES => PIDS.warning(found(most)),
        Some(most) => PIDS.ok(format!("at most {}", found(most))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn versions_are_found_in_what_distributions_write() {
        for (text, version) in [
            ("v1.35.4", Some(Version(1, 35, 4))),
            ("v1.30.1-gke.100", Some(Version(1, 30, 1))),
            ("6.1.0-18-amd64", Some(Version(6, 1, 0))),
            ("5.13", Some(Version(5, 13, 0))),
            ("latest", None),
            ("", None),
        ] {
            assert_eq!(Version::find(text), version, "{text}");
        }
    }

    #[test]
    fn each_line_of_containerd_has_its_floor() {
        for (text, outcome) in [
            ("containerd://1.6.36", Outcome::Problem),
            ("containerd://1.7.28", Outcome::Problem),
            ("containerd://1.7.29", Outcome::NotChecked),
            ("containerd://2.0.6", Outcome::Problem),
            ("containerd://2.1.5", Outcome::NotChecked),
            ("containerd://2.2.0", Outcome::NotChecked),
            ("containerd://2.3.1", Outcome::NotChecked),
            ("cri-o://1.34.0", Outcome::NotChecked),
        ] {
            assert_eq!(runtime(&[("a", text)]).outcome, outcome, "{text}");
        }
    }

    #[test]
    fn one_old_node_is_a_problem_and_is_named() {
        let check = kernel(&[("a", "6.1.0"), ("b", "5.4.0-100-generic")]);
        assert_eq!(check.outcome, Outcome::Problem);
        assert_eq!(check.found, "b has 5.4.0-100-generic");
        assert_eq!(kubernetes("v1.29.9").outcome, Outcome::Problem);
    }

    #[test]
    fn a_limit_of_processes_is_a_number_that_limits() {
        let outcome = |limits: &[(&str, i64)]| judge_pids(limits).outcome;
        assert_eq!(outcome(&[("a", 1024), ("b", -1)]), Outcome::Problem);
        assert_eq!(outcome(&[("a", 1024), ("b", 100_000)]), Outcome::Warning);
        assert_eq!(outcome(&[("a", 1024)]), Outcome::Ok);
    }
}
