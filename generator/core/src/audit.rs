//! Holds a WorkflowTemplate against the table, whoever wrote it.
//!
//! An allow-list over every field: from the few values that an assignment decides (title, description, image, limits) the
//! one acceptable template is built, and each difference from it is a finding. What is not known is a finding too; nothing
//! is skipped, and nothing in the text is trusted to say what it is.

mod classify;
mod compare;
mod expected;
mod finding;
mod manifest;
mod path;
mod recover;

pub use finding::{Code, Finding};

use serde_json::Value;

use crate::operator::Operator;
use crate::plan::Plan;
use path::Path;

/// Audits a text of one or more YAML documents, each of which must be a WorkflowTemplate as this operator's jobs have it.
/// No finding means that each is what [`crate::render::render`] makes of some assignment.
#[must_use]
pub fn audit(text: &str, operator: &Operator) -> Vec<Finding> {
    each_document(text, |found| document(found, operator).findings)
}

/// What `assay explain` says of a finding's code; `None` for a code that no finding has.
#[must_use]
pub fn explain(code: &str) -> Option<String> {
    Code::from_id(code)
        .map(|code| format!("{code} (finding of an audit)\n\n{}\n\n{}\n", code.summary(), code.hint()))
}

/// Audits a text that must be the one document of this plan.
pub(crate) fn audit_plan(text: &str, plan: &Plan, operator: &Operator) -> Vec<Finding> {
    each_document(text, |found| {
        let Audited { plan: recovered, mut findings } = document(found, operator);
        if findings.is_empty() && recovered.as_ref() != Some(plan) {
            let message = "expected the plan that was rendered, found another".into();
            findings.push(Finding::new(Code::Described, &Path::root(), message));
        }
        findings
    })
}

/// What was found of one document.
struct Audited {
    /// The plan that it follows, apart from the findings.
    plan: Option<Plan>,
    findings: Vec<Finding>,
}

fn document(found: &Value, operator: &Operator) -> Audited {
    let mut opened = found.clone();
    let mut findings = manifest::open(&mut opened);
    let recover::Recovered { plan, problems } = recover::recover(&opened, operator);
    findings.extend(problems);
    if let Some(plan) = &plan {
        // What could not be read differs from its stand-in, too; it is told once.
        let told: Vec<_> = findings.iter().map(|finding| finding.field.clone()).collect();
        let expected = expected::template(plan, operator);
        let differences = compare::compare(&expected, &opened);
        let differences = differences.iter().flat_map(classify::findings);
        findings.extend(differences.filter(|finding| !told.contains(&finding.field)));
    }
    Audited { plan, findings }
}

fn each_document(text: &str, audit: impl Fn(&Value) -> Vec<Finding>) -> Vec<Finding> {
    let documents = match read(text) {
        Ok(documents) => documents,
        Err(cause) => {
            return vec![Finding::new(Code::Unreadable, &Path::root(), finding::visible(&cause.to_string()))];
        }
    };
    if documents.is_empty() {
        return vec![Finding::new(Code::NotATemplate, &Path::root(), "there is no document".into())];
    }
    let mut findings = vec![];
    for (index, document) in documents.iter().enumerate() {
        let found = not_a_template(document).map_or_else(|| audit(document), |finding| vec![finding]);
        findings.extend(found.into_iter().map(|finding| Finding { document: index + 1, ..finding }));
    }
    findings
}

/// Reads YAML so that nothing which Kubernetes would read differently can pass for an expected value.
fn read(text: &str) -> Result<Vec<Value>, serde_saphyr::Error> {
    let options = serde_saphyr::options! {
        merge_keys: serde_saphyr::options::MergeKeyPolicy::Error,
        // Kubernetes reads `01750` as octal and `1_000` as a number; here both are text, which no number equals.
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    serde_saphyr::from_multiple_with_options(text, options)
}

fn not_a_template(document: &Value) -> Option<Finding> {
    let field = |name| document.get(name).and_then(Value::as_str);
    let (version, kind) = (field("apiVersion"), field("kind"));
    if version == Some(expected::API_VERSION) && kind == Some(expected::KIND) {
        return None;
    }
    let found = format!("{} {}", version.unwrap_or("(no apiVersion)"), kind.unwrap_or("(no kind)"));
    let message =
        format!("expected {} {}, found {}", expected::API_VERSION, expected::KIND, finding::visible(&found));
    Some(Finding::new(Code::NotATemplate, &Path::root().field("kind"), message))
}

#[cfg(test)]
mod tests;
