//! What of a folder, a file or a zip is handed in: names and sizes, before anything is packed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::PackError;
use super::left_out::LeftOut;

/// How deep folders may be nested; far above what people make, and below what exhausts anything.
pub(super) const DEPTH: usize = 64;
/// The most files; far above what any assignment takes.
pub(super) const FILES: usize = 100_000;
/// The most names of what is left out that are kept to be told.
const LEFT_OUT_TOLD: usize = 100;

/// A file that is handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Its path inside the submission.
    pub name: String,
    /// Its size in bytes when it was looked at.
    pub size: u64,
    /// Where it is; inside a zip, the zip.
    pub(super) path: PathBuf,
}

/// What is handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What the caller named.
    pub(super) of: PathBuf,
    /// The files, in order of their names.
    pub files: Vec<Chosen>,
    /// Files and folders that are left out, the first of them; folders end in `/`.
    pub left_out: Vec<String>,
    /// Whether it is a zip that is handed in as it is; then `files` is what its directory says.
    pub is_zip: bool,
}

impl Choice {
    /// What the files are together, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.size))
    }

    /// The names of the files, and where they are on this machine; nothing of a zip.
    pub(crate) fn paths(&self) -> impl Iterator<Item = (&str, &Path)> {
        let files = if self.is_zip { &[] } else { self.files.as_slice() };
        files.iter().map(|file| (file.name.as_str(), file.path.as_path()))
    }
}

/// Chooses what is handed in of the folder or file at `path`; a file whose name ends in `.zip` is taken as it is.
///
/// # Errors
/// If something cannot be read, or is neither file nor folder, or if there is nothing to hand in.
pub fn choose(path: &Path) -> Result<Choice, PackError> {
    // The argument itself may be a link: it is the caller who named it.
    let metadata = fs::metadata(path).map_err(|source| PackError::Read { path: path.into(), source })?;
    let mut choice = Choice { of: path.into(), files: Vec::new(), left_out: Vec::new(), is_zip: false };
    if metadata.is_dir() {
        let left_out = LeftOut::of(path)?;
        collect(&mut choice, &left_out)?;
        if choice.files.is_empty() {
            return Err(PackError::Empty(path.into()));
        }
    } else if !metadata.is_file() {
        return Err(PackError::Special { path: path.into(), what: "special file" });
    } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip")) {
        choice.is_zip = true;
        choice.files = listed(path);
    } else {
        let name =
            path.file_name().and_then(|name| name.to_str()).ok_or_else(|| PackError::Name(path.into()))?;
        choice.files.push(Chosen { name: name.to_owned(), size: metadata.len(), path: path.into() });
    }
    choice.files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(choice)
}

/// Walks the folder; never by recursion, and never through a link.
fn collect(choice: &mut Choice, left_out: &LeftOut) -> Result<(), PackError> {
    let mut folders = vec![(choice.of.clone(), String::new(), 0)];
    while let Some((folder, prefix, depth)) = folders.pop() {
        let failed = |source| PackError::Read { path: folder.clone(), source };
        if depth > DEPTH {
            return Err(PackError::Depth(folder));
        }
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            let kind = entry.file_type().map_err(failed)?;
            let shown = entry.file_name().to_string_lossy().into_owned();
            // Rules see what people see, so that a name that is no text can be left out.
            if left_out.has(&format!("{prefix}{shown}"), kind.is_dir()) {
                if choice.left_out.len() < LEFT_OUT_TOLD {
                    let end = if kind.is_dir() { "/" } else { "" };
                    choice.left_out.push(format!("{prefix}{shown}{end}"));
                }
                continue;
            }
            let name = entry.file_name().into_string().map_err(|_| PackError::Name(path.clone()))?;
            let name = format!("{prefix}{name}");
            if kind.is_dir() {
                folders.push((path, format!("{name}/"), depth + 1));
            } else if kind.is_file() {
                let size = entry.metadata().map_err(failed)?.len();
                choice.files.push(Chosen { name, size, path });
            } else {
                let what = if kind.is_symlink() { "symbolic link" } else { "special file" };
                return Err(PackError::Special { path, what });
            }
            if choice.files.len() > FILES {
                return Err(PackError::Many(choice.of.clone()));
            }
        }
    }
    choice.left_out.sort();
    Ok(())
}

/// What a zip's directory says; nothing where it cannot be read, which is for Setup to say.
fn listed(path: &Path) -> Vec<Chosen> {
    let list = || -> Option<Vec<Chosen>> {
        let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
        let archive = rawzip::ZipArchive::from_file(File::open(path).ok()?, &mut buffer).ok()?;
        let mut entries = archive.entries(&mut buffer);
        let mut files = Vec::new();
        while let Some(entry) = entries.next_entry().ok()? {
            if entry.is_dir() {
                continue;
            }
            let name = String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned();
            files.push(Chosen { name, size: entry.uncompressed_size_hint(), path: path.into() });
            if files.len() > FILES {
                return None;
            }
        }
        Some(files)
    };
    list().unwrap_or_default()
}

/// The size that a file has when it is read, held against what was told of it.
pub(super) fn still(file: &Chosen, read: u64) -> io::Result<()> {
    if read == file.size { Ok(()) } else { Err(io::Error::other("it changed while it was read; run this again")) }
}
