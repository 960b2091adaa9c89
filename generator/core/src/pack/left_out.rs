//! What nobody means to hand in: what tools and systems leave, and what `.assayignore` names.
//!
//! The rules are those of `.gitignore`, ours first and the folder's after them, so that a folder can take any of ours back by
//! a line that begins with `!`. Nothing else is asked: no file above the folder, no setting of git's.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::PackError;

/// The file in a folder that says what else is left out.
pub const FILE: &str = ".assayignore";
/// The longest such file.
const LONGEST: u64 = 64 << 10;

/// What is left out everywhere.
pub const EVERYWHERE: [&str; 22] = [
    ".assay/",
    ".assayignore",
    ".git",
    ".hg/",
    ".svn/",
    ".DS_Store",
    "__MACOSX/",
    ".ipynb_checkpoints/",
    "__pycache__/",
    ".pytest_cache/",
    ".venv/",
    "node_modules/",
    "target/",
    "*.o",
    "*.pyc",
    "*.swp",
    "*~",
    ".~*",
    // What a crash leaves; a folder of that name is somebody's work.
    "core",
    "core.[0-9]*",
    "!core/",
    "!core.[0-9]*/",
];

/// What a folder leaves out.
pub(super) struct LeftOut(Gitignore);

impl LeftOut {
    /// The rules of a folder.
    pub(super) fn of(folder: &Path) -> Result<LeftOut, PackError> {
        let mut rules = GitignoreBuilder::new(folder);
        for line in EVERYWHERE {
            // Ours are tried by a test.
            let _taken = rules.add_line(None, line);
        }
        let path = folder.join(FILE);
        let text = text(&path).map_err(|source| PackError::Read { path: path.clone(), source })?;
        for (number, line) in text.lines().enumerate() {
            rules.add_line(None, line).map_err(|_| PackError::Rule { path: path.clone(), line: number + 1 })?;
        }
        let rules = rules.build().map_err(|_| PackError::Rule { path, line: 0 })?;
        Ok(LeftOut(rules))
    }

    /// Whether the file or folder of this name, below the rules' folder, is left out.
    pub(super) fn has(&self, name: &str, is_folder: bool) -> bool {
        self.0.matched(name, is_folder).is_ignore()
    }
}

fn text(path: &Path) -> io::Result<String> {
    match fs::metadata(path) {
        // Not opened otherwise: a pipe would wait for whoever writes to it.
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Ok(String::new()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(error),
    }
    let mut text = String::new();
    File::open(path)?.take(LONGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(own: &str, names: &[(&str, bool)]) -> Vec<bool> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), own).unwrap();
        let rules = LeftOut::of(folder.path()).unwrap();
        names.iter().map(|(name, is_folder)| rules.has(name, *is_folder)).collect()
    }

    #[test]
    fn every_rule_of_ours_is_one() {
        let mut rules = GitignoreBuilder::new(".");
        for line in EVERYWHERE {
            rules.add_line(None, line).unwrap();
        }
        assert_eq!(rules.build().unwrap().len(), EVERYWHERE.len());
    }

    #[test]
    fn what_tools_leave_is_left_out_and_what_people_make_is_not() {
        let names = [
            (".git", true),
            (".git", false),
            ("a/__pycache__", true),
            ("a/b.o", false),
            ("core", false),
            ("core.123", false),
            ("core.c", false),
            ("src/core", true),
            ("target", true),
            ("target", false),
            ("notes.ipynb", false),
            (".hidden", false),
        ];
        let expected = [true, true, true, true, true, true, false, false, true, false, false, false];
        assert_eq!(left_out("", &names), expected);
    }

    #[test]
    fn a_folder_takes_back_and_adds() {
        let own = "# my own\n!*.o\n/data/\n*.bin\n!keep.bin\n";
        let names = [("a.o", false), ("data", true), ("src/data", true), ("x.bin", false), ("keep.bin", false)];
        assert_eq!(left_out(own, &names), [false, true, false, true, false]);
    }

    #[test]
    fn rules_that_are_none_are_named_by_their_line() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "fine\n[b-a]\n").unwrap();
        let error = LeftOut::of(folder.path()).err().unwrap().to_string();
        assert!(error.contains("line 2"), "{error}");
        fs::write(folder.path().join(FILE), "x\n".repeat(100_000)).unwrap();
        assert!(LeftOut::of(folder.path()).is_err());
    }
}
