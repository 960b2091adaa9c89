//! Manifests of Kubernetes objects inside `resource` templates: opened, so that they are compared like all the rest.

use serde_json::Value;

use super::finding::{Code, Finding, shown, visible};
use super::path::Path;

/// Puts in the place of each manifest what it holds: its document, or a list where there are several. What cannot be opened
/// stays as it is, and is named.
pub(super) fn open(document: &mut Value) -> Vec<Finding> {
    let mut findings = vec![];
    let templates = document.get_mut("spec").and_then(|spec| spec.get_mut("templates"));
    for (index, template) in templates.and_then(Value::as_array_mut).into_iter().flatten().enumerate() {
        let templates = Path::root().fields(["spec", "templates"]);
        let name = template.get("name").and_then(Value::as_str);
        let path = name.map_or_else(|| templates.index(index), |name| templates.named(name));
        let Some(manifest) = template.get_mut("resource").and_then(|resource| resource.get_mut("manifest"))
        else {
            continue;
        };
        match opened(manifest) {
            Ok(value) => *manifest = value,
            Err(message) => {
                let path = path.fields(["resource", "manifest"]);
                findings.push(Finding::new(Code::ManifestVolume, &path, message));
            }
        }
    }
    findings
}

/// What a manifest holds, or why it is not known.
fn opened(manifest: &Value) -> Result<Value, String> {
    let text =
        manifest.as_str().ok_or_else(|| format!("expected a text, found {}", shown(Some(manifest))))?;
    let mut documents = super::read(text).map_err(|cause| {
        format!("cannot be read, so that its volumes are not known: {}", visible(&cause.to_string()))
    })?;
    // Argo replaces tags in the text, also where no value is: one in a comment could become anything.
    let in_values: usize = documents.iter().map(tags).sum();
    if text.contains('\\') || text.matches("{{").count() != in_values {
        return Err("holds an escape, or a tag outside of its values".into());
    }
    Ok(if documents.len() == 1 { documents.remove(0) } else { Value::Array(documents) })
}

/// How many tags its texts hold.
fn tags(value: &Value) -> usize {
    match value {
        Value::String(text) => text.matches("{{").count(),
        Value::Array(items) => items.iter().map(tags).sum(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| name.matches("{{").count() + tags(value)).sum()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

/// The volumes that a `resource` which is not expected brings in, wherever in its opened manifest they are.
pub(super) fn volumes(resource: &Value, path: &Path) -> Vec<Finding> {
    let mut findings = vec![];
    if let Some(manifest) = resource.get("manifest") {
        search(manifest, &path.field("manifest"), &mut findings);
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
