//! What is handed in becomes a zip: a folder, one file, or a zip as it is.
//!
//! The same folder always gives the same bytes: names in order, no times, no owners. Links and special files are refused
//! here already, where their owner can still mend it. This module never judges an assignment's rules.

use std::fs;
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use rawzip::{CompressionMethod, ZipArchiveWriter};

/// Folders and files that tools and systems leave and nobody means to hand in.
const LEFT_BEHIND: [&str; 6] =
    [".git", ".assay", ".DS_Store", "__MACOSX", "__pycache__", ".ipynb_checkpoints"];

/// How deep folders may be nested; far above what people make, and below what exhausts anything.
const DEPTH: usize = 64;

/// Why something cannot be handed in.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// Reading failed.
    #[error("cannot read {}", path.display())]
    Read {
        /// What could not be read.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is neither file nor folder.
    #[error("{} is a {what}, which cannot be handed in", path.display())]
    Special {
        /// What it is about.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A name that is not text.
    #[error("the name of {} is not UTF-8", .0.display())]
    Name(PathBuf),
    /// Folders within folders without end.
    #[error("{} lies more than {DEPTH} folders deep", .0.display())]
    Depth(PathBuf),
    /// There is no file in it.
    #[error("{} holds no file to hand in", .0.display())]
    Empty(PathBuf),
    /// The zip could not be made.
    #[error("cannot make a zip of {}", path.display())]
    Zip {
        /// What was packed.
        path: PathBuf,
        /// Why it failed.
        source: rawzip::Error,
    },
}

/// A submission, packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// The zip.
    pub zip: Vec<u8>,
    /// The files that went in, in order; empty where a zip was given as it is.
    pub files: Vec<String>,
}

/// Packs the folder or file at `path`; a file whose name ends in `.zip` is taken as it is.
///
/// # Errors
/// If something cannot be read, or is neither file nor folder, or if there is nothing to hand in.
pub fn pack(path: &Path) -> Result<Packed, PackError> {
    let metadata =
        fs::symlink_metadata(path).map_err(|source| PackError::Read { path: path.into(), source })?;
    // The argument itself may be a link: it is the caller who named it.
    let is_dir = metadata.is_dir() || path.is_dir();
    if !is_dir && path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip")) {
        let zip = fs::read(path).map_err(|source| PackError::Read { path: path.into(), source })?;
        return Ok(Packed { zip, files: Vec::new() });
    }
    let mut files = Vec::new();
    if is_dir {
        collect(path, "", 0, &mut files)?;
    } else {
        let name =
            path.file_name().and_then(|name| name.to_str()).ok_or_else(|| PackError::Name(path.into()))?;
        files.push((name.to_owned(), path.to_path_buf()));
    }
    if files.is_empty() {
        return Err(PackError::Empty(path.into()));
    }
    files.sort();
    let zip = write(path, &files)?;
    Ok(Packed { zip, files: files.into_iter().map(|(name, _)| name).collect() })
}

fn collect(
    folder: &Path,
    prefix: &str,
    depth: usize,
    files: &mut Vec<(String, PathBuf)>,
) -> Result<(), PackError> {
    let failed = |source| PackError::Read { path: folder.into(), source };
    if depth > DEPTH {
        return Err(PackError::Depth(folder.into()));
    }
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        let name = entry.file_name().into_string().map_err(|_| PackError::Name(path.clone()))?;
        if LEFT_BEHIND.contains(&name.as_str()) {
            continue;
        }
        let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            collect(&path, &name, depth + 1, files)?;
        } else if kind.is_file() {
            files.push((name, path));
        } else {
            let what = if kind.is_symlink() { "symbolic link" } else { "special file" };
            return Err(PackError::Special { path, what });
        }
    }
    Ok(())
}

fn write(of: &Path, files: &[(String, PathBuf)]) -> Result<Vec<u8>, PackError> {
    let zip_failed = |source: rawzip::Error| PackError::Zip { path: of.into(), source };
    let mut archive = ZipArchiveWriter::new(Cursor::new(Vec::new()));
    for (name, path) in files {
        let read_failed = |source| PackError::Read { path: path.clone(), source };
        let content = fs::read(path).map_err(read_failed)?;
        let mode = if is_executable(path).map_err(read_failed)? { 0o755 } else { 0o644 };
        let (mut entry, data) = archive
            .new_file(name)
            .compression_method(CompressionMethod::DEFLATE)
            .unix_permissions(mode)
            .start()
            .map_err(zip_failed)?;
        let mut writer = data.wrap(DeflateEncoder::new(&mut entry, Compression::default()));
        writer.write_all(&content).map_err(|error| zip_failed(error.into()))?;
        let (encoder, descriptor) = writer.finish().map_err(zip_failed)?;
        encoder.finish().map_err(|error| zip_failed(error.into()))?;
        entry.finish(descriptor).map_err(zip_failed)?;
    }
    archive.finish().map(Cursor::into_inner).map_err(zip_failed)
}

fn is_executable(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path)?.permissions().mode() & 0o100 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_folder_gives_the_same_bytes_in_any_order_of_making() {
        let make = |names: &[&str]| {
            let folder = tempfile::tempdir().unwrap();
            for name in names {
                let path = folder.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, name.as_bytes()).unwrap();
            }
            pack(folder.path()).unwrap()
        };
        let one = make(&["b.txt", "a/x.txt", ".git/config"]);
        let other = make(&["a/x.txt", "__pycache__/x.pyc", "b.txt"]);
        assert_eq!(one.files, ["a/x.txt", "b.txt"]);
        assert_eq!(one, other);
    }

    #[test]
    fn links_and_empty_folders_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(pack(folder.path()), Err(PackError::Empty(_))));
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();
        let error = pack(folder.path()).unwrap_err().to_string();
        assert!(error.contains("link is a symbolic link"), "{error}");
    }

    #[test]
    fn one_file_is_a_submission_of_its_own_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wc.c");
        fs::write(&file, "int main;").unwrap();
        assert_eq!(pack(&file).unwrap().files, ["wc.c"]);
    }
}
