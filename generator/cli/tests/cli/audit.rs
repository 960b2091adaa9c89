//! `assay audit`.

use assay_contract::Exit;

use crate::session::Session;

/// A folder with a template as Assay renders it.
fn rendered() -> Session {
    let session = Session::greeting();
    session.assay("render greeting --to good.yaml").exits(Exit::Done);
    session
}

#[test]
fn what_assay_renders_has_no_findings() {
    let session = rendered();
    session.assay("audit good.yaml").exits(Exit::Done);
    session.assay("audit good.yaml --output json").exits(Exit::Done);
    session.golden("audit-good");
}

#[test]
fn every_tampering_is_found() {
    let session = rendered();
    let good = session.read("good.yaml");
    let first = good.find("automountServiceAccountToken: false").expect("the template names it");
    let tampered = format!(
        "{}automountServiceAccountToken: true{}",
        &good[..first],
        &good[first + "automountServiceAccountToken: false".len()..]
    );
    session.write("tampered.yaml", tampered);
    session.edit("tampered.yaml", "mountPath: \"/volumes/testing\"", "mountPath: \"/volumes/answers\"");
    session.edit("tampered.yaml", "archiveLogs: false", "archiveLogs: true");
    let found = session.assay("audit tampered.yaml").exits(Exit::AuditFailed);
    for code in ["token-mounted", "mount-path", "archive-logs"] {
        assert!(found.stdout.contains(&format!("[{code}]")), "{code}: {}", found.stdout);
    }
    let json = session.assay("audit tampered.yaml --output json").exits(Exit::AuditFailed).json();
    assert_eq!(json["findings"].as_array().unwrap().len(), found.stdout.matches("\n  hint: ").count());
    session.golden("audit-tampered");
}

#[test]
fn each_file_is_named_with_its_findings() {
    let session = rendered();
    session.write("prose.yaml", "# A heading\n\nNot: YAML: at all\n");
    session.write("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n");
    session.write("empty.yaml", "");
    session.write("binary.yaml", b"\xff\xfe\0\0");
    session.assay("audit good.yaml prose.yaml pod.yaml empty.yaml").exits(Exit::AuditFailed);
    session.assay("audit good.yaml pod.yaml --output json").exits(Exit::AuditFailed);
    session.assay("audit good.yaml missing.yaml").exits(Exit::Io);
    session.assay("audit binary.yaml").exits(Exit::Io);
    session.golden("audit-files");
}
