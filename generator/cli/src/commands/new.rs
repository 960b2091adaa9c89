//! `assay new`: an assignment that works at once.

use std::fs;
use std::path::Path;

use assay_contract::{AssignmentId, Exit};

use crate::args::{Language, New};
use crate::console::Console;
use crate::error::CliError;
use crate::files;

/// A file of a kit: where it goes, and what is in it.
type KitFile = (&'static str, &'static str);

macro_rules! kit {
    ($language:literal, $source:literal) => {
        &[
            ("assignment.yaml", include_str!(concat!("../../kits/", $language, "/assignment.yaml"))),
            ("hidden/large.in", include_str!(concat!("../../kits/", $language, "/hidden/large.in"))),
            ("hidden/large.out", include_str!(concat!("../../kits/", $language, "/hidden/large.out"))),
            ("hidden/plain.in", include_str!(concat!("../../kits/", $language, "/hidden/plain.in"))),
            ("hidden/plain.out", include_str!(concat!("../../kits/", $language, "/hidden/plain.out"))),
            kit!(@submission $language, "solution", $source),
            kit!(@submission $language, "starter", $source),
            kit!(@submission $language, "wrong-sum", $source),
        ]
    };
    (@submission $language:literal, $name:literal, $source:literal) => {
        (
            concat!("submissions/", $name, "/", $source),
            include_str!(concat!("../../kits/", $language, "/submissions/", $name, "/", $source)),
        )
    };
}

const C: &[KitFile] = kit!("c", "sum.c");
const PYTHON: &[KitFile] = kit!("python", "sum.py");
const JAVA: &[KitFile] = kit!("java", "Sum.java");

pub(crate) fn run(console: &Console, args: &New) -> Result<Exit, CliError> {
    let id = id(args)?;
    let folder = &args.folder;
    let failed = |path: &Path| {
        let message = format!("cannot write {}", path.display());
        move |error| CliError::io(message, error)
    };
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) || folder.is_file() {
        return Err(CliError::new(Exit::Usage, format!("{} exists already", folder.display()))
            .hint("give a folder that does not exist, or is empty"));
    }
    let salt = salt()?;
    let kit = match args.language {
        Language::C => C,
        Language::Python => PYTHON,
        Language::Java => JAVA,
    };
    for (name, content) in kit {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed(parent))?;
        }
        let content = content.replace("@id@", id.as_str()).replace("@salt@", &salt);
        fs::write(&path, content).map_err(failed(&path))?;
    }
    let shown = folder.display();
    console.note(&format!("next: assay test {shown}, then assay try {shown}/submissions/wrong-sum"));
    console.text(&format!("{}\n", folder.join("assignment.yaml").display()))?;
    Ok(Exit::Done)
}

/// The id that was asked for, or one that the folder's name suggests.
fn id(args: &New) -> Result<AssignmentId, CliError> {
    let text = match &args.id {
        Some(id) => id.clone(),
        None => {
            let name = args.folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            format!("course/{}", name.to_lowercase())
        }
    };
    AssignmentId::new(&text).map_err(|error| {
        CliError::new(Exit::Usage, format!("`{}` is no id of an assignment", text.escape_debug()))
            .hint(format!("give one by --id: {error}"))
    })
}

fn salt() -> Result<String, CliError> {
    Ok(files::random::<16>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}
