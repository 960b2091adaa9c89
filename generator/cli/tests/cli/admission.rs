//! `assay admission`.

use assay_contract::Exit;

use crate::session::Session;

#[test]
fn policies_follow_the_operators_file() {
    let session = Session::new();
    let default = session.assay("admission").exits(Exit::Done);
    assert!(default.stdout.contains("kind: ValidatingAdmissionPolicy"), "{}", default.stdout);
    assert_eq!(default.stderr, "");
    session.write("operator.yaml", "stage-image: hub/stage:7\n");
    let other = session.assay("admission --operator operator.yaml").exits(Exit::Done);
    assert_eq!(
        other.stdout,
        default.stdout.replace(concat!("assay/stage:", env!("CARGO_PKG_VERSION")), "hub/stage:7")
    );
    let json = session.assay("admission --operator operator.yaml --output json").exits(Exit::Done).json();
    assert_eq!(json["policies"], other.stdout);
}

#[test]
fn a_file_that_cannot_be_used_makes_no_policies() {
    let session = Session::new();
    session.write("operator.yaml", "claims: {student: everyone}\n");
    let ended = session.assay("admission --operator operator.yaml").exits(Exit::OperatorInvalid);
    assert_eq!(ended.stdout, "");
}
