//! Why a command did not do what was asked.

use std::fmt;
use std::path::Path;

use assay_contract::Exit;
use assay_core::assignment::LoadError;
use assay_core::audit::Finding;

/// Codes of problems that lie in what is there, not in what is written.
const ABSENT: [&str; 4] = ["assignment-unreadable", "file-missing", "file-unreadable", "partner-missing"];

/// Why a command did not do what was asked; its exit code says whose fault that is.
#[derive(Debug)]
pub(crate) enum CliError {
    /// The assignment has mistakes; they are printed with their places.
    Assignment(Box<LoadError>),
    /// Something else, in words.
    Other {
        exit: Exit,
        message: String,
        hint: Option<String>,
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

impl CliError {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> CliError {
        CliError::Other { exit, message: message.into(), hint: None, source: None }
    }

    /// An error that says by itself what was being done.
    pub(crate) fn of(exit: Exit, error: &dyn std::error::Error) -> CliError {
        CliError::new(exit, chain(error))
    }

    pub(crate) fn io(message: impl Into<String>, source: std::io::Error) -> CliError {
        CliError::new(Exit::Io, message).because(source)
    }

    /// An error that no input should be able to cause.
    pub(crate) fn bug(source: impl std::error::Error + Send + Sync + 'static) -> CliError {
        CliError::new(Exit::Bug, "this is a bug in Assay; please report it").because(source)
    }

    pub(crate) fn because(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> CliError {
        if let CliError::Other { source, .. } = &mut self {
            *source = Some(Box::new(cause));
        }
        self
    }

    pub(crate) fn hint(mut self, text: impl Into<String>) -> CliError {
        if let CliError::Other { hint, .. } = &mut self {
            *hint = Some(text.into());
        }
        self
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            // A mistake in the text comes before a file that is not there.
            CliError::Assignment(error)
                if error.problems.iter().all(|problem| ABSENT.contains(&problem.code())) =>
            {
                Exit::AssignmentFile
            }
            CliError::Assignment(_) => Exit::AssignmentInvalid,
            CliError::Other { exit, .. } => *exit,
        }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CliError::Assignment(error) => write!(f, "{error}"),
            CliError::Other { exit: _, message, hint, source } => {
                f.write_str(message)?;
                if let Some(source) = source {
                    write!(f, ": {}", chain(source.as_ref()))?;
                }
                if let Some(hint) = hint {
                    write!(f, "\n  hint: {hint}")?;
                }
                Ok(())
            }
        }
    }
}

/// An error and its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

/// Reads a file that the command line names.
pub(crate) fn read_file(path: &Path, exit: Exit) -> Result<String, CliError> {
    std::fs::read_to_string(path)
        .map_err(|error| CliError::new(exit, format!("cannot read {}", path.display())).because(error))
}

/// What findings of an audit look like to people.
pub(crate) fn finding_text(file: &Path, finding: &Finding) -> String {
    let Finding { code, document, stage, template, field, message, hint } = finding;
    let place = match (stage, template.as_str()) {
        (Some(stage), _) => format!("stage {stage}"),
        (None, "") => format!("document {document}"),
        (None, template) => format!("template {template}"),
    };
    let field = if field.is_empty() { String::new() } else { format!("{field}: ") };
    format!("{}: {place}: {field}{message} [{code}]\n  hint: {hint}\n", file.display())
}
