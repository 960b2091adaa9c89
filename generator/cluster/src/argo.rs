//! Argo's objects, as the API server knows them.

use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::{Api, Client};

use crate::connect::Cluster;
use crate::rights::ARGO;

/// A kind of Argo's.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Workflow,
    WorkflowTemplate,
}

impl Kind {
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Kind::Workflow => ("Workflow", "workflows"),
            Kind::WorkflowTemplate => ("WorkflowTemplate", "workflowtemplates"),
        }
    }

    /// The kind as the API server is asked for it.
    pub(crate) fn resource(self) -> ApiResource {
        let (kind, plural) = self.names();
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(ARGO, "v1alpha1", kind), plural)
    }

    /// The objects of this kind in the jobs' namespace.
    pub(crate) fn api(self, cluster: &Cluster) -> Api<DynamicObject> {
        self.within(cluster.client(), cluster.namespace())
    }

    /// The same where there is no connection with settings.
    pub(crate) fn within(self, client: &Client, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(client.clone(), namespace, &self.resource())
    }
}
