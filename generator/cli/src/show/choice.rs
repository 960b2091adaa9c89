//! What is about to be handed in, and what the rules say, before anything is sent.

use std::fmt::Write;

use assay_contract::AssignmentId;
use assay_contract::configuration::SubmissionRules;
use assay_contract::queue::Rules;
use assay_core::look::bytes;
use assay_core::pack::Choice;

use super::parts::{Column, HEAD, count, table};
use crate::console::inert;

/// How many files are named.
const NAMED: usize = 20;

/// The files, what is left out, and the rules.
pub(crate) fn text(assignment: &AssignmentId, choice: &Choice, rules: Option<&Rules>) -> String {
    let mut out = format!("{HEAD}{assignment}{HEAD:#}");
    if let Some(rules) = rules {
        let _ = write!(out, ": {}", inert(&rules.title));
    }
    out.push('\n');
    if choice.files.is_empty() {
        out.push_str("a zip, whose files cannot be read here\n");
    } else {
        let rows = choice.files.iter().take(NAMED).map(|file| [inert(&file.name), bytes(file.size)]);
        let _ = writeln!(out, "{}", table([Column::Words("file"), Column::Amount("size")], rows));
        let more = choice.files.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(", {more} of them not listed") } else { String::new() };
        let _ = writeln!(out, "{}, {} together{more}", count(choice.files.len(), "file"), bytes(choice.size()));
    }
    if !choice.left_out.is_empty() {
        let named: Vec<String> = choice.left_out.iter().take(NAMED).map(|name| inert(name)).collect();
        let more = if choice.left_out.len() > NAMED { " and more" } else { "" };
        let _ = writeln!(out, "left out: {}{more}", named.join(", "));
    }
    match rules {
        Some(rules) => rules_of(&mut out, rules),
        None => out.push_str("the rules of this assignment are not known here\n"),
    }
    out
}

fn rules_of(out: &mut String, rules: &Rules) {
    let SubmissionRules { required, allowed, size_bytes, unpacked_bytes: _, files: _, attempts, cooldown_seconds: _ } =
        &rules.rules;
    let mut parts = Vec::new();
    if !required.is_empty() {
        parts.push(format!("required: {}", inert(&required.join(", "))));
    }
    if !allowed.is_empty() {
        parts.push(format!("allowed: {}", inert(&allowed.join(", "))));
    }
    parts.push(format!("at most {}", bytes(*size_bytes)));
    if let Some(attempts) = attempts {
        parts.push(count(attempts, "attempt"));
    }
    let _ = writeln!(out, "{}", parts.join("; "));
    if let Some(due) = rules.schedule.as_ref().and_then(|schedule| schedule.due.as_ref()) {
        let _ = writeln!(out, "due {}", inert(&due.text));
    }
}
