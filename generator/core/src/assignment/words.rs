//! Texts that people read: titles, names of cases.

use super::raw::At;
use crate::diagnostics::{Problem, codes};
use crate::plan::is_invisible;

/// A line of text for people, or `None` after a report.
///
/// Template marks are refused, because titles travel through templates of Argo's own, where `{{` has a meaning.
pub(crate) fn label(text: &At<String>, longest: usize, problems: &mut Vec<Problem>) -> Option<String> {
    let wrong = if text.value.trim().is_empty() {
        "it is blank".to_owned()
    } else if text.value.trim() != text.value {
        "it starts or ends with a blank".to_owned()
    } else if text.value.chars().any(|c| c.is_control() || is_invisible(c)) {
        "it has a line break, another control character or one that cannot be seen".to_owned()
    } else if text.value.chars().count() > longest {
        format!("it has more than {longest} characters")
    } else {
        return paragraph(text, longest, problems);
    };
    report(text, &wrong, problems);
    None
}

/// A longer text for people, line breaks allowed.
pub(crate) fn paragraph(text: &At<String>, longest: usize, problems: &mut Vec<Problem>) -> Option<String> {
    let control = |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || is_invisible(c);
    let wrong = if text.value.contains("{{") || text.value.contains("}}") {
        "`{{` and `}}` have a meaning in templates".to_owned()
    } else if text.value.chars().any(control) {
        "it has a control character or one that cannot be seen".to_owned()
    } else if text.value.chars().count() > longest {
        format!("it has more than {longest} characters")
    } else {
        return Some(text.value.clone());
    };
    report(text, &wrong, problems);
    None
}

fn report(text: &At<String>, wrong: &str, problems: &mut Vec<Problem>) {
    let message = format!("this text cannot be used for `{}`: {wrong}", text.place.path);
    problems.push(Problem::new(&codes::TEXT_INVALID, &text.place, message));
}
