//! Each part of a template taken away, added to, changed and moved, one after the other.

use assay_contract::Stage;
use serde_json::{Value, json};

use super::*;

/// The only scalars that an author decides alone; [`super::what_may_vary_together`] has those that must vary together.
const FREE: [&str; 2] = [
    "/metadata/annotations/workflows.argoproj.io~1title",
    "/metadata/annotations/workflows.argoproj.io~1description",
];

/// All pointers into a value, the root apart.
fn pointers(value: &Value, at: &str, out: &mut Vec<String>) {
    let mut into = |step: &str, value: &Value| {
        let pointer = format!("{at}/{}", step.replace('~', "~0").replace('/', "~1"));
        out.push(pointer.clone());
        pointers(value, &pointer, out);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| into(name, value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, value)| into(&i.to_string(), value)),
        _ => {}
    }
}

/// Both kinds of template, each with the pointers at which it is changed: of the strict one only what the other has not.
fn bases() -> [(Value, Vec<String>); 2] {
    let base = opened(Isolation::Standard);
    let mut all = vec![String::new()];
    pointers(&base, "", &mut all);
    let strict = opened(Isolation::Strict);
    let mut strict_ones = vec![];
    pointers(&strict, "", &mut strict_ones);
    strict_ones.retain(|pointer| base.pointer(pointer) != strict.pointer(pointer));
    assert!(all.len() > 1_000 && strict_ones.len() > 350, "{} {}", all.len(), strict_ones.len());
    [(base, all), (strict, strict_ones)]
}

/// The stage that a pointer leads into: by its template, or by its task in a DAG.
fn stage_at(base: &Value, pointer: &str) -> Option<Stage> {
    let steps: Vec<_> = pointer.split('/').collect();
    let name = |steps: &[&str]| base.pointer(&steps.join("/"))?["name"].as_str().and_then(Stage::from_id);
    match steps.as_slice() {
        ["", "spec", "templates", _, "dag", "tasks", _, ..] => name(&steps[..7]),
        ["", "spec", "templates", _, ..] => name(&steps[..4]),
        _ => None,
    }
}

/// Asserts that a document is refused, and that the finding names the stage.
#[track_caller]
fn assert_found(changed: &Value, stage: Option<Stage>, what: &str) {
    let changed = closed(changed);
    let findings = document(&changed, &Operator::default()).findings;
    let not_ours = not_a_template(&changed).is_some();
    assert!(not_ours || !findings.is_empty(), "{what} is not found");
    if stage.is_some() {
        assert!(
            findings.iter().any(|finding| finding.stage == stage),
            "{what}: {stage:?} is not named: {findings:#?}"
        );
    }
}

#[test]
fn nothing_can_be_left_out() {
    for (base, all) in bases() {
        for pointer in all.iter().filter(|pointer| !pointer.is_empty()) {
            let (parent, last) = pointer.rsplit_once('/').unwrap();
            let mut changed = base.clone();
            match changed.pointer_mut(parent).unwrap() {
                Value::Object(fields) => {
                    fields.remove(&last.replace("~1", "/").replace("~0", "~"));
                }
                Value::Array(items) => {
                    items.remove(last.parse().unwrap());
                }
                other => panic!("{other} has no parts"),
            }
            assert_found(&changed, stage_at(&base, pointer), &format!("without {pointer}"));
        }
    }
}

#[test]
fn nothing_can_be_added() {
    let mut mappings = 0;
    for (base, all) in bases() {
        for pointer in &all {
            let mut changed = base.clone();
            match changed.pointer_mut(pointer).unwrap() {
                Value::Object(fields) => {
                    mappings += 1;
                    fields.insert("surprise".into(), "x".into());
                }
                Value::Array(items) => {
                    let first = items.first().cloned().unwrap_or_default();
                    items.push(first);
                }
                _ => continue,
            }
            assert_found(&changed, stage_at(&base, pointer), &format!("more in {pointer}"));
        }
    }
    assert!(mappings > 300, "{mappings}");
}

#[test]
fn no_scalar_can_be_changed() {
    let mut changes = 0;
    for (base, all) in bases() {
        let scalars = all
            .iter()
            .filter(|pointer| !matches!(base.pointer(pointer).unwrap(), Value::Object(_) | Value::Array(_)));
        for pointer in scalars {
            let stage = stage_at(&base, pointer);
            let value = base.pointer(pointer).unwrap();
            let other = match value {
                Value::String(text) => json!(format!("{text}x")),
                Value::Number(number) => json!(number.as_u64().unwrap() + 1),
                Value::Bool(value) => json!(!value),
                other => panic!("{other} is rendered nowhere"),
            };
            for (new, free) in [
                (other, FREE.contains(&pointer.as_str())),
                (json!("{{=1}}"), false),
                (Value::Null, false),
                (json!([value]), false),
                (json!({"x": value}), false),
            ] {
                let mut changed = base.clone();
                *changed.pointer_mut(pointer).unwrap() = new.clone();
                if free {
                    assert_eq!(audited(&changed), [], "{pointer}");
                } else {
                    assert_found(&changed, stage, &format!("{pointer} as {new}"));
                }
                changes += 1;
            }
        }
    }
    assert!(changes > 3500, "{changes}");
}

#[test]
fn no_list_can_be_reordered() {
    for (base, all) in bases() {
        for pointer in &all {
            let mut changed = base.clone();
            let Some(Value::Array(items)) = changed.pointer_mut(pointer) else { continue };
            if items.len() > 1 && items.iter().any(|item| *item != items[0]) {
                items.rotate_left(1);
                assert_found(&changed, stage_at(&base, pointer), &format!("{pointer} in another order"));
            }
        }
    }
}
