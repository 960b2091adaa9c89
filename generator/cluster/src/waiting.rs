//! Why a pod does not run yet, in words that say who can mend it.

use std::fmt;

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use serde::Serialize;

/// Why a pod does not run yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum Waiting {
    /// Its image cannot be had.
    Image {
        /// Which image.
        image: String,
        /// What the node says.
        message: String,
    },
    /// A claim is missing or not bound.
    Claim {
        /// What the scheduler says.
        message: String,
    },
    /// No node has room for it.
    Unschedulable {
        /// What the scheduler says.
        message: String,
    },
    /// Its container cannot be made.
    Container {
        /// What the node says.
        message: String,
    },
    /// It is being started.
    Starting,
}

impl Waiting {
    /// Whether waiting longer is known to be of no use.
    #[must_use]
    pub fn is_hopeless(&self) -> bool {
        match self {
            // The first failure may be the network's; nodes say so differently from the second on.
            Waiting::Image { message, .. } => !message.starts_with("ErrImagePull"),
            Waiting::Container { .. } => true,
            Waiting::Claim { .. } | Waiting::Unschedulable { .. } | Waiting::Starting => false,
        }
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Waiting::Image { image, message } => write!(f, "its image {image} cannot be pulled: {message}"),
            Waiting::Claim { message } => write!(f, "a claim is missing or not bound: {message}"),
            Waiting::Unschedulable { message } => write!(f, "no node has room for it: {message}"),
            Waiting::Container { message } => write!(f, "its container cannot be made: {message}"),
            Waiting::Starting => f.write_str("it is being started"),
        }
    }
}

/// Why `pod` does not run yet; `None` where it runs or has ended.
#[must_use]
pub fn waiting(pod: &Pod) -> Option<Waiting> {
    let status = pod.status.as_ref()?;
    if !matches!(status.phase.as_deref(), None | Some("Pending")) {
        return None;
    }
    let containers =
        status.init_container_statuses.iter().flatten().chain(status.container_statuses.iter().flatten());
    let container = containers.filter_map(of_container).find(|waiting| *waiting != Waiting::Starting);
    let unscheduled = || {
        let conditions = status.conditions.iter().flatten();
        let refused = |condition: &&k8s_openapi::api::core::v1::PodCondition| {
            condition.type_ == "PodScheduled" && condition.status == "False"
        };
        let condition = conditions.into_iter().find(refused)?;
        let message = condition.message.clone().unwrap_or_default();
        Some(if message.to_lowercase().contains("persistentvolumeclaim") {
            Waiting::Claim { message }
        } else {
            Waiting::Unschedulable { message }
        })
    };
    Some(container.or_else(unscheduled).unwrap_or(Waiting::Starting))
}

fn of_container(status: &ContainerStatus) -> Option<Waiting> {
    let waiting = status.state.as_ref()?.waiting.as_ref()?;
    let reason = waiting.reason.as_deref().unwrap_or_default();
    let message = [reason, waiting.message.as_deref().unwrap_or_default()].join(": ");
    let message = message.trim_end_matches(": ").to_owned();
    Some(match reason {
        "ErrImagePull"
        | "ImagePullBackOff"
        | "InvalidImageName"
        | "ErrImageNeverPull"
        | "ImageInspectError"
        | "RegistryUnavailable" => Waiting::Image { image: status.image.clone(), message },
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
            Waiting::Container { message }
        }
        _ => Waiting::Starting,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(status: serde_json::Value) -> Pod {
        serde_json::from_value(serde_json::json!({"metadata": {}, "status": status})).unwrap()
    }

    #[test]
    fn each_kind_of_waiting_is_told() {
        let container = |reason: &str| {
            let state = serde_json::json!({"waiting": {"reason": reason, "message": "m"}});
            waiting(&pod(serde_json::json!({"phase": "Pending", "containerStatuses": [
                {"name": "main", "image": "i", "imageID": "", "ready": false, "restartCount": 0, "state": state}
            ]})))
            .unwrap()
        };
        assert!(matches!(container("ErrImagePull"), Waiting::Image { .. }));
        assert!(!container("ErrImagePull").is_hopeless());
        assert!(container("ImagePullBackOff").is_hopeless());
        assert!(matches!(container("CreateContainerError"), Waiting::Container { .. }));
        assert_eq!(container("ContainerCreating"), Waiting::Starting);
        let unscheduled = |message: &str| {
            waiting(&pod(serde_json::json!({"phase": "Pending", "conditions": [
                {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
            ]})))
            .unwrap()
        };
        let claim = "0/1 nodes are available: persistentvolumeclaim \"x\" not found.";
        assert!(matches!(unscheduled(claim), Waiting::Claim { .. }));
        assert!(matches!(unscheduled("Insufficient cpu"), Waiting::Unschedulable { .. }));
        assert_eq!(waiting(&pod(serde_json::json!({"phase": "Running"}))), None);
    }
}
