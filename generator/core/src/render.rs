//! From a plan to the text of a WorkflowTemplate that has been checked.
//!
//! The layout is a template (`workflow-templates/`), every value is quoted on its way in, and the text is then read back
//! and audited like any stranger's. Text that was not audited never leaves this module.

mod context;
mod escape;
pub(crate) mod steps;
pub(crate) mod tag;
pub(crate) mod wiring;

pub(crate) use context::title;

use std::sync::LazyLock;

use tera::Tera;

use crate::audit::{self, Finding};
use crate::operator::Operator;
use crate::plan::Plan;

/// The text of a WorkflowTemplate that the audit found nothing in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    name: String,
    text: String,
}

impl Checked {
    /// The WorkflowTemplate's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text: one YAML document, the same for the same plan to the byte.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Why no template came of a plan. Each of these is a bug in Assay, or a plan that was changed after it was made.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The layout did not take the plan's values.
    #[error("the workflow template cannot be laid out")]
    Layout(#[source] Box<tera::Error>),
    /// What was laid out is not what the table, the plan and the operator ask for.
    #[error("the rendered workflow template breaks the table: {}", first(.0))]
    Audit(Vec<Finding>),
}

fn first(findings: &[Finding]) -> String {
    let more = findings.len().saturating_sub(1);
    findings.first().map_or_else(String::new, |finding| {
        let Finding { field, message, .. } = finding;
        if more == 0 {
            format!("{field}: {message}")
        } else {
            format!("{field}: {message} (and {more} more)")
        }
    })
}

const TEMPLATE: &str = "job.yaml.tera";

/// The layouts, parsed once. They are part of the program: a mistake in them fails every test that renders.
static LAYOUTS: LazyLock<Result<Tera, tera::Error>> = LazyLock::new(|| {
    let mut tera = Tera::new();
    tera.set_escape_fn(escape::escape);
    tera.autoescape_on([".yaml.tera"]);
    tera.add_raw_templates([
        ("bare.yaml.tera", include_str!("../../../workflow-templates/bare.yaml.tera")),
        ("step.yaml.tera", include_str!("../../../workflow-templates/step.yaml.tera")),
        ("stage.yaml.tera", include_str!("../../../workflow-templates/stage.yaml.tera")),
        (TEMPLATE, include_str!("../../../workflow-templates/job.yaml.tera")),
    ])?;
    Ok(tera)
});

/// Renders a plan, and audits what was rendered.
///
/// # Errors
/// If the text is not exactly what the plan, the operator and the table ask for.
pub fn render(plan: &Plan, operator: &Operator) -> Result<Checked, RenderError> {
    let text = lay_out(plan, operator).map_err(|cause| RenderError::Layout(Box::new(cause)))?;
    let findings = audit::audit_plan(&text, plan, operator);
    if findings.is_empty() {
        Ok(Checked { name: plan.name(), text })
    } else {
        Err(RenderError::Audit(findings))
    }
}

fn lay_out(plan: &Plan, operator: &Operator) -> Result<String, tera::Error> {
    let tera = LAYOUTS.as_ref().map_err(|cause| tera::Error::message(cause.to_string()))?;
    let context = tera::Context::from_serialize(&context::Job::new(plan, operator))?;
    tera.render(TEMPLATE, &context)
}

#[cfg(test)]
mod tests;
