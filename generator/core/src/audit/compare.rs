//! Every difference between the document that is expected and the one that was found.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::path::{Path, Step};

/// One difference.
#[derive(Debug)]
pub(super) struct Difference<'a> {
    pub(super) path: Path,
    pub(super) kind: Kind<'a>,
}

/// In what two documents differ at a path.
#[derive(Debug)]
pub(super) enum Kind<'a> {
    /// There, but not expected.
    Extra(&'a Value),
    /// Expected, but not there.
    Missing(&'a Value),
    /// Both there, with different values.
    Differs { expected: &'a Value, found: &'a Value },
    /// A second item of the same name.
    Duplicate(&'a Value),
    /// The items are the expected ones in another order.
    Order,
}

/// Lists whose items have names; all others are compared by position.
const NAMED_LISTS: [&str; 8] = [
    "containers",
    "env",
    "parameters",
    "tasks",
    "templates",
    "volumeClaimTemplates",
    "volumeMounts",
    "volumes",
];

/// All differences, in the order of the document.
pub(super) fn compare<'a>(expected: &'a Value, found: &'a Value) -> Vec<Difference<'a>> {
    let mut differences = vec![];
    values(expected, found, &Path::root(), &mut differences);
    differences
}

fn values<'a>(expected: &'a Value, found: &'a Value, path: &Path, out: &mut Vec<Difference<'a>>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => objects(expected, found, path, out),
        (Value::Array(expected), Value::Array(found)) if is_named_list(path) => {
            named_lists(expected, found, path, out);
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (expected, found)) in one.iter().zip(other).enumerate() {
                values(expected, found, &path.index(index), out);
            }
        }
        _ if expected == found => {}
        _ => out.push(Difference { path: path.clone(), kind: Kind::Differs { expected, found } }),
    }
}

fn objects<'a>(
    expected: &'a Map<String, Value>,
    found: &'a Map<String, Value>,
    path: &Path,
    out: &mut Vec<Difference<'a>>,
) {
    for (name, value) in expected {
        match found.get(name) {
            Some(found) => values(value, found, &path.field(name), out),
            None => missing(value, path.field(name), out),
        }
    }
    for (name, value) in found.iter().filter(|(name, _)| !expected.contains_key(*name)) {
        extra(value, path.field(name), out);
    }
}

fn named_lists<'a>(expected: &'a [Value], found: &'a [Value], path: &Path, out: &mut Vec<Difference<'a>>) {
    let before = out.len();
    let mut seen = BTreeSet::new();
    for (index, item) in found.iter().enumerate() {
        let Some(name) = name_of(item) else {
            extra(item, path.index(index), out);
            continue;
        };
        let counterpart = expected.iter().find(|expected| name_of(expected) == Some(name));
        if !seen.insert(name) {
            out.push(Difference { path: path.named(name), kind: Kind::Duplicate(item) });
        } else if let Some(expected) = counterpart {
            values(expected, item, &path.named(name), out);
        } else {
            extra(item, path.named(name), out);
        }
    }
    for item in expected {
        let name = name_of(item).unwrap_or_default();
        if !seen.contains(name) {
            missing(item, path.named(name), out);
        }
    }
    if out.len() == before && !expected.iter().map(name_of).eq(found.iter().map(name_of)) {
        out.push(Difference { path: path.clone(), kind: Kind::Order });
    }
}

/// Fields that are told part by part where they are not expected, because what they hold matters more than they do.
const OPENED: [&str; 5] = ["arguments", "container", "dag", "inputs", "outputs"];

/// Something that is not expected; lists of named things are told item by item, and of a template each part.
fn extra<'a>(found: &'a Value, path: Path, out: &mut Vec<Difference<'a>>) {
    match found {
        Value::Array(items) if is_named_list(&path) && !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                let path = name_of(item).map_or_else(|| path.index(index), |name| path.named(name));
                extra(item, path, out);
            }
        }
        Value::Object(parts) if ends_in(&path, &OPENED) && !parts.is_empty() => {
            for (name, part) in parts {
                extra(part, path.field(name), out);
            }
        }
        Value::Object(parts) if path.last_field() == Some("templates") => {
            for (name, part) in parts.iter().filter(|(name, _)| *name != "name") {
                extra(part, path.field(name), out);
            }
            out.push(Difference { path, kind: Kind::Extra(found) });
        }
        _ => out.push(Difference { path, kind: Kind::Extra(found) }),
    }
}

/// Something that is not there; lists of named things are told item by item.
fn missing<'a>(expected: &'a Value, path: Path, out: &mut Vec<Difference<'a>>) {
    match expected {
        Value::Array(items) if is_named_list(&path) => {
            for item in items {
                missing(item, path.named(name_of(item).unwrap_or_default()), out);
            }
        }
        _ => out.push(Difference { path, kind: Kind::Missing(expected) }),
    }
}

fn is_named_list(path: &Path) -> bool {
    ends_in(path, &NAMED_LISTS)
}

fn ends_in(path: &Path, fields: &[&str]) -> bool {
    matches!(path.steps().last(), Some(Step::Field(name)) if fields.contains(&name.as_str()))
}

fn name_of(item: &Value) -> Option<&str> {
    let name = item.get("name").or_else(|| item.get("metadata").and_then(|metadata| metadata.get("name")));
    name.and_then(Value::as_str)
}
