//! `assay render` and `assay mounts`.

use assay_contract::Exit;
use assay_core::mounts::Mounts as AppliedTable;
use assay_core::render;
use serde::Serialize;

use crate::args::{Mounts, Render};
use crate::commands;
use crate::console::Console;
use crate::error::CliError;
use crate::files;

#[derive(Serialize)]
struct Rendered<'a> {
    name: &'a str,
    template: &'a str,
}

pub(crate) fn run(console: &Console, args: &Render) -> Result<Exit, CliError> {
    let assignment = commands::load(console, &args.assignment.assignment)?;
    let operator = commands::operator(&args.operator)?;
    let plan = commands::plan(&assignment, &operator)?;
    // Nothing is written before what was rendered has been read back and held against the table.
    let checked = render::render(&plan, &operator).map_err(CliError::bug)?;
    if let Some(path) = &args.to {
        files::replace(path, checked.text().as_bytes())
            .map_err(|error| CliError::io(format!("cannot write {}", path.display()), error))?;
        console.note(&format!("{} written to {}", checked.name(), path.display()));
    } else {
        console.data(&Rendered { name: checked.name(), template: checked.text() }, || {
            checked.text().to_owned()
        })?;
    }
    Ok(Exit::Done)
}

pub(crate) fn mounts(console: &Console, args: &Mounts) -> Result<Exit, CliError> {
    let operator = commands::operator(&args.operator)?;
    let assignment = commands::load(console, &args.assignment.assignment)?;
    let plan = commands::plan(&assignment, &operator)?;
    let table = AppliedTable::new(&plan, &operator);
    console.data(&table, || table.to_string())?;
    Ok(Exit::Done)
}
