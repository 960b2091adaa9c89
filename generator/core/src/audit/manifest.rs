//! Volumes in the manifests of Kubernetes objects that a template would make.

use serde_json::Value;

use super::finding::{Code, Finding, shown, visible};
use super::path::Path;

/// The volumes that a `resource` template brings in, wherever in its manifest they are.
pub(super) fn volumes(resource: &Value, path: &Path) -> Vec<Finding> {
    let path = path.field("manifest");
    let Some(manifest) = resource.get("manifest") else { return vec![] };
    let Some(text) = manifest.as_str() else {
        let message = format!("expected a text, found {}", shown(Some(manifest)));
        return vec![Finding::new(Code::ManifestVolume, &path, message)];
    };
    let documents = match super::read(text) {
        Ok(documents) => documents,
        Err(cause) => {
            let message =
                format!("cannot be read, so that its volumes are not known: {}", visible(&cause.to_string()));
            return vec![Finding::new(Code::ManifestVolume, &path, message)];
        }
    };
    let mut findings = vec![];
    for document in &documents {
        search(document, &path, &mut findings);
    }
    findings
}

/// The reader bounds how deep a document is nested, so this ends.
fn search(value: &Value, path: &Path, findings: &mut Vec<Finding>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = path.field(name);
                match value {
                    Value::Array(volumes) if name == "volumes" || name == "volumeClaimTemplates" => {
                        for (index, volume) in volumes.iter().enumerate() {
                            let message = format!("expected nothing, found {}", shown(Some(volume)));
                            findings.push(Finding::new(Code::ManifestVolume, &path.index(index), message));
                        }
                    }
                    _ => search(value, &path, findings),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                search(item, &path.index(index), findings);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
