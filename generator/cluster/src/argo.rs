//! Argo's objects, as the API server knows them.

use kube::Api;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};

use crate::connect::Cluster;
use crate::rights::ARGO;

/// The version of Argo's objects.
pub(crate) const VERSION: &str = "v1alpha1";

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
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(ARGO, VERSION, kind), plural)
    }

    /// The objects of this kind in the jobs' namespace.
    pub(crate) fn api(self, cluster: &Cluster) -> Api<DynamicObject> {
        Api::namespaced_with(cluster.client().clone(), cluster.namespace(), &self.resource())
    }
}
