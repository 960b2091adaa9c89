//! Copying a file and hashing it in one pass, so that what was hashed is what was kept.
//!
//! The source is read once, from a file that is held open: renaming or replacing it changes nothing, and writing to it
//! meanwhile changes the hash together with the copy.

use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::fstat;
use sha2::{Digest as _, Sha256};

use crate::path::Rel;
use crate::root::{self, Published, Root, size};
use crate::scratch::Scratch;
use crate::{Error, escaped};

/// Bytes read at once: large enough that system calls do not count, small enough for the processor's cache.
pub(crate) const BUFFER: usize = 128 * 1024;

/// A finished copy that has no name yet; dropping it leaves nothing.
#[derive(Debug)]
pub struct Copied {
    sha256: String,
    size: u64,
    scratch: Scratch,
    rel: PathBuf,
}

impl Copied {
    /// The SHA-256 of the copy, 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The copy itself, for reading at given offsets: exactly the bytes that were hashed.
    #[must_use]
    pub fn file(&self) -> &File {
        self.scratch.file()
    }

    /// Makes the copy durable and gives it its name.
    ///
    /// # Errors
    /// [`Error::Conflict`] when a file of that name has other content, [`Error::NotRegular`] or [`Error::Link`] when
    /// something else has the name. Then nothing changed.
    pub fn commit(self) -> Result<Published, Error> {
        let Copied { sha256, size, scratch, rel } = self;
        let shown = rel.as_os_str().as_bytes();
        let (_, name) = Rel::parse_name(&rel)?;
        root::publish(scratch, name, shown, |there| {
            let (found, length) = digest(there, size)?;
            Ok(length == size && found == sha256)
        })
    }
}

/// Copies `source` from its start to `rel` in `dest` (not named before [`Copied::commit`]) with mode 0644, hashing on
/// the way. Uses one buffer of 128 KiB.
///
/// # Errors
/// [`Error::TooLarge`] when there are more than `max_bytes`; nothing is left then.
pub fn copy_hashed(
    mut source: File,
    dest: &Root,
    rel: impl AsRef<Path>,
    max_bytes: u64,
) -> Result<Copied, Error> {
    let rel = rel.as_ref();
    let shown = rel.as_os_str().as_bytes();
    // Not relied on (the file may grow), but it saves copying what is too large already.
    let stat = fstat(&source).map_err(|errno| Error::system("look at the source of", shown, errno))?;
    if size(stat.st_size) > max_bytes {
        return Err(Error::TooLarge { path: escaped(shown), limit: max_bytes });
    }
    source.seek(SeekFrom::Start(0)).map_err(|source| Error::io("read the source of", shown, source))?;
    receive_hashed(source, dest, rel, max_bytes, 0o644)
}

/// As [`copy_hashed`], from what can be read once and to its end, such as a pipe; the copy has exactly `mode`.
///
/// # Errors
/// [`Error::TooLarge`] when there are more than `max_bytes`; nothing is left then.
pub fn receive_hashed(
    mut source: impl Read,
    dest: &Root,
    rel: impl AsRef<Path>,
    max_bytes: u64,
    mode: u32,
) -> Result<Copied, Error> {
    let rel = rel.as_ref();
    let shown = rel.as_os_str().as_bytes();
    let (parent, _) = Rel::parse_name(rel)?;
    let too_large = || Error::TooLarge { path: escaped(shown), limit: max_bytes };
    let scratch = Scratch::nameless(dest.open_dir(parent)?, mode)
        .map_err(|errno| Error::system("make a file for", shown, errno))?;
    let mut copy = scratch.file();
    let mut hash = Sha256::new();
    let mut left = max_bytes;
    let mut buffer = vec![0; BUFFER];
    loop {
        let bytes = fill(&mut source, &mut buffer)
            .map_err(|source| Error::io("read the source of", shown, source))?;
        if bytes.is_empty() {
            break;
        }
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        left = left.checked_sub(length).ok_or_else(too_large)?;
        hash.update(bytes);
        copy.write_all(bytes).map_err(|source| Error::io("write", shown, source))?;
    }
    let copied = max_bytes.saturating_sub(left);
    Ok(Copied { sha256: hex(hash), size: copied, scratch, rel: rel.to_owned() })
}

/// The SHA-256 and length of `file`, of which no more than `size` + 1 bytes are read.
fn digest(file: File, size: u64) -> std::io::Result<(String, u64)> {
    let mut file = file.take(size.saturating_add(1));
    let mut hash = Sha256::new();
    let mut length = 0_u64;
    let mut buffer = vec![0; BUFFER];
    loop {
        let bytes = fill(&mut file, &mut buffer)?;
        if bytes.is_empty() {
            return Ok((hex(hash), length));
        }
        length = length.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        hash.update(bytes);
    }
}

/// One read into `buffer`; empty at the end.
fn fill<'b>(file: &mut impl Read, buffer: &'b mut [u8]) -> std::io::Result<&'b [u8]> {
    loop {
        match file.read(buffer) {
            Ok(length) => return Ok(buffer.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
