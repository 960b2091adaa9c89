//! `assay audit`.

use std::path::Path;

use assay_contract::Exit;
use assay_core::audit::{self, Finding};
use serde::Serialize;

use crate::args::Audit;
use crate::commands;
use crate::console::Console;
use crate::error::{CliError, finding_text, read_file};

#[derive(Serialize)]
struct Findings<'a> {
    findings: Vec<InFile<'a>>,
}

#[derive(Serialize)]
struct InFile<'a> {
    file: &'a Path,
    #[serde(flatten)]
    finding: Finding,
}

pub(crate) fn run(console: &Console, args: &Audit) -> Result<Exit, CliError> {
    let operator = commands::operator(&args.operator)?;
    let mut findings = Vec::new();
    for file in &args.files {
        let text = read_file(file, Exit::Io)?;
        findings.extend(audit::audit(&text, &operator).into_iter().map(|finding| InFile { file, finding }));
    }
    let exit = if findings.is_empty() { Exit::Done } else { Exit::AuditFailed };
    let summary = |findings: &Findings<'_>| {
        let mut text: String =
            findings.findings.iter().map(|InFile { file, finding }| finding_text(file, finding)).collect();
        if findings.findings.is_empty() {
            text.push_str("every mount is as the table has it, and nothing else is there\n");
        }
        text
    };
    let findings = Findings { findings };
    console.data(&findings, || summary(&findings))?;
    Ok(exit)
}
