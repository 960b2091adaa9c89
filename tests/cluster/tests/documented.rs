//! The operators' page on faults holds the rows that the tests run. Needs no cluster. With `ASSAY_UPDATE=1` in the
//! environment, the page's table is written anew.

use std::collections::BTreeSet;
use std::path::Path;

use assay_tests_cluster::faults::{ROWS, page};

const BEGIN: &str = "<!-- generated from tests/cluster/src/faults/rows.rs -->\n\n";
const END: &str = "\n<!-- end -->";

#[test]
fn the_page_holds_the_rows() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/operators/faults.md");
    let text = std::fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (table, after) = rest.split_once(END).unwrap();
    if std::env::var_os("ASSAY_UPDATE").is_some() {
        std::fs::write(&file, format!("{before}{BEGIN}{}{END}{after}", page())).unwrap();
    } else {
        assert_eq!(table, page(), "ASSAY_UPDATE=1 writes the table anew");
    }
}

#[test]
fn no_two_rows_have_one_name() {
    let names: BTreeSet<&str> = ROWS.iter().map(|row| row.id).collect();
    assert_eq!(names.len(), ROWS.len());
}
