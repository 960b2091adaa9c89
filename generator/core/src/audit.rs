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
    each_document(text, |found| {
        let recovered = recover::recover(found, operator);
        let mut findings = recovered.problems;
        if let Some(plan) = recovered.plan {
            let named: Vec<_> = findings.iter().map(|finding| finding.field.clone()).collect();
            let differences = differences(&plan, operator, found);
            findings.extend(differences.into_iter().filter(|finding| !named.contains(&finding.field)));
        }
        findings
    })
}

/// Audits a text that must be the one document of this plan.
pub(crate) fn audit_plan(text: &str, plan: &Plan, operator: &Operator) -> Vec<Finding> {
    each_document(text, |found| differences(plan, operator, found))
}

fn differences(plan: &Plan, operator: &Operator, found: &Value) -> Vec<Finding> {
    let expected = expected::template(plan, operator);
    compare::compare(&expected, found).iter().flat_map(classify::findings).collect()
}

fn each_document(text: &str, audit: impl Fn(&Value) -> Vec<Finding>) -> Vec<Finding> {
    let documents = match read(text) {
        Ok(documents) => documents,
        Err(cause) => return vec![Finding::new(Code::Unreadable, &Path::root(), cause.to_string())],
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
