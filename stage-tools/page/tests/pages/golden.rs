//! The page of every kind of result is held against a file of `golden/`; with `ASSAY_UPDATE=1` in the environment these are
//! written anew.

use std::fs;
use std::path::Path;

use crate::samples;

#[test]
fn every_page_is_as_it_was() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages/golden");
    let update = std::env::var_os("ASSAY_UPDATE").is_some();
    for (name, page) in samples::pages() {
        let path = folder.join(format!("{name}.html"));
        let golden = fs::read_to_string(&path).unwrap_or_default();
        if update {
            fs::write(&path, &page).unwrap();
        } else if golden != page {
            let difference = similar::TextDiff::from_lines(golden.as_str(), &page);
            panic!("{name} differs; ASSAY_UPDATE=1 writes it:\n{}", difference.unified_diff());
        }
    }
}
