//! `assay explain`.

use assay_contract::{Exit, OddityCode};
use assay_core::diagnostics::codes;
use serde::Serialize;

use crate::args::Explain;
use crate::console::Console;
use crate::error::CliError;

/// Codes of `check`, `audit`, `doctor` and of oddities, of which none is used twice.
fn explanation(code: &str) -> Option<String> {
    codes::explain(code)
        .or_else(|| assay_core::audit::explain(code))
        .or_else(|| assay_cluster::doctor::explain(code))
        .or_else(|| oddity(code))
}

/// What is odd about a job, as `assay try` and `assay result` print it.
fn oddity(id: &str) -> Option<String> {
    let code = OddityCode::ALL.iter().find(|code| code.id() == id)?;
    Some(format!("{code}\n\n{}", code.meaning()))
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
            None => {
                error.hint("give a code as `assay` printed it: of a problem, a finding, a check or an oddity")
            }
        });
    };
    console.data(&Explanation { code, explanation: &explanation }, || explanation.clone())?;
    Ok(Exit::Done)
}
