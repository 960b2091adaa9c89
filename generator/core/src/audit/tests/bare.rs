//! Strict isolation: the ways around the table that lead through the manifest of a bare pod, or through the step that makes it.

use assay_contract::Stage;
use serde_json::{Value, json};

use super::*;

const BARE: [Stage; 2] = [Stage::Verify, Stage::Test];

#[test]
fn each_way_around_a_bare_pod_is_named_at_its_stage() {
    let base = opened(Isolation::Strict);
    let container = json!({"name": "x", "image": "x"});
    let main = |field: &str| format!("/spec/containers/0/{field}");
    let changes: Vec<(String, Value, Code)> = [
        ("/spec/initContainers", json!([container]), Code::InitContainer),
        ("/spec/ephemeralContainers", json!([container]), Code::InitContainer),
        ("/spec/serviceAccountName", json!("admin"), Code::ServiceAccount),
        ("/spec/automountServiceAccountToken", json!(true), Code::TokenMounted),
        ("/spec/hostNetwork", json!(true), Code::HostAccess),
        ("/spec/hostPID", json!(true), Code::HostAccess),
        ("/spec/hostIPC", json!(true), Code::HostAccess),
        ("/spec/hostAliases", json!([]), Code::HostAccess),
        ("/spec/shareProcessNamespace", json!(true), Code::UnknownField),
        ("/spec/imagePullSecrets", json!([{"name": "x"}]), Code::UnknownField),
        ("/spec/enableServiceLinks", json!(true), Code::ValueDiffers),
        ("/spec/restartPolicy", json!("Always"), Code::ValueDiffers),
        ("/spec/dnsPolicy", json!("ClusterFirst"), Code::Names),
        ("/spec/nodeName", json!("control-plane"), Code::Placement),
        ("/spec/runtimeClassName", json!("weaker"), Code::Placement),
        ("/spec/tolerations", json!([{"operator": "Exists"}]), Code::Placement),
        ("/spec/activeDeadlineSeconds", json!(999_999), Code::Deadline),
        ("/spec/securityContext/runAsUser", json!(1000), Code::SecurityContext),
        ("/spec/securityContext/fsGroup", json!(1000), Code::SecurityContext),
        ("/metadata/name", json!("x"), Code::Manifest),
        ("/metadata/namespace", json!("argo"), Code::Manifest),
        ("/metadata/labels/assay.dev~1trust", json!("trusted"), Code::Manifest),
        ("/metadata/finalizers", json!(["x"]), Code::Manifest),
        ("/metadata/ownerReferences", json!([]), Code::Manifest),
        ("/kind", json!("Job"), Code::Manifest),
    ]
    .map(|(pointer, value, code)| (pointer.to_owned(), value, code))
    .into_iter()
    .chain([
        (main("securityContext/privileged"), json!(true), Code::SecurityContext),
        (main("image"), json!("evil"), Code::Image),
        (main("command"), json!(["/bin/sh"]), Code::Command),
        (main("args"), json!(["x"]), Code::Arguments),
        (main("env"), json!([{"name": "X", "value": "x"}]), Code::Environment),
        (main("envFrom"), json!([{"secretRef": {"name": "assay-signing-key"}}]), Code::EnvFrom),
        (main("resources/limits/memory"), json!("512Gi"), Code::Resources),
        (main("ports"), json!([{"hostPort": 80}]), Code::UnknownField),
    ])
    .collect();
    for stage in BARE {
        for (pointer, value, code) in &changes {
            let pointer = format!("/resource/manifest{pointer}");
            assert_named(
                &with_stage(&base, stage, |t| set(t, &pointer, value.clone())),
                Some(stage),
                &[*code],
            );
        }
        let second = with_stage(&base, stage, |t| {
            push(&mut t["resource"]["manifest"]["spec"]["containers"], container.clone());
        });
        assert_named(&second, Some(stage), &[Code::Sidecar]);
    }
}

#[test]
fn each_way_around_the_step_is_named_at_its_stage() {
    let base = opened(Isolation::Strict);
    for (pointer, value, code) in [
        ("/resource/action", json!("apply"), Code::Resource),
        ("/resource/flags", json!(["--as=admin"]), Code::Resource),
        ("/resource/manifestFrom", json!({"artifact": {"name": "x", "path": "/x"}}), Code::Resource),
        ("/resource/mergeStrategy", json!("json"), Code::Resource),
        ("/resource/setOwnerReference", json!(false), Code::Resource),
        ("/resource/successCondition", json!("status.phase == Running"), Code::Resource),
        ("/resource/failureCondition", json!("status.phase == Failed"), Code::Resource),
        ("/executor/serviceAccountName", json!("admin"), Code::Executor),
        ("/retryStrategy", json!({"limit": "2"}), Code::Retry),
        ("/volumes", json!([{"name": "x", "persistentVolumeClaim": {"claimName": "x"}}]), Code::VolumeExtra),
        ("/outputs/parameters/0/valueFrom/jqFilter", json!(".status.message"), Code::Outputs),
        ("/outputs/parameters/2/valueFrom/jqFilter", json!("\"none\""), Code::Outputs),
    ] {
        for stage in BARE {
            let changed = with_stage(&base, stage, |t| set(t, pointer, value.clone()));
            assert_named(&changed, Some(stage), &[code]);
        }
    }
}

#[test]
fn a_manifest_holds_one_document_and_no_tag_outside_of_its_values() {
    let base = template_of(Isolation::Strict);
    let text = |template: &Value| template["resource"]["manifest"].as_str().unwrap().to_owned();
    for stage in BARE {
        for (change, code) in [
            ("# {{workflow.parameters.student}}\n", Code::ManifestVolume),
            ("# {{=sprig.env('X')}}\n", Code::ManifestVolume),
            ("x: \"\\x7b{workflow.name}}\"\n", Code::ManifestVolume),
            ("--- # another\nkind: Pod\n", Code::Resource),
        ] {
            let changed = with_stage(&base, stage, |t| t["resource"]["manifest"] = (text(t) + change).into());
            let findings = audited(&changed);
            let of_stage = |finding: &&Finding| finding.stage == Some(stage);
            assert!(findings.iter().filter(of_stage).count() > 0, "{change:?}");
            if code == Code::ManifestVolume {
                assert_named(&changed, Some(stage), &[code]);
            }
        }
    }
}

#[test]
fn one_stage_cannot_be_less_strict_than_the_other() {
    let (standard, strict) = (template_of(Isolation::Standard), template_of(Isolation::Strict));
    for (base, other) in [(&standard, &strict), (&strict, &standard)] {
        for stage in BARE {
            let swapped = with_stage(base, stage, |t| {
                *t = other["spec"]["templates"][index_of(other, stage)].clone();
            });
            assert!(!audited(&swapped).is_empty(), "{stage}");
        }
    }
}

#[test]
fn what_the_operator_forces_no_template_can_leave() {
    let forced = Operator::from_yaml("isolation: {force-strict: true, runtime-class: gvisor}").unwrap();
    for isolation in Isolation::ALL {
        assert!(!audit(&template_of(isolation).to_string(), &forced).is_empty());
    }
}
