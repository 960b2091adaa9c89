//! `codes.md`: every code of `check` and `audit`, and of oddities.

use std::fmt::Write;

use assay_contract::OddityCode;
use assay_core::audit;
use assay_core::diagnostics::codes;

use crate::{hold, page, table};

#[test]
fn every_code_has_its_place() {
    let mut text = page(
        "Codes",
        "`assay explain CODE` prints what stands here. Codes are kept once they are released; texts may change.",
    );
    text.push_str("\n## Problems of an assignment\n\n`assay check` reports them. A warning stops nothing.\n");
    for code in codes::all() {
        let codes::Code { id, severity, summary, explanation, bad, good } = code;
        let _ = write!(
            text,
            "\n### {id}\n\n*{}* {summary}\n\n{explanation}\n\nWrong:\n\n```text\n{bad}\n```\n\nRight:\n\n```text\n{good}\n```\n",
            severity.id()
        );
    }
    text.push_str("\n## Findings of an audit\n\n`assay audit` reports them.\n\n");
    let rows =
        audit::Code::ALL.iter().map(|code| [format!("`{code}`"), code.summary().into(), code.hint().into()]);
    text.push_str(&table(["code", "what it is", "what to do, or why"], rows));
    text.push_str(
        "\n## Oddities of a job\n\n`assay try` and `assay result` tell them, to authors and tutors only.\n\n",
    );
    let rows = OddityCode::ALL.iter().map(|code| [format!("`{code}`"), code.meaning().into()]);
    text.push_str(&table(["code", "what it is, and what follows"], rows));
    hold("codes.md", &text);
}
