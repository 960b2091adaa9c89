//! `checks.md`: everything that `assay doctor` checks.

use std::fmt::Write;

use assay_cluster::doctor::{ALL, Definition};

use crate::{hold, page};

#[test]
fn every_check_has_its_place() {
    let mut text = page(
        "Checks of a cluster",
        "What [`assay doctor`](../operators/doctor.md) checks, in its order; `assay explain NAME` prints what stands here.",
    );
    for Definition { id, title, why, fix } in ALL {
        let _ = write!(text, "\n## {id}\n\n*{title}.* {why}\n\nTo mend it: {fix}.\n");
    }
    hold("checks.md", &text);
}
