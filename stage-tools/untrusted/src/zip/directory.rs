//! The central directory: one record for each entry, read in order, each judged by itself.

use std::io::{BufRead as _, BufReader, Read};

use super::end::End;
use super::extra::Extra;
use super::fields::{Archive, Fields};
use super::{Budget, Failure, Reason, Refusal};
use crate::SubmissionPath;

const RECORD: u32 = u32::from_le_bytes(*b"PK\x01\x02");
const RECORD_SIZE: usize = 46;

/// Flags of an entry.
pub(super) mod flag {
    pub(in crate::zip) const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
    pub(in crate::zip) const DESCRIPTOR: u16 = 1 << 3;
    pub(in crate::zip) const UTF8: u16 = 1 << 11;
    /// How hard the packer tried; no matter for reading.
    pub(in crate::zip) const EFFORT: u16 = 1 << 1 | 1 << 2;
}

/// Upper halves of "version made by": systems where an entry has a Unix mode and a name in the system's own encoding.
const UNIX: [u8; 2] = [3, 19];

/// Attributes of DOS and Windows.
mod dos {
    pub(super) const VOLUME_LABEL: u32 = 0x08;
    pub(super) const DIRECTORY: u32 = 0x10;
    pub(super) const REPARSE_POINT: u32 = 0x400;
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKind {
    File,
    Directory,
}

/// How an entry is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Stored,
    Deflated,
}

impl Method {
    pub(super) fn number(self) -> u16 {
        match self {
            Method::Stored => 0,
            Method::Deflated => 8,
        }
    }
}

/// An entry as the central directory tells it, checked as far as that goes.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) path: SubmissionPath,
    /// The name's bytes, where they are in a code page and the path is spelled out beside them.
    pub(super) in_code_page: Option<Vec<u8>>,
    /// The path in the form in which names are compared; whoever has compared it takes it out.
    pub(super) folded: String,
    pub(super) kind: EntryKind,
    /// Junk by rule.
    pub(super) ignored: bool,
    pub(super) executable: bool,
    pub(super) flags: u16,
    pub(super) method: Method,
    pub(super) crc: u32,
    /// Bytes in the zip.
    pub(super) packed: u64,
    /// Bytes unpacked.
    pub(super) size: u64,
    /// Where its local header starts.
    pub(super) offset: u64,
}

impl Member {
    /// The name as it is written in UTF-8.
    pub(super) fn name(&self) -> String {
        match self.kind {
            EntryKind::File => self.path.to_string(),
            EntryKind::Directory => format!("{}/", self.path),
        }
    }

    pub(super) fn refuse(&self, reason: Reason) -> Failure {
        Refusal::entry(reason, self.name().as_bytes()).into()
    }
}

/// Reads the directory that `end` describes; after an error there is nothing more.
pub(super) fn read<'a>(
    archive: &'a Archive<'a>,
    end: &End,
    budget: &'a Budget,
) -> impl Iterator<Item = Result<Member, Failure>> + 'a {
    let section = Section { archive, at: end.directory, end: end.directory_end };
    Directory { left: end.entries, bytes: BufReader::with_capacity(64 * 1024, section), budget, over: false }
}

struct Directory<'a> {
    bytes: BufReader<Section<'a>>,
    left: u64,
    budget: &'a Budget,
    over: bool,
}

impl Iterator for Directory<'_> {
    type Item = Result<Member, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let next = match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                self.record().map(Some)
            }
            None => self.finish().map(|()| None),
        };
        self.over = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

impl Directory<'_> {
    fn record(&mut self) -> Result<Member, Failure> {
        let mut fixed = [0; RECORD_SIZE];
        self.fill(&mut fixed)?;
        let fixed = Fixed::parse(&fixed).ok_or_else(short)?;
        let name = self.take(fixed.name_length)?;
        if u64::from(fixed.name_length) > self.budget.name_bytes {
            let limit = self.budget.name_bytes;
            return Err(Refusal::entry(Reason::NameTooLong { limit }, &name).into());
        }
        let extra = self.take(fixed.extra_length)?;
        self.take(fixed.comment_length)?;
        fixed.judge(&name, &extra, self.budget).map_err(|reason| Refusal::entry(reason, &name).into())
    }

    /// After the last record there must be nothing.
    fn finish(&mut self) -> Result<(), Failure> {
        match self.bytes.fill_buf() {
            Ok([]) => Ok(()),
            Ok(_) => {
                Err(Refusal::of(Reason::HeaderMismatch("its directory has more than its end says")).into())
            }
            Err(error) => Err(failed(error)),
        }
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Failure> {
        self.bytes.read_exact(buffer).map_err(failed)
    }

    fn take(&mut self, length: u16) -> Result<Vec<u8>, Failure> {
        let mut bytes = vec![0; length.into()];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }
}

fn short() -> Failure {
    Refusal::of(Reason::HeaderMismatch("its directory has less than its end says")).into()
}

fn failed(error: std::io::Error) -> Failure {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => short(),
        _ => Failure::Failed(crate::Error::io("read", b"the zip", error)),
    }
}

/// The bytes of the directory.
struct Section<'a> {
    archive: &'a Archive<'a>,
    at: u64,
    end: u64,
}

impl Read for Section<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let length = buffer.len().min(left);
        let buffer = buffer.get_mut(..length).unwrap_or_default();
        match self.archive.read_exact(self.at, buffer) {
            Ok(()) => {}
            Err(Failure::Refused(_)) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            Err(failure) => return Err(std::io::Error::other(failure)),
        }
        self.at = self.at.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        Ok(length)
    }
}

/// The part of a record that always has the same length.
struct Fixed {
    signature: u32,
    made_by: u16,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u32,
    size: u32,
    name_length: u16,
    extra_length: u16,
    comment_length: u16,
    disk: u16,
    attributes: u32,
    offset: u32,
}

impl Fixed {
    fn parse(bytes: &[u8]) -> Option<Fixed> {
        let mut fields = Fields(bytes);
        let signature = fields.u32()?;
        let made_by = fields.u16()?;
        let _needed = fields.u16()?;
        let flags = fields.u16()?;
        let method = fields.u16()?;
        let _time_and_date = fields.u32()?;
        let crc = fields.u32()?;
        let packed = fields.u32()?;
        let size = fields.u32()?;
        let name_length = fields.u16()?;
        let extra_length = fields.u16()?;
        let comment_length = fields.u16()?;
        let disk = fields.u16()?;
        let _internal = fields.u16()?;
        let attributes = fields.u32()?;
        let offset = fields.u32()?;
        Some(Fixed {
            signature,
            made_by,
            flags,
            method,
            crc,
            packed,
            size,
            name_length,
            extra_length,
            comment_length,
            disk,
            attributes,
            offset,
        })
    }

    fn judge(&self, name: &[u8], extra: &[u8], budget: &Budget) -> Result<Member, Reason> {
        if self.signature != RECORD {
            return Err(Reason::HeaderMismatch("its record in the directory is none"));
        }
        if self.flags & flag::ENCRYPTED != 0 {
            return Err(Reason::Encrypted);
        }
        let known = flag::DESCRIPTOR | flag::UTF8 | flag::EFFORT;
        if self.flags & !known != 0 {
            return Err(Reason::UnknownFlag(self.flags & !known));
        }
        let method = match self.method {
            0 => Method::Stored,
            8 => Method::Deflated,
            other => return Err(Reason::UnknownMethod(other)),
        };
        let extra = Extra::parse(extra, name)?;
        let Wide { packed, size, offset, disk } = self.widen(extra.zip64)?;
        if disk != 0 {
            return Err(Reason::SplitArchive);
        }
        if method == Method::Stored && packed != size {
            return Err(Reason::HeaderMismatch("it is stored with two sizes"));
        }
        let (path, folded, kind) = self.path(name, extra.unicode_path, budget)?;
        if u64::try_from(path.depth()).unwrap_or(u64::MAX) > budget.depth {
            return Err(Reason::TooDeep { limit: budget.depth });
        }
        self.check_type(kind)?;
        if kind == EntryKind::Directory && (size != 0 || packed > 2) {
            return Err(Reason::DirectoryWithData);
        }
        Ok(Member {
            ignored: is_junk(&path, kind),
            in_code_page: extra.unicode_path.map(|_| name.to_vec()),
            executable: self.is_unix() && kind == EntryKind::File && self.attributes >> 16 & 0o100 != 0,
            path,
            folded,
            kind,
            flags: self.flags,
            method,
            crc: self.crc,
            packed,
            size,
            offset,
        })
    }

    /// The fields that may stand in the 64-bit field, which must hold exactly those that point to it.
    fn widen(&self, zip64: Option<&[u8]>) -> Result<Wide, Reason> {
        let mut fields = Fields(zip64.unwrap_or_default());
        let mut wide = |narrow: u32| match narrow {
            u32::MAX if zip64.is_some() => fields.u64(),
            narrow => Some(narrow.into()),
        };
        let sizes = (wide(self.size), wide(self.packed), wide(self.offset));
        let disk = match self.disk {
            u16::MAX if zip64.is_some() => fields.u32(),
            disk => Some(disk.into()),
        };
        match (sizes, disk) {
            ((Some(size), Some(packed), Some(offset)), Some(disk)) if fields.is_empty() => {
                Ok(Wide { packed, size, offset, disk })
            }
            _ => Err(Reason::HeaderMismatch("its field of 64-bit sizes has a wrong length")),
        }
    }

    fn is_unix(&self) -> bool {
        let [_, system] = self.made_by.to_le_bytes();
        UNIX.contains(&system)
    }

    fn path(
        &self,
        name: &[u8],
        unicode_path: Option<&str>,
        budget: &Budget,
    ) -> Result<(SubmissionPath, String, EntryKind), Reason> {
        let says_utf8 = self.flags & flag::UTF8 != 0;
        let in_utf8 =
            std::str::from_utf8(name).ok().filter(|_| name.is_ascii() || says_utf8 || self.is_unix());
        let name = match (in_utf8, unicode_path) {
            (Some(name), None) => name,
            (None, Some(path)) if !says_utf8 => path,
            (Some(_), Some(_)) => return Err(Reason::HeaderMismatch("it has a second name")),
            (None, _) => return Err(Reason::UnclearName),
        };
        let (path, kind) = match name.strip_suffix('/') {
            // A lone slash is the root, not a directory without a name.
            Some(path) if !path.is_empty() => (path, EntryKind::Directory),
            _ => (name, EntryKind::File),
        };
        match SubmissionPath::with_folded(path) {
            // Some letters become eighteen, and all of them take their time; of a code page, a byte can become three.
            Ok((_, folded))
                if u64::try_from(folded.len().max(name.len())).unwrap_or(u64::MAX) > budget.name_bytes =>
            {
                Err(Reason::NameTooLong { limit: budget.name_bytes })
            }
            Ok((path, folded)) => Ok((path, folded, kind)),
            Err(problem) if problem.leads_out() => Err(Reason::PathTraversal(problem)),
            Err(problem) => Err(Reason::BadName(problem)),
        }
    }

    /// Checks the type bits of the attributes against the name. They are looked at for every system: some readers do.
    fn check_type(&self, kind: EntryKind) -> Result<(), Reason> {
        if self.attributes & dos::REPARSE_POINT != 0 {
            return Err(Reason::LinkEntry);
        }
        if self.attributes & dos::VOLUME_LABEL != 0 && !self.is_unix() {
            return Err(Reason::SpecialFile);
        }
        let from_mode = match self.attributes >> 16 & 0o170_000 {
            0 => None,
            0o100_000 => Some(EntryKind::File),
            0o040_000 => Some(EntryKind::Directory),
            0o120_000 => return Err(Reason::LinkEntry),
            _ => return Err(Reason::SpecialFile),
        };
        // Packers do not always set the bit for directories, but never for files.
        let from_dos = (self.attributes & dos::DIRECTORY != 0).then_some(EntryKind::Directory);
        if [from_mode, from_dos].iter().flatten().any(|said| *said != kind) {
            return Err(Reason::HeaderMismatch(
                "its name and its attributes differ on whether it is a directory",
            ));
        }
        Ok(())
    }
}

struct Wide {
    packed: u64,
    size: u64,
    offset: u64,
    disk: u32,
}

/// What file managers of macOS add.
fn is_junk(path: &SubmissionPath, kind: EntryKind) -> bool {
    path.parts().next() == Some("__MACOSX") && (kind == EntryKind::Directory || path.depth() > 1)
        || kind == EntryKind::File && path.file_name() == ".DS_Store"
}
