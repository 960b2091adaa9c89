//! Every single change to a template is found, and named where it is.

use std::collections::BTreeSet;

use assay_contract::{Access, AssignmentId, Digest, Stage, Volume, table};
use serde_json::{Value, json};

use super::*;
use crate::plan::{Described, Needs};

/// The only scalars that an author decides alone; [`what_may_vary_together`] has those that must vary together.
const FREE: [&str; 2] = [
    "/metadata/annotations/workflows.argoproj.io~1title",
    "/metadata/annotations/workflows.argoproj.io~1description",
];

fn template() -> Value {
    let described = Described {
        assignment: AssignmentId::new("comp10002/wordcount").unwrap(),
        revision: Digest::new("5c0d".repeat(16)).unwrap(),
        title: "Word count".into(),
        description: "Counts.".into(),
        image: "hub/singleuser:2026.1".into(),
        verify: Needs { wall_seconds: 60, memory_bytes: 512 << 20 },
        test: Needs { wall_seconds: 90, memory_bytes: 64 << 20 },
    };
    let operator = Operator::default();
    let plan = Plan::new(&described, &operator).unwrap();
    let checked = crate::render::render(&plan, &operator).unwrap();
    serde_saphyr::from_str(checked.text()).unwrap()
}

fn audited(found: &Value) -> Vec<Finding> {
    audit(&found.to_string(), &Operator::default())
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
    let base = template();
    assert_eq!(audited(&base), []);
    assert_eq!(audit(&serde_saphyr::to_string(&base).unwrap(), &Operator::default()), []);
    let twice = format!("---\n{base}\n---\n{base}\n");
    assert_eq!(audit(&twice, &Operator::default()), []);
}

#[test]
fn each_cell_of_the_table_holds() {
    let base = template();
    for stage in Stage::ALL {
        for volume in Volume::ALL {
            let id = volume.id();
            let mount = json!({"name": id, "mountPath": volume.path()});
            let source = json!({"name": id, "persistentVolumeClaim": {"claimName": "x"}});
            let check = |change: &dyn Fn(&mut Value), code: Code| {
                assert_named(&with_stage(&base, stage, change), Some(stage), &[code]);
            };
            let Some(access) = table::access(stage, volume) else {
                check(&|t| push(&mut t["container"]["volumeMounts"], mount.clone()), Code::MountExtra);
                check(&|t| push(&mut t["volumes"], source.clone()), Code::VolumeExtra);
                continue;
            };
            let at_mount = |t: &mut Value, field: &str, value: Value| {
                named(&mut t["container"]["volumeMounts"], id)[field] = value;
            };
            let at_source = |t: &mut Value, field: &str, value: Value| {
                named(&mut t["volumes"], id)["persistentVolumeClaim"][field] = value;
            };
            check(&|t| remove(&mut t["container"]["volumeMounts"], id), Code::MountMissing);
            check(&|t| remove(&mut t["volumes"], id), Code::VolumeMissing);
            check(&|t| push(&mut t["container"]["volumeMounts"], mount.clone()), Code::MountDuplicate);
            check(&|t| push(&mut t["volumes"], source.clone()), Code::VolumeDuplicate);
            check(&|t| at_mount(t, "mountPath", "/volumes/other".into()), Code::MountPath);
            check(&|t| at_mount(t, "subPath", "x".into()), Code::MountOption);
            check(&|t| at_mount(t, "subPathExpr", "$(X)".into()), Code::MountOption);
            check(&|t| at_mount(t, "mountPropagation", "Bidirectional".into()), Code::MountOption);
            check(&|t| at_source(t, "claimName", "comp10002-private-results-x".into()), Code::Claim);
            let (flip, mount_code, source_code) = match access {
                Access::Read => (false, Code::MountWritable, Code::SourceWritable),
                Access::Write => (true, Code::MountAccess, Code::SourceAccess),
            };
            check(&|t| at_mount(t, "readOnly", flip.into()), mount_code);
            check(&|t| at_source(t, "readOnly", flip.into()), source_code);
            if access == Access::Read {
                let drop = |value: &mut Value| {
                    value.as_object_mut().unwrap().remove("readOnly");
                };
                check(&|t| drop(named(&mut t["container"]["volumeMounts"], id)), Code::MountWritable);
                check(
                    &|t| drop(&mut named(&mut t["volumes"], id)["persistentVolumeClaim"]),
                    Code::SourceWritable,
                );
            }
            for kind in
                ["emptyDir", "hostPath", "secret", "configMap", "projected", "csi", "ephemeral", "nfs"]
            {
                check(&|t| named(&mut t["volumes"], id)[kind] = json!({}), Code::VolumeKind);
                check(&|t| *named(&mut t["volumes"], id) = json!({"name": id, kind: {}}), Code::VolumeKind);
            }
        }
    }
}

#[test]
fn each_way_around_the_table_is_named_at_its_stage() {
    let base = template();
    let container = json!({"name": "x", "image": "x"});
    let changes: Vec<(&str, Value, Code)> = vec![
        ("/initContainers", json!([container]), Code::InitContainer),
        ("/sidecars", json!([container]), Code::Sidecar),
        ("/containerSet", json!({"containers": [container]}), Code::ContainerSet),
        ("/script", json!({"image": "x", "source": "id"}), Code::Script),
        ("/resource", json!({"action": "create", "manifest": "{}"}), Code::Resource),
        ("/http", json!({"url": "http://x"}), Code::TemplateKind),
        ("/suspend", json!({}), Code::TemplateKind),
        ("/hooks", json!({"exit": {"template": "setup"}}), Code::Hook),
        ("/onExit", json!("setup"), Code::ExitHandler),
        ("/podSpecPatch", json!("{}"), Code::PodSpecPatch),
        ("/serviceAccountName", json!("admin"), Code::ServiceAccount),
        ("/automountServiceAccountToken", json!(true), Code::TokenMounted),
        ("/executor", json!({"serviceAccountName": "admin"}), Code::Executor),
        ("/hostNetwork", json!(true), Code::HostAccess),
        ("/hostAliases", json!([]), Code::HostAccess),
        ("/archiveLocation", json!({"archiveLogs": true}), Code::Artifacts),
        ("/inputs/artifacts", json!([{"name": "x", "path": "/x"}]), Code::Artifacts),
        ("/outputs/artifacts", json!([{"name": "x", "path": "/x"}]), Code::Artifacts),
        ("/outputs/exitCode", json!("0"), Code::Outputs),
        ("/synchronization", json!({"mutexes": [{"name": "x"}]}), Code::Synchronization),
        ("/securityContext/runAsUser", json!(0), Code::SecurityContext),
        ("/securityContext/runAsNonRoot", json!(false), Code::SecurityContext),
        ("/securityContext/fsGroup", json!(1000), Code::SecurityContext),
        ("/securityContext/seccompProfile/type", json!("Unconfined"), Code::SecurityContext),
        ("/container/securityContext/privileged", json!(true), Code::SecurityContext),
        ("/container/securityContext/allowPrivilegeEscalation", json!(true), Code::SecurityContext),
        ("/container/securityContext/readOnlyRootFilesystem", json!(false), Code::SecurityContext),
        ("/container/securityContext/runAsUser", json!(0), Code::SecurityContext),
        ("/container/securityContext/capabilities/add", json!(["SYS_ADMIN"]), Code::SecurityContext),
        ("/container/securityContext/capabilities/drop", json!([]), Code::SecurityContext),
        ("/container/envFrom", json!([{"secretRef": {"name": "x"}}]), Code::EnvFrom),
        ("/container/image", json!("evil"), Code::Image),
        ("/container/imagePullPolicy", json!("Never"), Code::Image),
        ("/container/command", json!(["/bin/sh", "-c", "id"]), Code::Command),
        ("/container/args", json!(["--student", "bob"]), Code::Arguments),
        ("/container/lifecycle", json!({"postStart": {"exec": {"command": ["id"]}}}), Code::UnknownField),
        ("/container/volumeDevices", json!([{"name": "x", "devicePath": "/dev/x"}]), Code::UnknownField),
        ("/container/resources/limits/memory", json!("512Gi"), Code::Resources),
        ("/activeDeadlineSeconds", json!("999999"), Code::Deadline),
        ("/retryStrategy", json!({"limit": "100"}), Code::Retry),
        ("/metadata/labels/assay.dev~1trust", json!("x"), Code::Metadata),
        ("/memoize", json!({"key": "x"}), Code::UnknownField),
    ];
    for stage in Stage::ALL {
        for (pointer, value, code) in &changes {
            assert_named(
                &with_stage(&base, stage, |t| set(t, pointer, value.clone())),
                Some(stage),
                &[*code],
            );
        }
        let secret = json!({"name": "X", "valueFrom": {"secretKeyRef": {"name": "assay-signing-key", "key": "private-key"}}});
        let leak = with_stage(&base, stage, |t| push(&mut t["container"]["env"], secret));
        assert_named(&leak, Some(stage), &[Code::Environment]);
        let output = json!({"name": "x", "globalName": "x", "valueFrom": {"path": "/x"}});
        let leak = with_stage(&base, stage, |t| push(&mut t["outputs"]["parameters"], output));
        assert_named(&leak, Some(stage), &[Code::Outputs]);
        let twice = with_two(&base, stage);
        assert_named(&twice, Some(stage), &[Code::Template]);
    }
}

/// The template with a second template of that stage's name.
fn with_two(base: &Value, stage: Stage) -> Value {
    let mut changed = base.clone();
    let copy = base["spec"]["templates"][index_of(base, stage)].clone();
    push(&mut changed["spec"]["templates"], copy);
    changed
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
fn each_way_around_the_workflow_is_named() {
    let base = template();
    let changes: Vec<(&str, Value, Option<Stage>, Code)> = vec![
        ("/spec/entrypoint", json!("finalise"), None, Code::Entrypoint),
        ("/spec/archiveLogs", json!(true), None, Code::ArchiveLogs),
        ("/spec/serviceAccountName", json!("admin"), None, Code::ServiceAccount),
        ("/spec/automountServiceAccountToken", json!(true), None, Code::TokenMounted),
        ("/spec/executor/serviceAccountName", json!("admin"), None, Code::Executor),
        ("/spec/hostNetwork", json!(true), None, Code::HostAccess),
        ("/spec/onExit", json!("setup"), None, Code::ExitHandler),
        ("/spec/hooks", json!({}), None, Code::Hook),
        ("/spec/podSpecPatch", json!("{}"), None, Code::PodSpecPatch),
        ("/spec/securityContext", json!({"runAsUser": 0}), None, Code::SecurityContext),
        ("/spec/templateDefaults", json!({"container": {}}), None, Code::TemplateKind),
        ("/spec/workflowTemplateRef", json!({"name": "x"}), None, Code::TemplateKind),
        ("/spec/artifactGC", json!({"podSpecPatch": "{}"}), None, Code::Artifacts),
        ("/spec/volumes", json!([{"name": "x", "hostPath": {"path": "/"}}]), None, Code::VolumeExtra),
        ("/spec/volumeClaimTemplates/0/spec/storageClassName", json!("x"), None, Code::ClaimTemplate),
        ("/spec/volumeClaimTemplates/0/spec/accessModes", json!([]), None, Code::ClaimTemplate),
        ("/spec/volumeClaimGC/strategy", json!("OnWorkflowSuccess"), None, Code::CleanUp),
        ("/spec/arguments/parameters/0/value", json!("alice"), None, Code::Parameters),
        ("/spec/arguments/parameters/2/value", json!("{{=sprig.now()}}"), None, Code::Parameters),
        ("/spec/arguments/parameters/0/valueFrom", json!({"configMapKeyRef": {}}), None, Code::Parameters),
        ("/spec/suspend", json!(true), None, Code::UnknownField),
        ("/spec/priority", json!(9), None, Code::UnknownField),
        ("/status", json!({"phase": "Running"}), None, Code::UnknownField),
        ("/metadata/finalizers", json!(["x"]), None, Code::Metadata),
        ("/metadata/namespace", json!("other"), None, Code::Metadata),
        ("/spec/templates/0/dag/tasks/1/depends", json!("setup.Succeeded"), None, Code::Condition),
        ("/spec/templates/0/dag/tasks/0/hooks", json!({"exit": {}}), Some(Stage::Setup), Code::Hook),
        ("/spec/templates/0/dag/tasks/0/onExit", json!("x"), Some(Stage::Setup), Code::ExitHandler),
        ("/spec/templates/0/dag/tasks/0/template", json!("test"), Some(Stage::Setup), Code::DagShape),
        (
            "/spec/templates/0/dag/tasks/0/templateRef",
            json!({"name": "x"}),
            Some(Stage::Setup),
            Code::TemplateKind,
        ),
        (
            "/spec/templates/0/dag/tasks/0/inline",
            json!({"script": {}}),
            Some(Stage::Setup),
            Code::TemplateKind,
        ),
        ("/spec/templates/0/dag/tasks/0/withItems", json!([1, 2]), Some(Stage::Setup), Code::DagShape),
        ("/spec/templates/0/dag/failFast", json!(false), None, Code::DagShape),
        ("/spec/templates/1/synchronization/mutexes/0/name", json!("x"), None, Code::Synchronization),
        ("/spec/templates/2/dag/tasks/0/when", json!("true"), Some(Stage::Verify), Code::Condition),
        (
            "/spec/templates/2/dag/tasks/0/continueOn",
            json!({"failed": true}),
            Some(Stage::Verify),
            Code::Condition,
        ),
        (
            "/spec/templates/2/dag/tasks/2/arguments/parameters/7/value",
            json!("{{tasks.verify.exitCode}}"),
            Some(Stage::Results),
            Code::Parameters,
        ),
        (
            "/spec/templates/2/dag/tasks/3/arguments/parameters/4/value",
            json!("{{=tasks.test.outputs.result}}"),
            Some(Stage::Finalise),
            Code::Parameters,
        ),
        (
            "/spec/templates/2/dag/tasks/3/arguments/artifacts",
            json!([{"name": "x", "from": "{{tasks.test.outputs.artifacts.x}}"}]),
            Some(Stage::Finalise),
            Code::Artifacts,
        ),
    ];
    for (pointer, value, stage, code) in changes {
        let mut changed = base.clone();
        set(&mut changed, pointer, value);
        assert_named(&changed, stage, &[code]);
    }
    let mut unlocked = base.clone();
    unlocked["spec"]["templates"][2].as_object_mut().unwrap().remove("synchronization");
    assert_named(&unlocked, None, &[Code::Synchronization]);
}

#[test]
fn an_extra_template_is_opened_and_its_volumes_named() {
    let mut changed = template();
    push(
        &mut changed["spec"]["templates"],
        json!({
            "name": "spy",
            "volumes": [{"name": "a", "hostPath": {"path": "/"}}, {"name": "b", "secret": {"secretName": "x"}}],
            "container": {"image": "x", "volumeMounts": [{"name": "a", "mountPath": "/a"}]},
        }),
    );
    let findings = audited(&changed);
    let fields: Vec<_> = findings.iter().map(|finding| (finding.code, finding.field.as_str())).collect();
    assert_eq!(
        fields,
        [
            (Code::Image, "spec.templates[spy].container.image"),
            (Code::MountExtra, "spec.templates[spy].container.volumeMounts[a]"),
            (Code::VolumeExtra, "spec.templates[spy].volumes[a]"),
            (Code::VolumeExtra, "spec.templates[spy].volumes[b]"),
            (Code::Template, "spec.templates[spy]"),
        ]
    );
    assert!(findings.iter().all(|finding| finding.template == "spy"));
}

#[test]
fn manifests_inside_a_resource_are_opened() {
    let base = template();
    let manifest = "kind: Pod\nspec:\n  volumes:\n  - {name: a, hostPath: {path: /}}\n---\nkind: Job\nspec: \
                    {template: {spec: {volumes: [{name: b, secret: {}}]}}}\n";
    let changed = with_stage(&base, Stage::Test, |t| t["resource"] = json!({"manifest": manifest}));
    let volumes: Vec<_> =
        audited(&changed).into_iter().filter(|finding| finding.code == Code::ManifestVolume).collect();
    assert_eq!(volumes.len(), 2, "{volumes:#?}");
    assert!(volumes.iter().all(|finding| finding.stage == Some(Stage::Test)));
    assert!(
        volumes[0].message.contains("hostPath") && volumes[1].field.ends_with("spec.volumes[0]"),
        "{volumes:#?}"
    );
    for unreadable in [json!("a: ["), json!({"kind": "Pod"})] {
        let changed = with_stage(&base, Stage::Test, |t| t["resource"] = json!({"manifest": unreadable}));
        assert_named(&changed, Some(Stage::Test), &[Code::Resource, Code::ManifestVolume]);
    }
}

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
    let findings = document(changed, &Operator::default()).findings;
    let not_ours = not_a_template(changed).is_some();
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
    let base = template();
    let mut all = vec![];
    pointers(&base, "", &mut all);
    assert!(all.len() > 900, "{}", all.len());
    for pointer in &all {
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

#[test]
fn nothing_can_be_added() {
    let base = template();
    let mut all = vec![String::new()];
    pointers(&base, "", &mut all);
    let mut mappings = 0;
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
    assert!(mappings > 200, "{mappings}");
}

#[test]
fn no_scalar_can_be_changed() {
    let base = template();
    let mut all = vec![];
    pointers(&base, "", &mut all);
    let scalars = all
        .iter()
        .filter(|pointer| !matches!(base.pointer(pointer).unwrap(), Value::Object(_) | Value::Array(_)));
    let mut changes = 0;
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
    assert!(changes > 2500, "{changes}");
}

#[test]
fn no_list_can_be_reordered() {
    let base = template();
    let mut all = vec![];
    pointers(&base, "", &mut all);
    for pointer in &all {
        let mut changed = base.clone();
        let Some(Value::Array(items)) = changed.pointer_mut(pointer) else { continue };
        if items.len() > 1 {
            items.rotate_left(1);
            assert_found(&changed, stage_at(&base, pointer), &format!("{pointer} in another order"));
        }
    }
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
    let codes: BTreeSet<_> = Code::ALL.iter().map(|code| serde_json::to_string(code).unwrap()).collect();
    assert_eq!(codes.len(), Code::ALL.len());
}
