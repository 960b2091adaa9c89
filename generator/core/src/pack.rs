//! What is handed in becomes a zip: a folder, one file, or a zip as it is.
//!
//! The same folder always gives the same bytes: names in order, no times, no owners. Links and special files are refused
//! here already, where their owner can still mend it. This module never judges an assignment's rules.

mod choose;
pub mod left_out;

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use rawzip::{CompressionMethod, ZipArchiveWriter};

pub use choose::{Choice, Chosen, choose};
use choose::{DEPTH, FILES, still};

/// How much is read at once.
const PIECE: usize = 1 << 16;

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
    /// Files without end.
    #[error("{} holds more than {FILES} files", .0.display())]
    Many(PathBuf),
    /// There is no file in it.
    #[error("{} holds no file to hand in", .0.display())]
    Empty(PathBuf),
    /// A line of `.assayignore` that is no rule.
    #[error("{}, line {line}, is no pattern as `.gitignore` has them", path.display())]
    Rule {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1; 0 where it is all of them together.
        line: usize,
    },
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
    /// The files that went in, in order; of a zip that was given as it is, what its directory says.
    pub files: Vec<String>,
}

/// Packs the folder or file at `path` in memory; a file whose name ends in `.zip` is taken as it is.
///
/// # Errors
/// If something cannot be read, or is neither file nor folder, or if there is nothing to hand in.
pub fn pack(path: &Path) -> Result<Packed, PackError> {
    let choice = choose(path)?;
    let mut zip = Vec::new();
    choice.write(&mut zip, &mut |_| ())?;
    Ok(Packed { zip, files: choice.files.into_iter().map(|file| file.name).collect() })
}

impl Choice {
    /// Writes the zip; `progress` is told how many more bytes were read.
    ///
    /// # Errors
    /// If a file cannot be read, or is not any more what it was when it was chosen, or if `to` takes no more.
    pub fn write(&self, to: &mut dyn Write, progress: &mut dyn FnMut(u64)) -> Result<(), PackError> {
        if self.is_zip {
            return self.copy(to, progress);
        }
        let zip_failed = |source: rawzip::Error| PackError::Zip { path: self.of.clone(), source };
        let mut archive = ZipArchiveWriter::new(BufWriter::new(to));
        for file in &self.files {
            let read_failed = |source| PackError::Read { path: file.path.clone(), source };
            let mut content = File::open(&file.path).map_err(read_failed)?;
            let mode = if is_executable(&content).map_err(read_failed)? { 0o755 } else { 0o644 };
            let (mut entry, data) = archive
                .new_file(&file.name)
                .compression_method(CompressionMethod::DEFLATE)
                .unix_permissions(mode)
                .start()
                .map_err(zip_failed)?;
            let mut writer = data.wrap(DeflateEncoder::new(&mut entry, Compression::default()));
            let (mut piece, mut read) = (vec![0; PIECE], 0);
            loop {
                let length = content.read(&mut piece).map_err(read_failed)?;
                read += length as u64;
                // Also where it never ends.
                if length == 0 || read > file.size {
                    break;
                }
                let piece = piece.get(..length).unwrap_or_default();
                writer.write_all(piece).map_err(|error| zip_failed(error.into()))?;
                progress(length as u64);
            }
            still(file, read).map_err(read_failed)?;
            let (encoder, descriptor) = writer.finish().map_err(zip_failed)?;
            encoder.finish().map_err(|error| zip_failed(error.into()))?;
            entry.finish(descriptor).map_err(zip_failed)?;
        }
        let mut out = archive.finish().map_err(zip_failed)?;
        out.flush().map_err(|error| zip_failed(error.into()))
    }

    fn copy(&self, to: &mut dyn Write, progress: &mut dyn FnMut(u64)) -> Result<(), PackError> {
        let read_failed = |source| PackError::Read { path: self.of.clone(), source };
        let mut zip = File::open(&self.of).map_err(read_failed)?;
        let mut piece = vec![0; PIECE];
        loop {
            let length = zip.read(&mut piece).map_err(read_failed)?;
            if length == 0 {
                return Ok(());
            }
            to.write_all(piece.get(..length).unwrap_or_default())
                .map_err(|error| PackError::Zip { path: self.of.clone(), source: error.into() })?;
            progress(length as u64);
        }
    }
}

fn is_executable(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o100 != 0)
}

#[cfg(test)]
mod tests {
    use std::fs;

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
        fs::write(folder.path().join(left_out::FILE), "link\n").unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        assert_eq!(pack(folder.path()).unwrap().files, ["file"], "what is left out is not looked at");
    }

    #[test]
    fn one_file_is_a_submission_of_its_own_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wc.c");
        fs::write(&file, "int main;").unwrap();
        assert_eq!(pack(&file).unwrap().files, ["wc.c"]);
        assert!(matches!(pack(Path::new("/dev/zero")), Err(PackError::Special { .. })));
    }

    #[test]
    fn a_file_that_grows_meanwhile_is_an_error_and_not_cut() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log");
        fs::write(&file, "one").unwrap();
        let choice = choose(folder.path()).unwrap();
        fs::write(&file, "one and more").unwrap();
        let error = choice.write(&mut Vec::new(), &mut |_| ()).unwrap_err();
        assert!(matches!(&error, PackError::Read { path, .. } if path.ends_with("log")), "{error}");
    }

    #[test]
    fn a_zip_is_taken_as_it_is_and_its_files_are_known() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("a/x.txt"), "12345").unwrap();
        let zip = pack(folder.path()).unwrap().zip;
        let path = folder.path().join("mine.zip");
        fs::write(&path, &zip).unwrap();
        let choice = choose(&path).unwrap();
        let names: Vec<_> = choice.files.iter().map(|file| (file.name.as_str(), file.size)).collect();
        assert_eq!(names, [("a/x.txt", 5)]);
        assert_eq!(pack(&path).unwrap().zip, zip);
        fs::write(&path, "no zip").unwrap();
        assert_eq!(pack(&path).unwrap(), Packed { zip: b"no zip".into(), files: Vec::new() });
    }
}
