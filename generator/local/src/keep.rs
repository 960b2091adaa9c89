//! Puts what the volumes held into a folder of the author's, under names that students chose.
//!
//! Every name is checked, every folder is opened beneath the last one without following links, and no file is ever
//! replaced. What does not fit is left out and named.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use assay_contract::Volume;
use rustix::fs::{Mode, OFlags, ResolveFlags, mkdirat, open, openat, openat2};
use rustix::io::Errno;

use crate::error::EngineError;

/// A folder that takes files of one run.
pub(crate) struct Keeping {
    root: OwnedFd,
    folder: PathBuf,
    left_out: Vec<String>,
    /// How many files of each volume were left out.
    counts: BTreeMap<Volume, usize>,
}

/// How many files of one volume are named that were left out; the rest is counted.
const MAX_NAMED: usize = 50;

impl Keeping {
    /// Takes `folder`, which is empty or does not exist.
    pub(crate) fn new(folder: &Path) -> Result<Keeping, EngineError> {
        let failed = |source: io::Error| EngineError::Keep { folder: folder.to_owned(), source };
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => {}
        }
        if fs::read_dir(folder).map_err(failed)?.next().is_some() {
            return Err(failed(io::ErrorKind::DirectoryNotEmpty.into()));
        }
        let root = open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        Ok(Keeping {
            root: root.map_err(|error| failed(error.into()))?,
            folder: folder.to_owned(),
            left_out: Vec::new(),
            counts: BTreeMap::new(),
        })
    }

    /// Makes the folder of `volume`.
    pub(crate) fn volume(&mut self, volume: Volume) -> Result<(), EngineError> {
        self.folder(volume, &[])
    }

    /// Makes a folder.
    pub(crate) fn folder(&mut self, volume: Volume, path: &[OsString]) -> Result<(), EngineError> {
        self.place(volume, path, |parent, name| Ok(mkdirat(parent, name, Mode::from_raw_mode(0o755))?))
    }

    /// Writes a file.
    pub(crate) fn file(
        &mut self,
        volume: Volume,
        path: &[OsString],
        executable: bool,
        bytes: &[u8],
    ) -> Result<(), EngineError> {
        let mode = Mode::from_raw_mode(if executable { 0o755 } else { 0o644 });
        self.place(volume, path, |parent, name| {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            File::from(openat(parent, name, flags, mode)?).write_all(bytes)
        })
    }

    /// Notes that something is left out.
    pub(crate) fn leave_out(&mut self, volume: Volume, path: &[OsString], why: &str) {
        let count = self.counts.entry(volume).or_default();
        *count += 1;
        if *count <= MAX_NAMED {
            let path: PathBuf = path.iter().collect();
            self.left_out.push(format!("{volume}/{}: {why}", path.display().to_string().escape_debug()));
        }
    }

    /// What was left out, in words.
    pub(crate) fn finish(mut self) -> Vec<String> {
        let more = self.counts.into_iter().filter(|(_, count)| *count > MAX_NAMED);
        self.left_out.extend(more.map(|(volume, count)| format!("{volume}: {} more", count - MAX_NAMED)));
        self.left_out
    }

    fn place(
        &mut self,
        volume: Volume,
        path: &[OsString],
        make: impl FnOnce(&OwnedFd, &OsStr) -> io::Result<()>,
    ) -> Result<(), EngineError> {
        if !path.iter().all(|name| is_plain(name)) {
            self.leave_out(volume, path, "its name is not one that is kept");
            return Ok(());
        }
        let whole: Vec<&OsStr> =
            std::iter::once(OsStr::new(volume.id())).chain(path.iter().map(OsString::as_os_str)).collect();
        let (name, parents) =
            whole.split_last().map_or((OsStr::new("."), &[][..]), |(name, parents)| (*name, parents));
        let made = self.parent(parents).and_then(|parent| make(&parent, name));
        match made {
            Ok(()) => Ok(()),
            // The author's file system has its own ideas about names: two may be one there, or one too long.
            Err(error) if is_about_the_name(&error) => {
                self.leave_out(volume, path, &error.to_string());
                Ok(())
            }
            Err(source) => Err(EngineError::Keep { folder: self.folder.clone(), source }),
        }
    }

    fn parent(&self, parents: &[&OsStr]) -> io::Result<OwnedFd> {
        let path: PathBuf = if parents.is_empty() { ".".into() } else { parents.iter().collect() };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
        Ok(openat2(&self.root, path, flags, Mode::empty(), resolve)?)
    }
}

fn is_about_the_name(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(
        errno,
        Some(Errno::EXIST | Errno::NAMETOOLONG | Errno::INVAL | Errno::ILSEQ | Errno::NOENT | Errno::NOTDIR)
    )
}

/// A name that can be made anywhere and shown anywhere.
fn is_plain(name: &OsStr) -> bool {
    let bytes = name.as_bytes();
    !bytes.is_empty()
        && name != "."
        && name != ".."
        && !bytes.contains(&b'/')
        && name.to_str().is_some_and(|text| !text.chars().any(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(parts: &[&str]) -> Vec<OsString> {
        parts.iter().map(OsString::from).collect()
    }

    #[test]
    fn hostile_names_stay_outside() {
        let place = tempfile::tempdir().unwrap();
        let mut keeping = Keeping::new(&place.path().join("kept")).unwrap();
        keeping.volume(Volume::Testing).unwrap();
        for parts in
            [&["..", "x"][..], &["a/../../x"], &["."], &[""], &["a\nb"], &["\x1b[2J"], &["missing", "x"]]
        {
            keeping.file(Volume::Testing, &path(parts), false, b"x").unwrap();
        }
        keeping.file(Volume::Testing, &path(&["good"]), true, b"x").unwrap();
        keeping.file(Volume::Testing, &path(&["good"]), true, b"again").unwrap();
        let left_out = keeping.finish();
        assert_eq!(left_out.len(), 8);
        assert!(left_out.iter().all(|line| !line.chars().any(char::is_control)));
        assert_eq!(fs::read(place.path().join("kept/testing/good")).unwrap(), b"x");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
        assert_eq!(fs::read_dir(place.path().join("kept/testing")).unwrap().count(), 1);
    }

    #[test]
    fn a_link_in_the_way_is_not_followed() {
        let place = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let mut keeping = Keeping::new(place.path()).unwrap();
        std::os::unix::fs::symlink(outside.path(), place.path().join("testing")).unwrap();
        keeping.file(Volume::Testing, &path(&["x"]), false, b"x").unwrap();
        assert_eq!(keeping.finish().len(), 1);
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_with_something_in_it_is_refused() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("x"), "").unwrap();
        assert!(matches!(Keeping::new(place.path()), Err(EngineError::Keep { .. })));
    }
}
