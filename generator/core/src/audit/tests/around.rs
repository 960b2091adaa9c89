//! The ways around the table that an attacker would try, each named as what it is.

use assay_contract::Stage;
use serde_json::{Value, json};

use super::*;

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
            "/spec/templates/2/dag/tasks/3/arguments/parameters/9/value",
            json!("{{tasks.verify.exitCode}}"),
            Some(Stage::Results),
            Code::Parameters,
        ),
        (
            "/spec/templates/2/dag/tasks/4/arguments/parameters/4/value",
            json!("{{=tasks.test.outputs.result}}"),
            Some(Stage::Finalise),
            Code::Parameters,
        ),
        (
            "/spec/templates/2/dag/tasks/4/arguments/artifacts",
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
        // As it is: a manifest that is no text stays one.
        let findings = audit(&changed.to_string(), &Operator::default());
        for code in [Code::Resource, Code::ManifestVolume] {
            let named = |finding: &Finding| finding.code == code && finding.stage == Some(Stage::Test);
            assert!(findings.iter().any(named), "{code:?} is not among {findings:#?}");
        }
    }
}
