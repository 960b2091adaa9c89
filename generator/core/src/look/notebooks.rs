//! Notebooks whose last change may not be in the file that is handed in, as far as files tell.
//!
//! A checkpoint is a copy of what was saved: one that is newer than its notebook, and says something else, shows a change that
//! the notebook's file lacks. A file `.~name` is what is being written of it, or was when its server died.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use crate::pack::Choice;

/// What the names of notebooks end with.
const SUFFIX: &str = ".ipynb";
/// Notebooks above this size are not compared, but taken to differ.
const LONGEST: u64 = 64 << 20;

/// Names of chosen notebooks that lack a change.
#[must_use]
pub fn stale(choice: &Choice) -> Vec<String> {
    let of = |name: &str, path: &Path| {
        let file = path.file_name().and_then(|name| name.to_str())?;
        let stem = file.strip_suffix(SUFFIX)?;
        let folder = path.parent()?;
        let checkpoint = folder.join(".ipynb_checkpoints").join(format!("{stem}-checkpoint{SUFFIX}"));
        let half_written = folder.join(format!(".~{file}"));
        (is_newer_and_other(&checkpoint, path) || is_newer_and_other(&half_written, path)).then(|| name.to_owned())
    };
    choice.paths().filter_map(|(name, path)| of(name, path)).collect()
}

fn is_newer_and_other(copy: &Path, notebook: &Path) -> bool {
    let look = |path: &Path| fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file);
    let (Some(copied), Some(saved)) = (look(copy), look(notebook)) else { return false };
    let newer = matches!((copied.modified(), saved.modified()), (Ok(copied), Ok(saved)) if copied > saved);
    newer && (copied.len() != saved.len() || content(copy) != content(notebook))
}

fn content(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let length = File::open(path).ok()?.take(LONGEST + 1).read_to_end(&mut bytes).ok()?;
    (length as u64 <= LONGEST).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::pack::choose;

    fn put(folder: &Path, name: &str, text: &str, second: u64) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + second);
        File::options().append(true).open(&path).unwrap().set_modified(at).unwrap();
    }

    #[test]
    fn only_a_newer_and_other_copy_tells_of_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str, second: u64| put(folder.path(), name, text, second);
        put("older-copy.ipynb", "new", 10);
        put(".ipynb_checkpoints/older-copy-checkpoint.ipynb", "old", 5);
        put("same-copy.ipynb", "new", 10);
        put(".ipynb_checkpoints/same-copy-checkpoint.ipynb", "new", 15);
        put("a/lacks.ipynb", "old", 10);
        put("a/.ipynb_checkpoints/lacks-checkpoint.ipynb", "new", 15);
        put("half.ipynb", "old", 10);
        put(".~half.ipynb", "ne", 15);
        put("no-notebook.txt", "old", 10);
        put(".~no-notebook.txt", "new", 15);
        assert_eq!(stale(&choose(folder.path()).unwrap()), ["a/lacks.ipynb", "half.ipynb"]);
    }
}
