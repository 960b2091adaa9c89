//! A thousand random valid assignments, from their text to a checked template.
//!
//! Each must load, render, read back with exactly the table's mounts, and hold nothing of the cases: what a student or
//! an answer could say never reaches a template. Each single change to one of them is found by the audit; the systematic
//! list of changes is in `src/audit/tests`.

use std::fs;

use assay_contract::{Access, Stage, table};
use assay_core::assignment;
use assay_core::audit::audit;
use assay_core::operator::Operator;
use assay_core::plan::Plan;
use assay_core::render::render;
use proptest::prelude::*;
use serde_json::{Value, json};

/// What stands in every case: if it is in a template, something of a case got out.
const CANARY: &str = "kestrel7";

const SHOWS: [&str; 4] = ["nothing", "verdict", "output", "diff"];

#[derive(Debug)]
struct Random {
    text: String,
}

fn line() -> impl Strategy<Value = String> {
    // Everything that people write in a title, and what YAML, JSON, Tera and shells read into it.
    proptest::string::string_regex("[a-zA-Z0-9äßλ日 '\"\\\\:#&*!|>%@`,\\[\\]{}()?=+~^$/<.;-]{1,60}")
        .unwrap()
        .prop_filter("a title has a letter, and no mark of a template", |text| {
            text.chars().any(char::is_alphanumeric) && !text.contains("{{") && !text.contains("}}")
        })
}

fn case() -> impl Strategy<Value = Value> {
    (0..10_000_u32, line(), 1..100_u32, 0..4_usize, 0..5_usize, 1..9_u32).prop_map(
        |(n, text, points, show, how, cpu)| {
            let compare = [
                json!("exact"),
                json!("trimmed"),
                json!("tokens"),
                json!("regex"),
                json!({"numeric": {"absolute": 1e-6, "relative": 0.01}}),
            ];
            json!({
                "name": format!("{CANARY} {n} {}", text.replace(|c: char| !c.is_alphanumeric(), " ").trim()),
                "args": [format!("{CANARY}-{n}")],
                "stdin": format!("{CANARY} in {text}"),
                "stdout": format!("{CANARY} out"),
                "points": f64::from(points) / 4.0,
                "show": SHOWS[show],
                "compare": compare[how],
                "limits": {"cpu": format!("{cpu}s"), "memory": format!("{}Mi", 16 * cpu)},
            })
        },
    )
}

prop_compose! {
    fn random()(
        course in "[a-z][a-z0-9]{0,18}",
        name in "[a-z][a-z0-9]{0,12}(-[a-z0-9]{1,12})?",
        title in line(),
        description in proptest::collection::vec(line(), 0..4),
        tag in "[a-z0-9]{1,10}",
        salt in "[0-9a-f]{32}",
        build in proptest::option::of(1..60_u32),
        attempts in proptest::option::of(1..50_u32),
        loopback in any::<bool>(),
        isolation in proptest::option::of(proptest::sample::select(vec!["standard", "strict"])),
        cases in proptest::collection::vec(case(), 1..6),
    ) -> Random {
        let mut cases = cases;
        for (index, case) in cases.iter_mut().enumerate() {
            let name = format!("{} {index}", case["name"].as_str().unwrap());
            case["name"] = json!(name);
        }
        let mut submit = json!({"required": ["main.c"], "allowed": ["*.c"], "size": "1Mi"});
        if let Some(attempts) = attempts {
            submit["attempts"] = json!(attempts);
        }
        let mut assignment = json!({
            "apiVersion": "assay.dev/v1",
            "id": format!("{course}/{name}"),
            "title": title.trim(),
            "salt": salt,
            "image": format!("registry.example.edu/hub/image:{tag}x"),
            "submit": submit,
            "test": {"mode": "sealed", "run": "./main", "cases": cases},
        });
        if !description.is_empty() {
            assignment["description"] = json!(description.join("\n"));
        }
        if let Some(seconds) = build {
            assignment["build"] = json!({"run": "gcc -o main main.c", "limits": {"cpu": format!("{seconds}s")}});
        }
        if let Some(isolation) = isolation {
            assignment["isolation"] = json!(isolation);
        }
        if loopback {
            assignment["test"]["network"] = json!("loopback");
        }
        // JSON is YAML; quoting is the point here, not layout.
        Random { text: serde_json::to_string_pretty(&assignment).unwrap() }
    }
}

/// The pod of a stage, as a template has it: by itself, or opened from the manifest of the step that makes it.
fn pod(template: &Value) -> Value {
    let Some(manifest) = template["resource"]["manifest"].as_str() else { return template.clone() };
    let mut pod: Value = serde_saphyr::from_str(manifest).unwrap();
    let container = pod["spec"]["containers"][0].take();
    pod["spec"]["container"] = container;
    pod["spec"].take()
}

/// The mounts of a stage's template: volume, access by the mount, access by the source.
fn mounts(template: &Value) -> Vec<(String, bool, bool)> {
    let pod = pod(template);
    let sources = pod["volumes"].as_array().unwrap();
    pod["container"]["volumeMounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mount| {
            let name = mount["name"].as_str().unwrap();
            let source = sources.iter().find(|source| source["name"] == name).unwrap();
            assert_eq!(mount["mountPath"], format!("/volumes/{name}"));
            assert_eq!(mount.as_object().unwrap().keys().filter(|key| *key == "subPath").count(), 0);
            let read_only = |value: &Value| value["readOnly"].as_bool().unwrap_or(false);
            (name.to_owned(), read_only(mount), read_only(&source["persistentVolumeClaim"]))
        })
        .collect()
}

fn stage_template(document: &mut Value, stage: Stage) -> &mut Value {
    let templates = document["spec"]["templates"].as_array_mut().unwrap();
    templates.iter_mut().find(|template| template["name"] == stage.id()).unwrap()
}

/// One change of each kind that the audit must catch, at a stage that the case decides.
fn changes(document: &Value, stage: Stage) -> Vec<(&'static str, Value)> {
    type Change = (&'static str, fn(&mut Value));
    let changes: [Change; 9] = [
        ("a mount added", |t| {
            t["volumes"]
                .as_array_mut()
                .unwrap()
                .push(json!({"name": "more", "persistentVolumeClaim": {"claimName": "x"}}));
            t["container"]["volumeMounts"]
                .as_array_mut()
                .unwrap()
                .push(json!({"name": "more", "mountPath": "/more"}));
        }),
        ("a mount removed", |t| {
            t["container"]["volumeMounts"].as_array_mut().unwrap().pop();
        }),
        ("a mount's access flipped", |t| {
            let mount = &mut t["container"]["volumeMounts"][0];
            mount["readOnly"] = json!(!mount["readOnly"].as_bool().unwrap_or(false));
        }),
        ("a source's access flipped", |t| {
            let source = &mut t["volumes"][0]["persistentVolumeClaim"];
            source["readOnly"] = json!(!source["readOnly"].as_bool().unwrap_or(false));
        }),
        ("another claim", |t| t["volumes"][0]["persistentVolumeClaim"]["claimName"] = json!("other")),
        ("a secret", |t| {
            t["container"]["envFrom"] = json!([{"secretRef": {"name": "assay-signing-key"}}]);
        }),
        ("a token", |t| t["automountServiceAccountToken"] = json!(true)),
        ("a sidecar", |t| t["sidecars"] = json!([{"name": "s", "image": "x"}])),
        ("an init container", |t| t["initContainers"] = json!([{"name": "s", "image": "x"}])),
    ];
    changes
        .into_iter()
        .map(|(name, change)| {
            let mut changed = document.clone();
            let template = stage_template(&mut changed, stage);
            match template["resource"]["manifest"].is_string() {
                false => change(template),
                true => {
                    // What a pod's manifest may be changed in is what a template may be changed in.
                    let mut pod = pod(template);
                    change(&mut pod);
                    let container = pod["container"].take();
                    pod["containers"] = json!([container]);
                    pod.as_object_mut().unwrap().remove("container");
                    let text = template["resource"]["manifest"].as_str().unwrap();
                    let mut manifest: Value = serde_saphyr::from_str(text).unwrap();
                    manifest["spec"] = pod;
                    template["resource"]["manifest"] = json!(manifest.to_string());
                }
            }
            (name, changed)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_valid_assignment_renders_with_the_tables_mounts(random in random(), stage in 0..5_usize) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("assignment.yaml"), &random.text).unwrap();
        let loaded = assignment::load(folder.path()).unwrap_or_else(|e| panic!("{:?}\n{}", e.problems, random.text));
        let operator = Operator::default();
        let plan = Plan::new(&loaded.assignment.described(), &operator).unwrap();
        let checked = render(&plan, &operator).unwrap();
        prop_assert!(!checked.text().contains(CANARY));
        prop_assert_eq!(render(&plan, &operator).unwrap(), checked.clone());

        let mut document: Value = serde_saphyr::from_str(checked.text()).unwrap();
        for stage in Stage::ALL {
            let expected: Vec<_> = table::mounts(stage)
                .into_iter()
                .map(|mount| {
                    let read_only = mount.access == Access::Read;
                    (mount.volume.id().to_owned(), read_only, read_only)
                })
                .collect();
            prop_assert_eq!(mounts(stage_template(&mut document, stage)), expected);
        }
        for (change, changed) in changes(&document, Stage::ALL[stage]) {
            let findings = audit(&changed.to_string(), &operator);
            prop_assert!(
                findings.iter().any(|finding| finding.stage == Some(Stage::ALL[stage])),
                "{} in {} was not found: {:?}", change, Stage::ALL[stage], findings
            );
        }
    }
}
