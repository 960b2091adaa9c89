//! Every cell of the table, and every way to change it.

use assay_contract::{Access, Stage, Volume, table};
use serde_json::{Value, json};

use super::*;

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
