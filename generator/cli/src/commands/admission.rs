//! `assay admission`.

use assay_contract::Exit;
use assay_core::admission;
use serde::Serialize;

use crate::args::OperatorFile;
use crate::commands;
use crate::console::Console;
use crate::error::CliError;

#[derive(Serialize)]
struct Policies<'a> {
    policies: &'a str,
}

pub(crate) fn run(console: &Console, args: &OperatorFile) -> Result<Exit, CliError> {
    let operator = commands::operator(args)?;
    let policies = admission::policies(&operator).map_err(CliError::bug)?;
    console.data(&Policies { policies: &policies }, || policies.clone())?;
    Ok(Exit::Done)
}
