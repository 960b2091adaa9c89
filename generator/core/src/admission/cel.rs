//! Writing expressions of CEL from checked names.

use std::fmt::Display;

use crate::operator::ClaimPattern;

/// A list of strings.
pub(super) fn list(items: impl IntoIterator<Item = impl Display>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| format!("'{item}'")).collect();
    format!("[{}]", items.join(", "))
}

/// A map from strings to expressions.
pub(super) fn map<'a>(entries: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let entries: Vec<String> = entries.into_iter().map(|(key, value)| format!("'{key}': {value}")).collect();
    format!("{{{}}}", entries.join(", "))
}

/// Whether the expression `claim` gives a name of that pattern.
pub(super) fn matches(pattern: &ClaimPattern, claim: &str) -> String {
    let (before, after) = pattern.around();
    match pattern.placeholder() {
        Some(_) => format!("{claim}.matches('^{before}.+{after}$')"),
        None => format!("{claim} == '{before}'"),
    }
}

/// The name that the pattern gives for the expression `name`.
pub(super) fn fill(pattern: &ClaimPattern, name: &str) -> String {
    let (before, after) = pattern.around();
    format!("'{before}' + {name} + '{after}'")
}
