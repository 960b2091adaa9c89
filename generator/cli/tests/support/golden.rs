//! Golden files: what is printed is held against a file; `ASSAY_UPDATE=1` writes the file anew.

use std::fs;
use std::path::Path;

use crate::update;

/// Holds `text` against the file at `path`.
pub(crate) fn hold(path: &Path, text: &str) {
    let golden = fs::read_to_string(path).unwrap_or_default();
    if text == golden {
        return;
    }
    if update::requested() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        return;
    }
    panic!(
        "{} is not what it should be; run with ASSAY_UPDATE=1 and read the difference:\n{}",
        path.display(),
        similar::TextDiff::from_lines(golden.as_str(), text).unified_diff()
    );
}
