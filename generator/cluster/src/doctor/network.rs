//! Network policies as they are written: that they are there, and let Argo's executor reach the API server.
//!
//! Whether anything enforces them is for a probe.

use std::net::IpAddr;

use assay_core::operator::Operator;
use ipnet::IpNet;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::{Api, Client};

use super::catalogue::NETWORK_POLICIES;
use super::check::Check;
use super::look::{self, Seen};

/// The policies of `deploy/base/network.yaml`.
const NAMES: [&str; 4] = ["assay-stages", "assay-duties", "assay-steps", EXECUTOR];
const EXECUTOR: &str = "assay-executor";

pub(super) async fn check(client: &Client, operator: &Operator) -> Check {
    let policies: Api<NetworkPolicy> = Api::namespaced(client.clone(), &operator.settings().namespace);
    let policies = match look::list(&policies, None).await {
        Seen::There(policies) => policies,
        Seen::Missing => Vec::new(),
        Seen::Hidden(why) => return NETWORK_POLICIES.not_checked(why),
    };
    let services: Api<Service> = Api::namespaced(client.clone(), "default");
    let service = look::object(&services, "kubernetes").await.map(|service| {
        let ips = service.spec.and_then(|spec| spec.cluster_ips).unwrap_or_default();
        ips.iter().filter_map(|ip| ip.parse().ok()).collect::<Vec<IpAddr>>()
    });
    let slices: Api<EndpointSlice> = Api::namespaced(client.clone(), "default");
    let slices = look::list(&slices, Some("kubernetes.io/service-name=kubernetes")).await.map(|slices| {
        let addresses = slices.into_iter().flat_map(|slice| slice.endpoints).flat_map(|end| end.addresses);
        addresses.filter_map(|ip| ip.parse().ok()).collect::<Vec<IpAddr>>()
    });
    let mut api_server = Vec::new();
    for seen in [service, slices] {
        match seen {
            Seen::There(addresses) => api_server.extend(addresses),
            Seen::Missing => {}
            Seen::Hidden(why) => return NETWORK_POLICIES.not_checked(why),
        }
    }
    judge(&policies, &api_server)
}

fn judge(policies: &[NetworkPolicy], api_server: &[IpAddr]) -> Check {
    let find = |name: &str| policies.iter().find(|policy| policy.metadata.name.as_deref() == Some(name));
    let missing: Vec<&str> = NAMES.into_iter().filter(|name| find(name).is_none()).collect();
    if !missing.is_empty() {
        return NETWORK_POLICIES.warning(format!("missing: {}", missing.join(", ")));
    }
    let open: Vec<IpNet> = find(EXECUTOR).map(blocks).unwrap_or_default();
    let wrong: Vec<String> = api_server
        .iter()
        .filter(|address| !open.iter().any(|block| block.contains(*address)))
        .map(|address| format!("{EXECUTOR} does not allow the API server's address {address}"))
        .collect();
    NETWORK_POLICIES.problem_unless_empty(&wrong, format!("{} policies", NAMES.len()))
}

/// The blocks of addresses to which a policy lets out; what is no block lets nothing out.
fn blocks(policy: &NetworkPolicy) -> Vec<IpNet> {
    let rules = policy.spec.iter().flat_map(|spec| spec.egress.iter().flatten());
    let peers = rules.flat_map(|rule| rule.to.iter().flatten());
    peers.filter_map(|peer| peer.ip_block.as_ref()).filter_map(|block| block.cidr.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;
    use serde_json::json;

    fn policies(cidr: &str) -> Vec<NetworkPolicy> {
        let policy = |name: &str| {
            let egress = json!([{"to": [{"ipBlock": {"cidr": cidr}}]}]);
            let spec =
                json!({"podSelector": {}, "egress": if name == EXECUTOR { egress } else { json!([]) }});
            serde_json::from_value(json!({"metadata": {"name": name}, "spec": spec})).unwrap()
        };
        NAMES.map(policy).into()
    }

    #[test]
    fn the_executor_must_reach_the_api_server() {
        let address: IpAddr = "10.96.0.1".parse().unwrap();
        assert_eq!(judge(&policies("10.96.0.1/32"), &[address]).outcome, Outcome::Ok);
        assert_eq!(judge(&policies("10.0.0.0/8"), &[address]).outcome, Outcome::Ok);
        assert_eq!(judge(&policies("10.97.0.0/16"), &[address]).outcome, Outcome::Problem);
        assert_eq!(judge(&policies("10.96.0.1"), &[address]).outcome, Outcome::Problem);
        assert_eq!(judge(&policies("10.96.0.1/32")[1..], &[address]).outcome, Outcome::Warning);
    }
}
