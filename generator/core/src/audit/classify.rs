//! From a difference to findings: what kind of thing it is, and how to say it.

use assay_contract::{Volume, table};
use serde_json::Value;

use super::compare::{Difference, Kind};
use super::finding::{Code, Finding, shown};
use super::manifest;
use super::path::{Path, Step};

/// What a difference means. One finding, and more where a manifest inside it brings volumes.
pub(super) fn findings(difference: &Difference<'_>) -> Vec<Finding> {
    let Difference { path, kind } = difference;
    let code = code(path, kind);
    let mut findings = vec![Finding::new(code, path, message(code, path, kind))];
    if let (Code::Resource, Kind::Extra(value)) = (code, kind) {
        findings.extend(manifest::volumes(value, path));
    }
    findings
}

fn code(path: &Path, kind: &Kind<'_>) -> Code {
    let fields: Vec<&str> = path
        .steps()
        .iter()
        .filter_map(|step| match step {
            Step::Field(name) => Some(name.as_str()),
            Step::Named(_) | Step::Index(_) => None,
        })
        .collect();
    match fields.as_slice() {
        ["spec", "templates", rest @ ..] => in_template(rest, kind),
        ["spec", rest @ ..] => in_spec(rest, kind),
        ["metadata", ..] => Code::Metadata,
        _ => general(kind),
    }
}

fn in_template(fields: &[&str], kind: &Kind<'_>) -> Code {
    match fields {
        [] | ["name"] => match kind {
            Kind::Order => Code::Order,
            _ => Code::Template,
        },
        ["container", rest @ ..] => in_container(rest, kind),
        ["dag", "tasks", rest @ ..] => in_task(rest, kind),
        ["dag", ..] => Code::DagShape,
        ["steps", ..] => Code::ExitHandler,
        ["inputs" | "outputs", "artifacts", ..] | ["archiveLocation", ..] => Code::Artifacts,
        ["inputs", ..] => Code::Parameters,
        ["outputs", ..] => Code::Outputs,
        ["metadata" | "annotations", ..] => Code::Metadata,
        ["containerSet", ..] => Code::ContainerSet,
        ["script", ..] => Code::Script,
        ["resource", "manifest", "spec", rest @ ..] => in_pod(rest, kind),
        ["resource", "manifest", _, ..] => Code::Manifest,
        ["resource", ..] => Code::Resource,
        ["data" | "http" | "plugin" | "suspend", ..] => Code::TemplateKind,
        ["initContainers", ..] => Code::InitContainer,
        ["sidecars", ..] => Code::Sidecar,
        _ => anywhere(fields, kind),
    }
}

/// In a pod that a manifest would make.
fn in_pod(fields: &[&str], kind: &Kind<'_>) -> Code {
    match fields {
        ["containers"] => Code::Sidecar,
        ["containers", rest @ ..] => in_container(rest, kind),
        ["initContainers" | "ephemeralContainers", ..] => Code::InitContainer,
        _ => anywhere(fields, kind),
    }
}

fn in_spec(fields: &[&str], kind: &Kind<'_>) -> Code {
    match fields {
        ["entrypoint"] => Code::Entrypoint,
        ["arguments", "artifacts", ..] | ["artifactGC" | "artifactRepositoryRef", ..] => Code::Artifacts,
        ["arguments", ..] => Code::Parameters,
        ["workflowMetadata" | "podMetadata", ..] => Code::Metadata,
        ["volumeClaimTemplates", ..] => Code::ClaimTemplate,
        ["podGC" | "volumeClaimGC" | "ttlStrategy", ..] => Code::CleanUp,
        ["templateDefaults" | "workflowTemplateRef", ..] => Code::TemplateKind,
        _ => anywhere(fields, kind),
    }
}

/// Fields that a workflow and a template both may have.
fn anywhere(fields: &[&str], kind: &Kind<'_>) -> Code {
    match fields {
        ["volumes", rest @ ..] => in_volume(rest, kind),
        ["hooks", ..] => Code::Hook,
        ["onExit", ..] => Code::ExitHandler,
        ["podSpecPatch", ..] => Code::PodSpecPatch,
        ["archiveLogs", ..] => Code::ArchiveLogs,
        ["serviceAccountName", ..] => Code::ServiceAccount,
        ["automountServiceAccountToken", ..] => Code::TokenMounted,
        ["executor", ..] => Code::Executor,
        ["hostNetwork" | "hostAliases" | "hostPID" | "hostIPC", ..] => Code::HostAccess,
        ["securityContext", ..] => Code::SecurityContext,
        ["activeDeadlineSeconds" | "timeout", ..] => Code::Deadline,
        ["dnsPolicy" | "dnsConfig", ..] => Code::Names,
        [
            "nodeSelector" | "tolerations" | "affinity" | "schedulerName" | "nodeName" | "runtimeClassName",
            ..,
        ] => Code::Placement,
        ["retryStrategy", ..] => Code::Retry,
        ["synchronization", ..] => Code::Synchronization,
        _ => general(kind),
    }
}

fn in_container(fields: &[&str], kind: &Kind<'_>) -> Code {
    match fields {
        ["volumeMounts"] => match kind {
            Kind::Extra(_) => Code::MountExtra,
            Kind::Missing(_) | Kind::Differs { .. } => Code::MountMissing,
            Kind::Duplicate(_) => Code::MountDuplicate,
            Kind::Order => Code::Order,
        },
        ["volumeMounts", "readOnly"] if wants_read_only(kind) => Code::MountWritable,
        ["volumeMounts", "readOnly"] => Code::MountAccess,
        ["volumeMounts", "mountPath"] => Code::MountPath,
        ["volumeMounts", ..] => Code::MountOption,
        ["env", ..] => Code::Environment,
        ["envFrom", ..] => Code::EnvFrom,
        ["image" | "imagePullPolicy", ..] => Code::Image,
        ["command", ..] => Code::Command,
        ["args", ..] => Code::Arguments,
        ["resources", ..] => Code::Resources,
        ["securityContext", ..] => Code::SecurityContext,
        _ => general(kind),
    }
}

fn in_volume(fields: &[&str], kind: &Kind<'_>) -> Code {
    match fields {
        [] => match kind {
            Kind::Extra(_) => Code::VolumeExtra,
            Kind::Missing(_) | Kind::Differs { .. } => Code::VolumeMissing,
            Kind::Duplicate(_) => Code::VolumeDuplicate,
            Kind::Order => Code::Order,
        },
        ["persistentVolumeClaim", "readOnly"] if wants_read_only(kind) => Code::SourceWritable,
        ["persistentVolumeClaim", "readOnly"] => Code::SourceAccess,
        ["persistentVolumeClaim", "claimName"] => Code::Claim,
        _ => Code::VolumeKind,
    }
}

fn in_task(fields: &[&str], kind: &Kind<'_>) -> Code {
    match fields {
        ["depends" | "dependencies" | "when" | "continueOn", ..] => Code::Condition,
        ["arguments", "artifacts", ..] => Code::Artifacts,
        ["arguments", ..] => Code::Parameters,
        ["hooks", ..] => Code::Hook,
        ["onExit", ..] => Code::ExitHandler,
        ["templateRef" | "inline", ..] => Code::TemplateKind,
        _ if matches!(kind, Kind::Order) => Code::Order,
        _ => Code::DagShape,
    }
}

fn general(kind: &Kind<'_>) -> Code {
    match kind {
        Kind::Extra(_) => Code::UnknownField,
        Kind::Missing(_) => Code::MissingField,
        Kind::Differs { .. } | Kind::Duplicate(_) => Code::ValueDiffers,
        Kind::Order => Code::Order,
    }
}

fn wants_read_only(kind: &Kind<'_>) -> bool {
    match kind {
        Kind::Missing(expected) | Kind::Differs { expected, .. } => **expected == Value::Bool(true),
        Kind::Extra(_) | Kind::Duplicate(_) | Kind::Order => false,
    }
}

fn message(code: Code, path: &Path, kind: &Kind<'_>) -> String {
    let by_table = by_table(code, path);
    let difference = match kind {
        Kind::Extra(found) => format!("expected nothing, found {}", shown(Some(found))),
        Kind::Missing(expected) => format!("expected {}, found nothing", shown(Some(expected))),
        Kind::Differs { expected, found } => {
            format!("expected {}, found {}", shown(Some(expected)), shown(Some(found)))
        }
        Kind::Duplicate(found) => format!("expected it once, found it again: {}", shown(Some(found))),
        Kind::Order => "expected the same items in another order".into(),
    };
    match by_table {
        Some(by_table) => format!("{by_table}: {difference}"),
        None => difference,
    }
}

/// What the table says, where a finding is about a volume of a stage.
fn by_table(code: Code, path: &Path) -> Option<String> {
    let list = match code {
        Code::MountExtra | Code::MountMissing | Code::MountWritable | Code::MountAccess => "volumeMounts",
        Code::VolumeExtra | Code::VolumeMissing | Code::SourceWritable | Code::SourceAccess => "volumes",
        _ => return None,
    };
    let (stage, name) = (path.stage()?, path.item_of(list)?);
    let Some(volume) = Volume::from_id(name) else {
        return Some("the table has no such volume".into());
    };
    Some(match table::access(stage, volume) {
        Some(access) => format!("{stage} has `{volume}` as {}", access.letter()),
        None => format!("{stage} does not see `{volume}`"),
    })
}
