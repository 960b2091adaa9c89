//! `.assay/outbox`: what is handed in, by its digest.
//!
//! A zip gets random bytes into its comment, so that nobody but its owner can know its digest: to name the digest of a file in
//! a student's own home is then proof of having made it. The bytes before them are the same for the same content, and their
//! digest tells whether the same is being handed in again.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use assay_contract::{Digest, layout};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::{Home, HomeError, keep, temporary};

/// The record that ends a zip without a comment, in bytes.
const END: usize = 22;
/// What it begins with.
const MARK: &[u8] = b"PK\x05\x06";
/// How many random bytes there are.
const RANDOM: usize = 32;

/// The outbox; nobody else hands in from this home for as long as this value lives.
#[derive(Debug)]
pub struct Outbox {
    folder: PathBuf,
    _lock: File,
}

/// A zip that was packed and has no name yet; gone unless it is put into the outbox.
#[derive(Debug)]
pub struct Packed {
    file: NamedTempFile,
    /// Of all but the random bytes.
    content: Digest,
    digest: Digest,
    size: u64,
    personal: bool,
}

impl Packed {
    /// The SHA-256 of what was packed, without the random bytes.
    #[must_use]
    pub fn content(&self) -> &Digest {
        &self.content
    }

    /// The zip's SHA-256.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The zip's size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether it has random bytes: not so where it is no zip, or has a comment already.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        self.personal
    }
}

impl Home {
    /// Opens the outbox; `waiting` is called if another program is handing in from this home and is waited for.
    ///
    /// # Errors
    /// If it cannot be made, or cannot be written to.
    pub fn outbox(&self, waiting: impl FnOnce()) -> Result<Outbox, HomeError> {
        let folder = self.folder(layout::OUTBOX)?;
        let path = folder.join(".lock");
        let failed = |error| HomeError::new("write", &path, error);
        let lock = File::options().create(true).append(true).open(&path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                waiting();
                lock.lock().map_err(failed)?;
            }
            // Storage without locks; two hand-ins at once are then two hand-ins.
            Err(std::fs::TryLockError::Error(_)) => {}
        }
        Ok(Outbox { folder, _lock: lock })
    }
}

impl Outbox {
    /// Packs what `write` writes.
    ///
    /// # Errors
    /// What `write` fails with, or if the home cannot take it.
    pub fn pack<E: From<HomeError>>(
        &self,
        write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
    ) -> Result<Packed, E> {
        let failed = |error| HomeError::new("write", &self.folder, error);
        let file = temporary(&self.folder).map_err(failed)?;
        let mut sealing = Sealing { file, hash: Sha256::new(), tail: Vec::new(), size: 0, failed: None };
        let written = write(&mut sealing);
        // What the packer makes of it would hide that it was the home.
        if let Some(error) = sealing.failed.take() {
            return Err(failed(error).into());
        }
        written?;
        Ok(sealing.finish().map_err(failed)?)
    }

    /// Keeps a zip, on the disk, by its digest.
    ///
    /// # Errors
    /// If the home cannot take it; nothing of it is left then.
    pub fn put(&self, packed: Packed) -> Result<(), HomeError> {
        keep(packed.file, &self.zip(&packed.digest))
    }

    /// Whether the zip of this digest is there, and is it.
    pub(super) fn holds(&self, digest: &Digest) -> bool {
        let hashed = |path: &Path| -> io::Result<Option<Digest>> {
            if !path.symlink_metadata()?.is_file() {
                return Ok(None);
            }
            let (mut file, mut hash, mut buffer) = (File::open(path)?, Sha256::new(), [0; 1 << 16]);
            loop {
                match file.read(&mut buffer)? {
                    0 => return Ok(digest_of(hash).ok()),
                    length => hash.update(buffer.get(..length).unwrap_or_default()),
                }
            }
        };
        hashed(&self.zip(digest)).is_ok_and(|there| there.as_ref() == Some(digest))
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    fn zip(&self, digest: &Digest) -> PathBuf {
        self.folder.join(format!("{digest}.zip"))
    }
}

/// Hashes what is written, and holds the last bytes back: they are the record that says that there is no comment.
struct Sealing {
    file: NamedTempFile,
    /// Of what is in the file.
    hash: Sha256,
    tail: Vec<u8>,
    size: u64,
    failed: Option<io::Error>,
}

impl Sealing {
    fn out(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(bytes) {
            let told = io::Error::from(error.kind());
            self.failed = Some(error);
            return Err(told);
        }
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    fn finish(mut self) -> io::Result<Packed> {
        let tail = std::mem::take(&mut self.tail);
        let content = digest_of(self.hash.clone().chain_update(&tail))?;
        let personal = tail.len() == END && tail.starts_with(MARK) && tail.ends_with(&[0, 0]);
        if personal {
            let comment = comment()?;
            let (record, _) = tail.split_at(END - 2);
            self.out(record)?;
            self.out(&u16::try_from(comment.len()).unwrap_or_default().to_le_bytes())?;
            self.out(comment.as_bytes())?;
        } else {
            self.out(&tail)?;
        }
        let Sealing { file, hash, tail: _, size, failed: _ } = self;
        Ok(Packed { file, content, digest: digest_of(hash)?, size, personal })
    }
}

impl Write for Sealing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tail.extend_from_slice(bytes);
        let ready = self.tail.len().saturating_sub(END);
        let tail = self.tail.split_off(ready);
        let ready = std::mem::replace(&mut self.tail, tail);
        self.out(&ready)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Text, so that no reader of zips can take any of it for a record.
fn comment() -> io::Result<String> {
    let mut random = [0; RANDOM];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    Ok(format!("assay {}", hex(&random)))
}

fn digest_of(hash: Sha256) -> io::Result<Digest> {
    Digest::new(hex(&hash.finalize())).map_err(io::Error::other)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn empty_zip() -> Vec<u8> {
        [MARK, &[0; END - 4]].concat()
    }

    fn packed(outbox: &Outbox, bytes: &[u8], pieces: usize) -> Packed {
        let write = |to: &mut dyn Write| -> Result<(), HomeError> {
            for piece in bytes.chunks(pieces) {
                to.write_all(piece).unwrap();
            }
            Ok(())
        };
        outbox.pack(write).unwrap()
    }

    #[test]
    fn the_same_content_is_another_zip_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Home::at(folder.path()).outbox(|| ()).unwrap();
        let zip = [b"PK\x03\x04 some entry".as_slice(), &empty_zip()].concat();
        let first = packed(&outbox, &zip, 7);
        let second = packed(&outbox, &zip, 1_000);
        assert_eq!(first.content(), second.content());
        assert_eq!(*first.content(), digest_of(Sha256::new_with_prefix(&zip)).unwrap());
        assert_ne!(first.digest(), second.digest());
        let (digest, size) = (first.digest().clone(), first.size());
        assert!(first.is_personal() && !outbox.holds(&digest));
        outbox.put(first).unwrap();
        assert!(outbox.holds(&digest));
        let there = fs::read(folder.path().join(layout::outbox(&digest))).unwrap();
        assert_eq!(there.len() as u64, size);
        let comment = &there[zip.len()..];
        assert_eq!(there[zip.len() - 2], u8::try_from(comment.len()).unwrap());
        assert!(comment.starts_with(b"assay ") && comment.len() == 6 + 64, "{comment:?}");
        fs::write(folder.path().join(layout::outbox(&digest)), "changed").unwrap();
        assert!(!outbox.holds(&digest), "it is not what it was");
    }

    #[test]
    fn what_is_no_zip_or_has_a_comment_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Home::at(folder.path()).outbox(|| ()).unwrap();
        let with_comment = [&empty_zip()[..END - 2], &[5, 0], b"hello"].concat();
        for bytes in [&b""[..], b"not a zip", &[0; 100], &with_comment] {
            let packed = packed(&outbox, bytes, 3);
            assert!(!packed.is_personal());
            assert_eq!((packed.digest(), packed.size()), (packed.content(), bytes.len() as u64));
        }
    }

    #[test]
    fn a_packer_that_fails_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Home::at(folder.path()).outbox(|| ()).unwrap();
        let failing = |to: &mut dyn Write| -> Result<(), HomeError> {
            to.write_all(&[1; 100]).unwrap();
            Err(HomeError::new("read", Path::new("x"), io::ErrorKind::NotFound.into()))
        };
        assert!(outbox.pack(failing).is_err());
        let left: Vec<_> = fs::read_dir(&outbox.folder).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, [".lock"]);
    }
}
