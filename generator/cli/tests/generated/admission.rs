//! The policies in `deploy/`: each stands beside the operator's file that it is made from.

use std::path::{Path, PathBuf};

use assay_core::admission::policies;
use assay_core::operator::Operator;

use crate::golden;

fn deploy(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(folder)
}

fn operator(folder: &Path) -> Operator {
    Operator::from_yaml(&std::fs::read_to_string(folder.join("operator.yaml")).unwrap()).unwrap()
}

#[test]
fn the_policies_are_the_tables() {
    for folder in ["base", "overlays/production"].map(deploy) {
        golden::hold(&folder.join("admission.yaml"), &policies(&operator(&folder)).unwrap());
    }
}

#[test]
fn the_base_shows_the_defaults() {
    assert_eq!(operator(&deploy("base")), Operator::default());
}
