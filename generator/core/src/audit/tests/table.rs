//! Every cell of the table, and every way to change it.

use assay_contract::{Access, Stage, Volume, table};
use serde_json::{Value, json};

use super::*;

#[test]
fn each_cell_of_the_table_holds() {
    for isolation in Isolation::ALL {
        let base = opened(isolation);
        for stage in Stage::ALL {
            cells(&base, stage);
        }
    }
}

/// A stage's pod in its template: by itself, or in a manifest.
fn pod(template: &mut Value) -> &mut Value {
    match template.get("resource") {
        None => template,
        Some(_) => &mut template["resource"]["manifest"]["spec"],
    }
}

fn mounts(template: &mut Value) -> &mut Value {
    match template.get("resource") {
        None => &mut template["container"]["volumeMounts"],
        Some(_) => &mut pod(template)["containers"][0]["volumeMounts"],
    }
}

fn cells(base: &Value, stage: Stage) {
    for volume in Volume::ALL {
        let id = volume.id();
        let mount = json!({"name": id, "mountPath": volume.path()});
        let source = json!({"name": id, "persistentVolumeClaim": {"claimName": "x"}});
        let check = |change: &dyn Fn(&mut Value), code: Code| {
            assert_named(&with_stage(base, stage, change), Some(stage), &[code]);
        };
        let Some(access) = table::access(stage, volume) else {
            check(&|t| push(mounts(t), mount.clone()), Code::MountExtra);
            check(&|t| push(&mut pod(t)["volumes"], source.clone()), Code::VolumeExtra);
            continue;
        };
        let at_mount = |t: &mut Value, field: &str, value: Value| {
            named(mounts(t), id)[field] = value;
        };
        let at_source = |t: &mut Value, field: &str, value: Value| {
            named(&mut pod(t)["volumes"], id)["persistentVolumeClaim"][field] = value;
        };
        check(&|t| remove(mounts(t), id), Code::MountMissing);
        check(&|t| remove(&mut pod(t)["volumes"], id), Code::VolumeMissing);
        check(&|t| push(mounts(t), mount.clone()), Code::MountDuplicate);
        check(&|t| push(&mut pod(t)["volumes"], source.clone()), Code::VolumeDuplicate);
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
            check(&|t| drop(named(mounts(t), id)), Code::MountWritable);
            check(
                &|t| drop(&mut named(&mut pod(t)["volumes"], id)["persistentVolumeClaim"]),
                Code::SourceWritable,
            );
        }
        for kind in ["emptyDir", "hostPath", "secret", "configMap", "projected", "csi", "ephemeral", "nfs"] {
            check(&|t| named(&mut pod(t)["volumes"], id)[kind] = json!({}), Code::VolumeKind);
            check(&|t| *named(&mut pod(t)["volumes"], id) = json!({"name": id, kind: {}}), Code::VolumeKind);
        }
    }
}
