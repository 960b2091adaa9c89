//! One module a command; each gets its arguments and a console, and gives an exit code or an error.

pub(crate) mod admission;
pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod cluster;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod image;
pub(crate) mod new;
pub(crate) mod publish;
pub(crate) mod queue;
pub(crate) mod receipt;
pub(crate) mod record;
pub(crate) mod render;
pub(crate) mod result;
pub(crate) mod status;
pub(crate) mod submit;
pub(crate) mod sweep;
pub(crate) mod test;
pub(crate) mod try_one;

use std::path::{Path, PathBuf};

use assay_contract::{AssignmentId, Exit};
use assay_core::assignment::{self, Assignment, Loaded};
use assay_core::diagnostics;
use assay_core::operator::Operator;
use assay_core::plan::Plan;

use crate::args::OperatorFile;
use crate::console::Console;
use crate::error::{CliError, read_file};

/// Loads an assignment, and passes its warnings on.
pub(crate) fn load(console: &Console, path: &Path) -> Result<Assignment, CliError> {
    let Loaded { assignment, warnings, text } = assignment::load(path).map_err(CliError::Assignment)?;
    for warning in &warnings {
        console.note(&diagnostics::render(warning, &text, console.colors_errors()));
    }
    Ok(assignment)
}

/// The full path of a submission that the command line names.
pub(crate) fn submission(path: &Path) -> Result<PathBuf, CliError> {
    path.canonicalize().map_err(|error| {
        CliError::new(Exit::Usage, format!("there is no submission at {}", path.display())).because(error)
    })
}

/// The id of an assignment that is named by itself or by its folder.
pub(crate) fn assignment_id(console: &Console, text: &str) -> Result<AssignmentId, CliError> {
    let path = Path::new(text);
    if path.is_file() || path.join("assignment.yaml").is_file() {
        return load(console, path).map(|assignment| assignment.id().clone());
    }
    AssignmentId::new(text).map_err(|error| {
        let message = format!("`{}` is neither an assignment's folder nor its id", text.escape_debug());
        CliError::new(Exit::Usage, message).because(error)
    })
}

/// Refuses the first option that was given and means nothing on the route that is taken.
pub(crate) fn refuse_given<const N: usize>(route: &str, hint: &str, given: [(&str, bool); N]) -> Result<(), CliError> {
    match given.into_iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((option, _)) => {
            Err(CliError::new(Exit::Usage, format!("{option} does not apply on the route to {route}")).hint(hint))
        }
    }
}

/// The operator's settings: the file's, or the defaults.
pub(crate) fn operator(file: &OperatorFile) -> Result<Operator, CliError> {
    file.operator.as_deref().map_or_else(|| Ok(Operator::default()), operator_file)
}

/// The operator's settings of a file.
pub(crate) fn operator_file(path: &Path) -> Result<Operator, CliError> {
    let text = read_file(path, Exit::OperatorInvalid)?;
    Operator::from_yaml(&text).map_err(|error| {
        CliError::new(Exit::OperatorInvalid, format!("{} cannot be used", path.display())).because(error)
    })
}

/// The plan of an assignment under an operator.
pub(crate) fn plan(assignment: &Assignment, operator: &Operator) -> Result<Plan, CliError> {
    Plan::new(&assignment.described(), operator).map_err(|error| {
        CliError::new(Exit::AssignmentInvalid, format!("{} cannot be planned", assignment.id()))
            .because(error)
            .hint("lower the assignment's limits, or ask the operator for more")
    })
}
