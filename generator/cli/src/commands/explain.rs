//! `assay explain`.

use assay_contract::Exit;
use assay_core::diagnostics::codes;
use serde::Serialize;

use crate::args::Explain;
use crate::console::Console;
use crate::error::CliError;

/// Codes of `check`, `audit` and `doctor` have different forms, and none is used twice.
fn explanation(code: &str) -> Option<String> {
    codes::explain(code)
        .or_else(|| assay_core::audit::explain(code))
        .or_else(|| assay_cluster::doctor::explain(code))
}

#[derive(Serialize)]
struct Explanation<'a> {
    code: &'a str,
    explanation: &'a str,
}

pub(crate) fn run(console: &Console, args: &Explain) -> Result<Exit, CliError> {
    let code = args.code.trim();
    let Some(explanation) = explanation(code) else {
        let error = CliError::new(Exit::Usage, format!("there is no code `{}`", code.escape_debug()));
        return Err(match codes::nearest_code(code) {
            Some(nearest) => error.hint(format!("did you mean `{nearest}`?")),
            None => error.hint("give a code as `assay check`, `assay audit` or `assay doctor` printed it"),
        });
    };
    console.data(&Explanation { code, explanation: &explanation }, || explanation.clone())?;
    Ok(Exit::Done)
}
