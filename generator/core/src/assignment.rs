//! The author's side: from `assignment.yaml` to a valid [`Assignment`] and to what is published of it.
//!
//! ```text
//! text ─ yaml ─▶ tree ─ decode ─▶ as written, with places ─ check ─▶ Assignment ─▶ Publication, Described
//! ```
//!
//! Each step reports every problem that it finds and goes on. Reading happens in `folder` alone, and only beneath the
//! assignment's own folder; nothing is ever written.

mod cases;
mod check;
mod decode;
mod folder;
mod image;
mod limits;
mod publication;
mod raw;
mod reader;
mod run_line;
mod samples;
mod scalars;
mod schedule;
pub(crate) mod shapes;
mod valid;
mod words;
mod yaml;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

pub use folder::Content;
pub use publication::Publication;
pub use valid::{AnswerPlace, AnswerToRecord, Assignment, Case, Sample};

use crate::diagnostics::{Place, Problem, Severity, Source, codes};

/// The name of the file that describes an assignment, where a folder is given.
const FILE_NAME: &str = "assignment.yaml";

/// An assignment that can be used, and what its author should know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The assignment.
    pub assignment: Assignment,
    /// Problems of severity warning, in the order of the file.
    pub warnings: Vec<Problem>,
    /// The text that the warnings point into.
    pub text: Source,
}

/// An assignment that cannot be used: at least one problem is an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the assignment {name} cannot be used; problems: {}", problems.len(), name = text.name())]
pub struct LoadError {
    /// All problems, warnings included, in the order of the file.
    pub problems: Vec<Problem>,
    /// The text that the problems point into; empty where it could not be read.
    pub text: Source,
}

/// Reads an assignment from its `assignment.yaml`, or from the folder that holds it.
///
/// # Errors
/// If anything in it is wrong; all problems are given at once.
pub fn load(path: &Path) -> Result<Loaded, Box<LoadError>> {
    load_with(path, false)
}

/// The same for `assay record`: files of expected outputs may be missing.
///
/// # Errors
/// If anything else in it is wrong; all problems are given at once.
pub fn load_for_recording(path: &Path) -> Result<Loaded, Box<LoadError>> {
    load_with(path, true)
}

fn load_with(path: &Path, recording: bool) -> Result<Loaded, Box<LoadError>> {
    let file = if path.is_dir() { path.join(FILE_NAME) } else { path.to_owned() };
    let name = file.display().to_string();
    let unreadable = |message: String| {
        let problem = Problem::new(&codes::ASSIGNMENT_UNREADABLE, &Place::whole(), message)
            .hint("give the path of an `assignment.yaml` or of its folder; `assay new` writes one");
        Box::new(LoadError { problems: vec![problem], text: Source::new(name.clone(), "") })
    };
    let text = read_text(&file).map_err(&unreadable)?;
    let source = Source::new(name.clone(), text);
    let mut folder = folder::Folder::of(&file).map_err(|error| unreadable(error.to_string()))?;

    let (raw, mut problems) = decode::decode(&source);
    let assignment = raw.and_then(|raw| check::check(&raw, &mut folder, recording, &mut problems));
    // What holds for all cases is looked at for each, and reported once.
    let mut seen = HashSet::new();
    problems.retain(|problem| {
        seen.insert((problem.code(), problem.place().clone(), problem.message().to_owned()))
    });
    problems.sort_by_key(|problem| problem.place().span);
    let failed = problems.iter().any(|problem| problem.severity() == Severity::Error);
    match assignment {
        Some(assignment) if !failed => Ok(Loaded { assignment, warnings: problems, text: source }),
        _ => Err(Box::new(LoadError { problems, text: source })),
    }
}

/// The text of a regular file; one byte over the cap is enough to tell that it is too large.
fn read_text(path: &Path) -> Result<String, String> {
    let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err(format!("`{}` is no regular file", path.display()));
    }
    let mut bytes = Vec::new();
    let cap = u64::try_from(yaml::MAX_BYTES).unwrap_or(u64::MAX) + 1;
    File::open(path)
        .and_then(|file| file.take(cap).read_to_end(&mut bytes))
        .map_err(|error| error.to_string())?;
    if bytes.len() > yaml::MAX_BYTES {
        // Refused for its size, so what the cut did to its last character does not matter.
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    String::from_utf8(bytes).map_err(|error| {
        format!("it is not UTF-8 text: byte {} fits no character", error.utf8_error().valid_up_to() + 1)
    })
}
