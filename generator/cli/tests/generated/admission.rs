//! `deploy/base/admission.yaml`: the policies for the settings in `deploy/base/operator.yaml`.

use std::path::Path;

use assay_core::admission::policies;
use assay_core::operator::Operator;

use crate::golden;

#[test]
fn the_policies_are_the_tables() {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/base");
    let operator = Operator::from_yaml(&std::fs::read_to_string(base.join("operator.yaml")).unwrap()).unwrap();
    // The file shows the defaults, so that a reader need not look for them.
    assert_eq!(operator, Operator::default());
    golden::hold(&base.join("admission.yaml"), &policies(&operator).unwrap());
}
