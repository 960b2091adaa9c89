//! Why something could not be done in a cluster, whose fault it is and what mends it.

use std::time::Duration;

use assay_contract::{Duty, Exit, Volume};
use assay_core::operator::OperatorError;

use crate::duty::Broken;
use crate::rights::{ARGO, OPERATOR_MAP, OURS, Right};
use crate::waiting::Waiting;

/// Why something could not be done in a cluster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// There is no kubeconfig, and this is no pod.
    #[error("no cluster is configured")]
    NotConfigured(#[source] Box<kube::config::KubeconfigError>),
    /// The kubeconfig cannot be used.
    #[error("the configuration of the cluster cannot be used")]
    Configuration(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Nobody answers.
    #[error("the cluster cannot be reached to {right}")]
    Unreachable {
        /// What was tried.
        right: Right,
        /// What happened.
        source: Box<kube::Error>,
    },
    /// An answer did not come in time.
    #[error("the cluster did not answer within {} s to {right}", after.as_secs())]
    Silent {
        /// What was tried.
        right: Right,
        /// How long was waited.
        after: Duration,
    },
    /// The cluster does not know who asks.
    #[error("the cluster does not accept these credentials")]
    Unauthorised,
    /// The account lacks a right.
    #[error("this account may not {right} in namespace {namespace}")]
    Forbidden {
        /// Which right.
        right: Right,
        /// Where.
        namespace: String,
    },
    /// Admission refused an object.
    #[error("the cluster's policies refuse to {right}: {message}")]
    Refused {
        /// What was tried.
        right: Right,
        /// What the policy says.
        message: String,
    },
    /// A quota is used up, or another writer was counted against it at the same moment.
    #[error("there is no room to {right} in namespace {namespace}: {message}")]
    Full {
        /// What was tried.
        right: Right,
        /// Where.
        namespace: String,
        /// Which quota, in the API server's words.
        message: String,
    },
    /// Argo Workflows is not installed.
    #[error("the cluster does not know Argo's {resource}")]
    NoArgo {
        /// Which resource is not known.
        resource: &'static str,
    },
    /// The queue server's kind is not installed.
    #[error("the cluster does not know Assay's requests")]
    NoRequests,
    /// How many jobs may run at once is not said.
    #[error("the ConfigMap {map} does not say by its key {key} how many jobs may run at once")]
    Cap {
        /// Its name.
        map: String,
        /// The key that should hold a number.
        key: String,
    },
    /// The cluster said no for a reason that is not known here.
    #[error("the cluster failed to {right}")]
    Failed {
        /// What was tried.
        right: Right,
        /// What it said.
        source: Box<kube::Error>,
    },
    /// A job was to be started, and no answer came.
    #[error("whether the job {job} was started is not known")]
    StartUnknown {
        /// Its id.
        job: String,
        /// What came instead of an answer.
        source: Box<ClusterError>,
    },
    /// The operator's settings are not in the cluster.
    #[error("there is no ConfigMap {OPERATOR_MAP} with `operator.yaml` in namespace {namespace}")]
    NoOperator {
        /// Where it was looked for.
        namespace: String,
    },
    /// The operator's settings in the cluster cannot be used.
    #[error("the ConfigMap {OPERATOR_MAP} in namespace {namespace} cannot be used")]
    Operator {
        /// Where it is.
        namespace: String,
        /// What is wrong with it.
        source: OperatorError,
    },
    /// A claim is missing.
    #[error("the claim {claim} of the volume {volume} is not in namespace {namespace}")]
    NoClaim {
        /// Which volume.
        volume: Volume,
        /// Its claim.
        claim: String,
        /// Where it was looked for.
        namespace: String,
    },
    /// An administrative pod does not start.
    #[error("the pod that is to {duty} does not start: {why}")]
    PodNotStarted {
        /// What it is for.
        duty: Duty,
        /// What it waits for.
        why: Waiting,
    },
    /// An administrative pod ended without an answer.
    #[error("the pod that was to {duty} ended without an answer: {reason}{}{}", coded(.code), quoted(.said))]
    PodEnded {
        /// What it was for.
        duty: Duty,
        /// Kubernetes' word for its end.
        reason: String,
        /// Its exit code, if it came to have one.
        code: Option<i32>,
        /// What it said on its error stream.
        said: String,
    },
    /// An administrative pod is at work for too long.
    #[error("the pod that was to {duty} did not answer in time")]
    PodSlow {
        /// What it was for.
        duty: Duty,
    },
    /// The connection to an administrative pod broke.
    #[error("the connection to the pod that was to {duty} broke")]
    Broken {
        /// What it was for.
        duty: Duty,
        /// How.
        source: Broken,
    },
    /// An administrative pod could not do what it was asked.
    #[error("{message}")]
    Duty {
        /// Its exit code.
        exit: Exit,
        /// Why, with what to do.
        message: String,
    },
    /// Another template has the name of the one to be applied.
    #[error("the WorkflowTemplate {name} is there already, and differs in what jobs do")]
    TemplateDiffers {
        /// Its name.
        name: String,
    },
    /// The cluster makes something else of a template.
    #[error("the cluster changed the WorkflowTemplate {name}: {what}")]
    TemplateChanged {
        /// Its name.
        name: String,
        /// What is not as it must be.
        what: String,
    },
    /// Whoever asked was told to stop.
    #[error("interrupted; the pod that was to {duty} is removed")]
    Interrupted {
        /// What it was for.
        duty: Duty,
    },
    /// Something that no input should be able to cause.
    #[error("this is a bug in Assay; please report it")]
    Bug(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The operator's settings are for another namespace.
    #[error("the operator's settings are for namespace {theirs}, not {asked}")]
    OtherNamespace {
        /// The one in the settings.
        theirs: String,
        /// The one that was asked for.
        asked: String,
    },
}

impl ClusterError {
    /// What the API server's `error` means for whoever used `right` in `namespace`.
    pub(crate) fn of(error: kube::Error, right: Right, namespace: &str) -> ClusterError {
        let source = Box::new(error);
        let kube::Error::Api(status) = &*source else {
            return match *source {
                kube::Error::HyperError(_) | kube::Error::Service(_) | kube::Error::ReadEvents(_) => {
                    ClusterError::Unreachable { right, source }
                }
                kube::Error::Auth(_) => ClusterError::Configuration(source),
                _ => ClusterError::Failed { right, source },
            };
        };
        match status.code {
            401 => ClusterError::Unauthorised,
            // Before all else: its words are those of a missing right, or of an object that is there.
            403 | 409 if is_of_quota(&status.message) => {
                ClusterError::Full { right, namespace: namespace.into(), message: status.message.clone() }
            }
            // RBAC and admission both answer 403; only RBAC speaks of the user's rights.
            403 if status.message.contains(" cannot ") => {
                ClusterError::Forbidden { right, namespace: namespace.into() }
            }
            400 | 403 | 422 => ClusterError::Refused { right, message: status.message.clone() },
            // An object that is missing is named; a kind that is missing is not.
            404 if right.group == ARGO && !names_an_object(status) => {
                ClusterError::NoArgo { resource: right.resource }
            }
            404 if right.group == OURS && !names_an_object(status) => ClusterError::NoRequests,
            _ => ClusterError::Failed { right, source },
        }
    }

    /// Whether the API server said that the object is not there.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, ClusterError::Failed { source, .. }
            if matches!(&**source, kube::Error::Api(status) if status.code == 404))
    }

    /// Whether the API server said that the object is there already.
    pub(crate) fn is_taken(&self) -> bool {
        matches!(self, ClusterError::Failed { source, .. }
            if matches!(&**source, kube::Error::Api(status) if status.code == 409))
    }

    /// Whether it may be gone a moment later: nobody answered, or the API server had troubles of its own.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            ClusterError::Unreachable { .. } | ClusterError::Silent { .. } => true,
            ClusterError::Failed { source, .. } => match &**source {
                kube::Error::Api(status) => status.code == 429 || status.code >= 500,
                _ => true,
            },
            _ => false,
        }
    }

    /// The exit code for it.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            ClusterError::Unauthorised | ClusterError::Forbidden { .. } | ClusterError::Refused { .. } => {
                Exit::ClusterRefused
            }
            ClusterError::Operator { .. } | ClusterError::NoOperator { .. } => Exit::OperatorInvalid,
            ClusterError::OtherNamespace { .. } => Exit::Usage,
            ClusterError::NotConfigured(_)
            | ClusterError::Configuration(_)
            | ClusterError::Unreachable { .. }
            | ClusterError::Silent { .. }
            | ClusterError::Full { .. }
            | ClusterError::StartUnknown { .. }
            | ClusterError::NoArgo { .. }
            | ClusterError::NoRequests
            | ClusterError::Cap { .. }
            | ClusterError::NoClaim { .. }
            | ClusterError::PodNotStarted { .. }
            | ClusterError::PodEnded { .. }
            | ClusterError::PodSlow { .. }
            | ClusterError::Broken { .. }
            | ClusterError::Failed { .. } => Exit::ClusterUnavailable,
            ClusterError::TemplateDiffers { .. } | ClusterError::TemplateChanged { .. } => Exit::AuditFailed,
            ClusterError::Duty { exit, .. } => *exit,
            ClusterError::Interrupted { .. } => Exit::Interrupted,
            ClusterError::Bug(_) => Exit::Bug,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            ClusterError::NotConfigured(_) => {
                "set KUBECONFIG to the file that your cluster's operator gave you".into()
            }
            ClusterError::Configuration(_) => {
                "try `kubectl config get-contexts`; name a context by --context".into()
            }
            ClusterError::Unreachable { .. } | ClusterError::Silent { .. } => {
                "try `kubectl version`; if that fails too, ask who operates the cluster".into()
            }
            ClusterError::Unauthorised => {
                "log in again, or ask who operates the cluster for new credentials".into()
            }
            ClusterError::Forbidden { right, namespace } => {
                format!("ask for the Role {} in namespace {namespace}; `deploy/` holds it", right.role)
            }
            ClusterError::Refused { .. } => {
                "if the operator's settings changed, read them again; otherwise show this to who operates the cluster"
                    .into()
            }
            ClusterError::Full { .. } => {
                "try again when other jobs and commands are over; if it stays so, ask who operates the cluster for a larger quota"
                    .into()
            }
            ClusterError::StartUnknown { job, .. } => format!(
                "once the cluster answers, `assay status {job}` tells; submit again only if it does not know the job"
            ),
            ClusterError::NoArgo { .. } => "install Argo Workflows with its CRDs; `argo/` says how".into(),
            ClusterError::Cap { map, key } => format!("put a number there: kubectl edit configmap {map}, {key}"),
            ClusterError::NoRequests => "install `deploy/components/queue`, which holds their definition".into(),
            ClusterError::Failed { .. } => "try again; if it happens again, show this to who operates the cluster".into(),
            ClusterError::NoOperator { .. } => {
                "name the jobs' namespace by --namespace, or the operator's file by --operator".into()
            }
            ClusterError::Operator { .. } => "show this to who operates the cluster".into(),
            ClusterError::NoClaim { volume: Volume::Student, .. } => {
                "a student's claim is made when the student first logs in to the hub; check the name".into()
            }
            ClusterError::NoClaim { .. } => {
                "the claims of a course are made by who operates the cluster; check the course's name".into()
            }
            ClusterError::PodNotStarted { why: Waiting::Image { .. }, .. } => {
                "the stage image is the operator's `stage-image`; show this to who operates the cluster".into()
            }
            ClusterError::PodNotStarted { .. } => {
                "try again later; if it happens again, show this to who operates the cluster".into()
            }
            ClusterError::PodEnded { .. } => {
                "nothing was half done; if it happens again, see whether the operator's `stage-image` is of this version"
                    .into()
            }
            ClusterError::PodSlow { .. } | ClusterError::Broken { .. } | ClusterError::Interrupted { .. } => {
                "nothing was half done; try again".into()
            }
            ClusterError::TemplateDiffers { name } => format!(
                "templates are never changed, for jobs may run on them; if the operator's settings changed, remove it \
                 when no job of it runs: kubectl delete workflowtemplate {name}"
            ),
            ClusterError::TemplateChanged { .. } => {
                "something in the cluster changes WorkflowTemplates, such as a mutating webhook; show this to who operates it"
                    .into()
            }
            // What it says comes with what to do.
            ClusterError::Duty { .. } | ClusterError::Bug(_) => String::new(),
            ClusterError::OtherNamespace { theirs, .. } => format!("leave --namespace out, or give {theirs}"),
        }
    }
}

fn coded(code: &Option<i32>) -> String {
    code.map_or_else(String::new, |code| format!(", exit code {code}"))
}

fn quoted(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!("; it said: {}", said.trim_end()) }
}

fn is_of_quota(message: &str) -> bool {
    message.contains("exceeded quota") || message.contains("on resourcequotas")
}

fn names_an_object(status: &kube::core::Status) -> bool {
    status.details.as_ref().is_some_and(|details| !details.name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(code: u16, message: &str, name: &str) -> kube::Error {
        let status = serde_json::json!({"code": code, "message": message, "details": {"name": name}});
        kube::Error::Api(serde_json::from_value(status).unwrap())
    }

    #[test]
    fn a_missing_right_is_named_with_its_role() {
        let says = "pods is forbidden: User \"x\" cannot create resource \"pods\" in API group \"\"";
        let error = ClusterError::of(api(403, says, ""), Right::CREATE_POD, "jobs");
        assert_eq!(error.to_string(), "this account may not create pods in namespace jobs");
        assert!(error.hint().contains("assay-staff"), "{}", error.hint());
        assert_eq!(error.exit(), Exit::ClusterRefused);
    }

    #[test]
    fn admission_is_told_from_missing_rights() {
        let says = "pods \"x\" is forbidden: violates PodSecurity \"restricted:latest\"";
        let error = ClusterError::of(api(403, says, "x"), Right::CREATE_POD, "jobs");
        assert!(matches!(error, ClusterError::Refused { .. }), "{error}");
    }

    #[test]
    fn a_full_quota_is_no_policy_no_right_and_no_name_that_is_taken() {
        for (code, says) in [
            (
                403,
                "pods \"x\" is forbidden: exceeded quota: jobs, requested: pods=1, used: pods=9, limited: pods=9",
            ),
            (409, "Operation cannot be fulfilled on resourcequotas \"jobs\": the object has been modified"),
        ] {
            let error = ClusterError::of(api(code, says, "x"), Right::CREATE_POD, "jobs");
            assert!(matches!(error, ClusterError::Full { .. }), "{error}");
            assert_eq!(error.exit(), Exit::ClusterUnavailable);
            assert!(!error.is_taken() && !error.is_passing());
        }
    }

    #[test]
    fn what_may_pass_is_told_from_what_will_not() {
        let passes = |code| ClusterError::of(api(code, "no", "x"), Right::GET_POD, "jobs").is_passing();
        assert!(passes(500) && passes(503) && passes(429));
        assert!(!passes(404) && !passes(403) && !passes(409));
    }

    #[test]
    fn a_missing_kind_is_told_from_a_missing_object() {
        let kind = ClusterError::of(api(404, "404 page not found", ""), Right::GET_JOB, "jobs");
        assert!(matches!(kind, ClusterError::NoArgo { resource: "workflows" }), "{kind}");
        let object = ClusterError::of(api(404, "workflows \"x\" not found", "x"), Right::GET_JOB, "jobs");
        assert!(object.is_missing(), "{object}");
    }

    #[test]
    fn no_message_repeats_its_cause() {
        let error = ClusterError::of(api(500, "etcd is full", ""), Right::GET_POD, "jobs");
        assert!(!error.to_string().contains("etcd"), "{error}");
    }
}
