//! The author's folder: the only place that files of an assignment come from.
//!
//! Paths are relative, go nowhere but down, and lead to regular files inside the folder once links are followed.
//! Everything read is capped, one by one and in sum, and never cut short: over the cap is a problem.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_contract::Digest;
use sha2::{Digest as _, Sha256};

use super::raw::At;
use crate::diagnostics::{Place, Problem, codes, nearest};

/// The largest file, in bytes.
const MAX_FILE: u64 = 64 << 20;
/// The largest sum of all files, in bytes.
const MAX_ALL: u64 = 512 << 20;
/// The most files that a folder may bring.
const MAX_FILES: usize = 10_000;
/// The deepest folder that is walked.
const MAX_DEPTH: usize = 32;

/// What a file holds, with its SHA-256; cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    bytes: Arc<[u8]>,
    digest: Digest,
}

impl Content {
    /// The content made of these bytes.
    ///
    /// # Panics
    /// Never: a SHA-256 in hexadecimal is a [`Digest`].
    #[must_use]
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Content {
        let bytes = bytes.into();
        let digest = sha256(&bytes);
        Content { bytes, digest }
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Their SHA-256.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }
}

/// The SHA-256 of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    let hex = data_encoding::HEXLOWER.encode(&Sha256::digest(bytes));
    Digest::new(hex).expect("a SHA-256 has 64 hexadecimal digits")
}

/// A file of the author's that is laid over submissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Laid {
    pub(crate) path: String,
    pub(crate) content: Content,
    pub(crate) executable: bool,
}

/// The author's folder while an assignment is read.
#[derive(Debug)]
pub(crate) struct Folder {
    /// Without links, so that what lies inside can be told by its prefix.
    root: PathBuf,
    /// The name of the file that describes the assignment.
    own_name: String,
    read: BTreeMap<PathBuf, Content>,
    bytes: u64,
}

impl Folder {
    /// The folder of the assignment that `file` describes.
    pub(crate) fn of(file: &Path) -> std::io::Result<Folder> {
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let own_name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Folder { root: fs::canonicalize(parent)?, own_name, read: BTreeMap::new(), bytes: 0 })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn own_name(&self) -> &str {
        &self.own_name
    }

    /// The content of a file that must exist.
    pub(crate) fn read(&mut self, named: &At<String>) -> Result<Content, Problem> {
        let path = self.find(named)?;
        let metadata = metadata(&path, &named.place)?;
        if !metadata.is_file() {
            let hint =
                if metadata.is_dir() { "it is a folder" } else { "it is a device, a pipe or a socket" };
            let message = format!("`{}` is no regular file", named.value);
            return Err(Problem::new(&codes::FILE_NOT_REGULAR, &named.place, message).hint(hint));
        }
        self.read_regular(&path, named)
    }

    /// Whether nothing of that name exists, as far as the name is one that could exist.
    pub(crate) fn is_missing(&self, named: &At<String>) -> bool {
        relative(named).is_ok_and(|path| fs::symlink_metadata(self.root.join(path)).is_err())
    }

    /// Checks that a folder exists, and gives its path without a slash at its end.
    pub(crate) fn folder(&self, named: &At<String>) -> Result<String, Problem> {
        let path = self.find(named)?;
        if metadata(&path, &named.place)?.is_dir() {
            return relative(named);
        }
        let message = format!("`{}` is a file, not a folder", named.value);
        Err(Problem::new(&codes::FOLDER_EXPECTED, &named.place, message))
    }

    /// A file, or all files of a folder, in byte order of path.
    pub(crate) fn lay(&mut self, named: &At<String>) -> Result<Vec<Laid>, Problem> {
        let path = relative(named)?;
        let mut laid = Vec::new();
        let mut todo = vec![(path, 0)];
        while let Some((path, depth)) = todo.pop() {
            let inner = At { value: path.clone(), place: named.place.clone() };
            let found = self.find(&inner)?;
            let metadata = metadata(&found, &named.place)?;
            if metadata.is_dir() && depth < MAX_DEPTH {
                todo.extend(
                    self.names(&inner)?.into_iter().map(|name| (format!("{path}/{name}"), depth + 1)),
                );
            } else {
                let content = self.read(&inner)?;
                laid.push(Laid { path, content, executable: executable(&metadata) });
            }
            if laid.len() + todo.len() > MAX_FILES {
                let message = format!("`{}` holds more than {MAX_FILES} files", named.value);
                return Err(Problem::new(&codes::FILES_TOO_LARGE, &named.place, message));
            }
        }
        laid.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(laid)
    }

    /// The files that match `folder/before*after`, by the part that `*` matched, in byte order.
    pub(crate) fn matching(&self, pattern: &At<String>) -> Result<BTreeMap<String, String>, Problem> {
        let wrong = |message: &str| {
            Problem::new(&codes::PATTERN_INVALID, &pattern.place, message)
                .hint("write a folder and a name with one `*`, such as `hidden/*.in`")
        };
        if pattern.value.matches('*').count() != 1 {
            return Err(wrong("a pattern needs exactly one `*`"));
        }
        let (folder, name) = pattern.value.rsplit_once('/').unwrap_or((".", &pattern.value));
        let Some((before, after)) = name.split_once('*') else {
            return Err(wrong("`*` must stand in the last part of the path"));
        };
        if let Some(other) = name.chars().find(|c| matches!(c, '?' | '[' | ']' | '{' | '}')) {
            return Err(wrong(&format!("`{other}` has no meaning in a pattern")));
        }
        let folder_at = At { value: folder.to_owned(), place: pattern.place.clone() };
        if folder != "." {
            self.folder(&folder_at)?;
        }
        let prefix = if folder == "." { String::new() } else { format!("{}/", relative(&folder_at)?) };
        let names = self.names(&folder_at)?;
        let matched = names.into_iter().filter_map(|name| {
            let middle = name.strip_prefix(before)?.strip_suffix(after)?;
            let hidden = before.is_empty() && name.starts_with('.');
            (!middle.is_empty() && !hidden).then(|| (middle.to_owned(), format!("{prefix}{name}")))
        });
        Ok(matched.collect())
    }

    /// The names in a folder, in byte order.
    fn names(&self, folder: &At<String>) -> Result<Vec<String>, Problem> {
        let path = if folder.value == "." { self.root.clone() } else { self.find(folder)? };
        let unreadable = |error: &std::io::Error| unreadable(&folder.value, &folder.place, error);
        let mut names = Vec::new();
        for entry in fs::read_dir(path).map_err(|error| unreadable(&error))? {
            let name = entry.map_err(|error| unreadable(&error))?.file_name();
            let Ok(name) = name.into_string() else {
                let message = format!("a file in `{}` has a name that is not UTF-8", folder.value);
                return Err(Problem::new(&codes::PATH_INVALID, &folder.place, message));
            };
            names.push(name);
            if names.len() > MAX_FILES {
                let message = format!("`{}` holds more than {MAX_FILES} files", folder.value);
                return Err(Problem::new(&codes::FILES_TOO_LARGE, &folder.place, message));
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Where a name leads, links followed; inside the folder or nowhere.
    fn find(&self, named: &At<String>) -> Result<PathBuf, Problem> {
        let path = relative(named)?;
        let found = fs::canonicalize(self.root.join(&path))
            .map_err(|error| unreadable(&path, &named.place, &error).hint_if_any(self.near(&path)))?;
        if found.starts_with(&self.root) {
            return Ok(found);
        }
        let message = format!("`{path}` leads out of the assignment's folder");
        Err(Problem::new(&codes::FILE_OUTSIDE, &named.place, message)
            .hint("copy what it leads to into the folder"))
    }

    /// The name nearest to one that does not exist, in the folder where it was looked for.
    fn near(&self, path: &str) -> Option<String> {
        let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
        let names = fs::read_dir(self.root.join(folder)).ok()?.take(MAX_FILES);
        let known: Vec<String> =
            names.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        let near = nearest(name, known.iter().map(String::as_str))?;
        Some(format!(
            "did you mean `{}`?",
            if folder == "." { near.to_owned() } else { format!("{folder}/{near}") }
        ))
    }

    fn read_regular(&mut self, path: &Path, named: &At<String>) -> Result<Content, Problem> {
        if let Some(content) = self.read.get(path) {
            return Ok(content.clone());
        }
        let mut bytes = Vec::new();
        // One byte more than allowed, so that a file at the cap and one over it can be told apart.
        File::open(path)
            .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
            .map_err(|error| unreadable(&named.value, &named.place, &error))?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if length > MAX_FILE {
            let message = format!("`{}` has more than {MAX_FILE} bytes", named.value);
            return Err(Problem::new(&codes::FILE_TOO_LARGE, &named.place, message));
        }
        self.bytes = self.bytes.saturating_add(length);
        if self.bytes > MAX_ALL {
            let message = format!("with `{}` the files have more than {MAX_ALL} bytes", named.value);
            return Err(Problem::new(&codes::FILES_TOO_LARGE, &named.place, message));
        }
        let content = Content::new(bytes);
        self.read.insert(path.to_owned(), content.clone());
        Ok(content)
    }
}

/// A path that goes nowhere but down, without a slash at its end.
pub(crate) fn relative(named: &At<String>) -> Result<String, Problem> {
    let path = named.value.strip_prefix("./").unwrap_or(&named.value);
    let path = path.strip_suffix('/').unwrap_or(path);
    let wrong = if path.is_empty() || path == "." {
        "it names no file"
    } else if path.starts_with('/') {
        "it starts at the root"
    } else if path.contains('\\') {
        "it has a backslash"
    } else if path.chars().any(char::is_control) {
        "it has a control character"
    } else if path.split('/').any(|part| part == "..") {
        "it leads upwards"
    } else if path.split('/').any(|part| part.is_empty() || part == ".") {
        "it has an empty part"
    } else if path.len() > 1024 || path.split('/').any(|part| part.len() > 255) {
        "it is too long"
    } else {
        return Ok(path.to_owned());
    };
    let message = format!("`{}` is no path that can be used: {wrong}", super::reader::brief(&named.value));
    Err(Problem::new(&codes::PATH_INVALID, &named.place, message)
        .hint("write it relative to its folder, with `/`"))
}

fn metadata(path: &Path, place: &Place) -> Result<fs::Metadata, Problem> {
    fs::metadata(path).map_err(|error| unreadable(&path.display().to_string(), place, &error))
}

fn unreadable(path: &str, place: &Place, error: &std::io::Error) -> Problem {
    let code = if error.kind() == std::io::ErrorKind::NotFound {
        &codes::FILE_MISSING
    } else {
        &codes::FILE_UNREADABLE
    };
    let message = match error.kind() {
        std::io::ErrorKind::NotFound => format!("`{path}` does not exist"),
        _ => format!("`{path}` cannot be read: {error}"),
    };
    Problem::new(code, place, message)
}

#[cfg(unix)]
fn executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn executable(_metadata: &fs::Metadata) -> bool {
    false
}
