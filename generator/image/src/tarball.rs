//! Tar archives whose every byte follows from their members: no clock, no users, no order of a file system.

use std::io::{self, Write};

use tar::{EntryType, Header};

/// Members are made of blocks.
const BLOCK: u64 = 512;

/// Writes members one after another.
pub(crate) struct Writer<W> {
    out: W,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out }
    }

    /// A folder; `path` ends with a slash.
    pub(crate) fn folder(&mut self, path: &str) -> io::Result<()> {
        self.header(path, EntryType::Directory, 0o755, 0)
    }

    /// A whole file.
    pub(crate) fn file(&mut self, path: &str, mode: u32, content: &[u8]) -> io::Result<()> {
        let size = content.len() as u64;
        self.begin(path, mode, size)?;
        self.piece(content)?;
        self.end(size)
    }

    /// The head of a file of `size` bytes, whose pieces come next, and then [`Writer::end`].
    pub(crate) fn begin(&mut self, path: &str, mode: u32, size: u64) -> io::Result<()> {
        self.header(path, EntryType::Regular, mode, size)
    }

    /// A piece of the file that was begun.
    pub(crate) fn piece(&mut self, piece: &[u8]) -> io::Result<()> {
        self.out.write_all(piece)
    }

    /// Fills the last block of a file of `size` bytes.
    pub(crate) fn end(&mut self, size: u64) -> io::Result<()> {
        let missing = size.next_multiple_of(BLOCK) - size;
        io::copy(&mut io::Read::take(io::repeat(0), missing), &mut self.out).map(|_| ())
    }

    /// The end of the archive.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&[0; 2 * BLOCK as usize])?;
        Ok(self.out)
    }

    fn header(&mut self, path: &str, kind: EntryType, mode: u32, size: u64) -> io::Result<()> {
        let mut header = Header::new_gnu();
        header.set_path(path)?;
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(size);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_cksum();
        self.out.write_all(header.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn members_are_read_back_as_they_were_written() {
        for size in [0, 1, 511, 512, 513] {
            let mut writer = Writer::new(Vec::new());
            writer.folder("a/").unwrap();
            writer.file("a/b", 0o755, &vec![b'x'; size]).unwrap();
            let bytes = writer.finish().unwrap();
            assert_eq!(bytes.len() % 512, 0);
            let mut archive = tar::Archive::new(bytes.as_slice());
            let mut entries = archive.entries().unwrap();
            assert_eq!(entries.next().unwrap().unwrap().header().entry_type(), EntryType::Directory);
            let mut file = entries.next().unwrap().unwrap();
            let header = file.header();
            assert_eq!(header.mode().unwrap(), 0o755);
            assert_eq!((header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()), (0, 0, 0));
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            assert_eq!(content, vec![b'x'; size]);
            assert!(entries.next().is_none());
        }
    }
}
