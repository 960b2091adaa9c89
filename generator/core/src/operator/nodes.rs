//! Where pods of jobs may run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::check::is_dns_name;

/// What the nodes of jobs' pods must have, and what of them is put up with.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Nodes {
    /// Labels that a node must have.
    pub selector: BTreeMap<String, String>,
    /// Taints that a node may have.
    pub tolerations: Vec<Toleration>,
}

/// A taint that a node may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Toleration {
    /// The taint's key.
    pub key: String,
    /// The taint's value; any, where it is not given.
    pub value: Option<String>,
    /// The taint's effect; any, where it is not given.
    pub effect: Option<TaintEffect>,
}

/// What a taint does; the words of Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaintEffect {
    /// Nothing new is placed there.
    NoSchedule,
    /// Nothing new is placed there if it can be helped.
    PreferNoSchedule,
    /// What runs there is evicted.
    NoExecute,
}

impl Nodes {
    /// The first key or value that Kubernetes would not take for a label's or a taint's.
    pub(super) fn invalid(&self) -> Option<&str> {
        let Nodes { selector, tolerations } = self;
        let labels = selector.iter().map(|(key, value)| (key, Some(value)));
        let taints = tolerations.iter().map(|Toleration { key, value, effect: _ }| (key, value.as_ref()));
        labels.chain(taints).find_map(|(key, value)| {
            if !is_key(key) { Some(key.as_str()) } else { value.filter(|v| !is_value(v)).map(String::as_str) }
        })
    }
}

fn is_key(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_dns_name(prefix, 253, true) && !name.is_empty() && is_value(name),
        None => !text.is_empty() && is_value(text),
    }
}

fn is_value(text: &str) -> bool {
    let edge = |b: Option<u8>| b.is_none_or(|b| b.is_ascii_alphanumeric());
    text.len() <= 63
        && edge(text.bytes().next())
        && edge(text.bytes().last())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_are_those_of_labels() {
        for key in ["a", "example.edu/pool", "kubernetes.io/arch"] {
            assert!(is_key(key), "{key}");
        }
        for key in ["", "/a", "a/", "a/b/c", "A b", "{{x}}", "-a", "a\n"] {
            assert!(!is_key(key), "{key}");
        }
        assert!(is_value("") && is_value("Grading_1.x") && !is_value("a b") && !is_value(&"a".repeat(64)));
    }
}
