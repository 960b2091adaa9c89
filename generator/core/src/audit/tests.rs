//! Every single change to a template is found, and named where it is.

use std::collections::BTreeSet;

use assay_contract::{AssignmentId, Digest, Stage};
use serde_json::{Value, json};

use super::*;
use crate::isolation::Isolation;
use crate::plan::{Described, Needs};

mod around;
mod bare;
mod every;
mod table;

fn template() -> Value {
    template_of(Isolation::Standard)
}

/// A template with its manifests opened.
fn opened(isolation: Isolation) -> Value {
    let mut template = template_of(isolation);
    assert_eq!(manifest::open(&mut template), []);
    template
}

/// The template with its manifests as text again.
fn closed(opened: &Value) -> Value {
    let mut closed = opened.clone();
    for template in closed["spec"]["templates"].as_array_mut().into_iter().flatten() {
        let Some(manifest) = template.get_mut("resource").and_then(|r| r.get_mut("manifest")) else {
            continue;
        };
        let text = match &*manifest {
            Value::Object(_) => manifest.to_string(),
            Value::Array(documents) => {
                documents.iter().map(|document| format!("---\n{document}\n")).collect()
            }
            _ => continue,
        };
        *manifest = text.into();
    }
    closed
}

fn template_of(isolation: Isolation) -> Value {
    let described = Described {
        assignment: AssignmentId::new("comp10002/wordcount").unwrap(),
        revision: Digest::new("5c0d".repeat(16)).unwrap(),
        title: "Word count".into(),
        description: "Counts.".into(),
        image: "hub/singleuser:2026.1".into(),
        isolation: Some(isolation),
        verify: Needs { wall_seconds: 60, memory_bytes: 512 << 20 },
        test: Needs { wall_seconds: 90, memory_bytes: 64 << 20 },
    };
    let operator = Operator::default();
    let plan = Plan::new(&described, &operator).unwrap();
    let checked = crate::render::render(&plan, &operator).unwrap();
    serde_saphyr::from_str(checked.text()).unwrap()
}

fn audited(found: &Value) -> Vec<Finding> {
    audit(&closed(found).to_string(), &Operator::default())
}

fn index_of(template: &Value, stage: Stage) -> usize {
    let templates = template["spec"]["templates"].as_array().unwrap();
    templates.iter().position(|template| template["name"] == stage.id()).unwrap()
}

/// The template with one stage changed.
fn with_stage(base: &Value, stage: Stage, change: impl FnOnce(&mut Value)) -> Value {
    let mut changed = base.clone();
    let index = index_of(base, stage);
    change(&mut changed["spec"]["templates"][index]);
    assert_ne!(&changed, base, "the change must change something");
    changed
}

/// Asserts that the change is found as one of `codes`, at that stage.
#[track_caller]
fn assert_named(changed: &Value, stage: Option<Stage>, codes: &[Code]) {
    let findings = audited(changed);
    for code in codes {
        let named = findings.iter().any(|finding| finding.code == *code && finding.stage == stage);
        assert!(named, "{code:?} of {stage:?} is not among {findings:#?}");
    }
}

fn named<'a>(list: &'a mut Value, name: &str) -> &'a mut Value {
    list.as_array_mut().unwrap().iter_mut().find(|item| item["name"] == name).unwrap()
}

fn remove(list: &mut Value, name: &str) {
    list.as_array_mut().unwrap().retain(|item| item["name"] != name);
}

fn push(list: &mut Value, item: Value) {
    match list {
        Value::Array(items) => items.push(item),
        other => *other = json!([item]),
    }
}

#[test]
fn what_was_rendered_is_accepted_in_any_notation() {
    for isolation in Isolation::ALL {
        assert_eq!(audited(&template_of(isolation)), []);
        assert_eq!(audited(&opened(isolation)), [], "manifests in another notation");
    }
    let base = template();
    assert_eq!(audit(&serde_saphyr::to_string(&base).unwrap(), &Operator::default()), []);
    let twice = format!("---\n{base}\n---\n{base}\n");
    assert_eq!(audit(&twice, &Operator::default()), []);
}

/// Sets the value at a pointer, and makes mappings on the way to it.
fn set(root: &mut Value, pointer: &str, value: Value) {
    let mut at = root;
    for step in pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")) {
        at = match step.parse::<usize>() {
            Ok(index) => &mut at[index],
            Err(_) => &mut at[step],
        };
    }
    *at = value;
}

#[test]
fn what_may_vary_together() {
    let base = template();
    let (verify, test) = (index_of(&base, Stage::Verify), index_of(&base, Stage::Test));
    let container = |stage: usize| format!("/spec/templates/{stage}/container");
    let both = |changes: &[(String, Value)]| {
        let mut changed = base.clone();
        changes.iter().for_each(|(pointer, value)| set(&mut changed, pointer, value.clone()));
        audited(&changed)
    };
    let image = |stage| (format!("{}/image", container(stage)), json!("gcc:14"));
    assert_eq!(both(&[image(verify), image(test)]), []);
    let deadline = |seconds: u64| {
        [
            (format!("/spec/templates/{test}/activeDeadlineSeconds"), json!(seconds.to_string())),
            (format!("/spec/templates/{test}/timeout"), json!(format!("{seconds}s"))),
        ]
    };
    assert_eq!(both(&deadline(3600)), []);
    assert_eq!(both(&deadline(600)), []);
    assert!(!both(&deadline(3601)).is_empty() && !both(&deadline(599)).is_empty());
    let memory = |memory: &str| {
        ["requests", "limits"]
            .map(|of| (format!("{}/resources/{of}/memory", container(verify)), json!(memory)))
    };
    assert_eq!(both(&memory("2Gi")), []);
    assert_eq!(both(&memory("64Mi")), []);
    assert!(!both(&memory("3Gi")).is_empty() && !both(&memory("63Mi")).is_empty());
    assert!(!both(&memory("2048Mi")).is_empty(), "one amount is written in one way");
}

#[test]
fn other_kinds_and_unsafe_yaml_are_findings() {
    let operator = Operator::default();
    let codes = |text: &str| audit(text, &operator).into_iter().map(|f| f.code).collect::<BTreeSet<_>>();
    let not_a_template = BTreeSet::from([Code::NotATemplate]);
    for kind in ["Workflow", "ClusterWorkflowTemplate", "CronWorkflow", "Pod", ""] {
        let mut other = template();
        other["kind"] = kind.into();
        assert_eq!(codes(&other.to_string()), not_a_template, "{kind}");
    }
    for text in ["", "# nothing\n", "[]", "1", "{}"] {
        assert_eq!(codes(text), not_a_template, "{text}");
    }
    let unreadable = BTreeSet::from([Code::Unreadable]);
    let base = template().to_string();
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned()
        + &(b'b'..b'l')
            .map(|c| {
                let (c, before) = (char::from(c), char::from(c - 1));
                format!("{c}: &{c} [{}]\n", vec![format!("*{before}"); 9].join(","))
            })
            .collect::<String>();
    for text in ["a: [", "a: 1\na: 2", "a: &x {b: 1}\nc: {<<: *x}", "!x {}", &bomb, &"[".repeat(5000)] {
        assert_eq!(codes(text), unreadable, "{}", text.get(..20).unwrap_or(text));
    }
    let octal = base.replace("\"runAsUser\":1000", "\"runAsUser\":01000");
    assert!(codes(&octal).contains(&Code::SecurityContext), "Kubernetes reads 01000 as 512");
    let second = format!("---\n{base}\n---\nkind: Pod\napiVersion: v1\n");
    let findings = audit(&second, &operator);
    assert_eq!(findings.iter().map(|finding| finding.document).collect::<Vec<_>>(), [2]);
}

#[test]
fn messages_carry_nothing_that_a_terminal_acts_on() {
    let mut changed = template();
    changed["spec"]["entrypoint"] = "\u{1b}]52;c;x\u{7}\u{9b}31m\u{202e}".into();
    changed["spec"]["a\u{1b}[2J"] = 1.into();
    changed["metadata"]["annotations"]["assay.dev/revision"] = "\u{202e}".repeat(500).into();
    let mut findings = document(&changed, &Operator::default()).findings;
    assert!(findings.len() >= 3, "{findings:#?}");
    findings.extend(audit("a: \u{1b}[2J\u{9b}31m\u{202e}", &Operator::default()));
    findings.extend(audit("a\u{202e}: 1\na\u{202e}: 2", &Operator::default()));
    for finding in findings {
        let plain = |text: &str| {
            text.len() < 2000 && text.chars().all(|c| c == '…' || c == ' ' || c.is_ascii_graphic())
        };
        assert!(plain(&finding.message) && plain(&finding.field), "{finding:?}");
    }
}

#[test]
fn findings_are_for_programs_too() {
    let base = template();
    let changed = with_stage(&base, Stage::Verify, |t| {
        push(&mut t["container"]["volumeMounts"], json!({"name": "private-results", "mountPath": "/x"}));
    });
    assert_eq!(
        serde_json::to_value(audited(&changed)).unwrap(),
        json!([{
            "code": "mount-extra",
            "document": 1,
            "stage": "verify",
            "template": "verify",
            "field": "spec.templates[verify].container.volumeMounts[private-results]",
            "message": "verify does not see `private-results`: expected nothing, found \
                        {\"mountPath\":\"/x\",\"name\":\"private-results\"}",
            "hint": Code::MountExtra.hint(),
        }])
    );
    for code in Code::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), code.to_string());
        assert_eq!(Code::from_id(&code.to_string()), Some(*code));
    }
}
