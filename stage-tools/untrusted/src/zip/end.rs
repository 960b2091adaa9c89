//! The end of a zip: which record it is, and what it says about the directory.
//!
//! Readers search the end from behind and differ in what they take for it. Here there must be exactly one record that
//! can be meant, it must reach to the last byte of the file, and its 64-bit twin, if any, must say the same.

use super::fields::{Archive, Fields};
use super::{Failure, Reason, Refusal};

const END: &[u8; 4] = b"PK\x05\x06";
const END_SIZE: usize = 22;
const END64_LOCATOR: u32 = u32::from_le_bytes(*b"PK\x06\x07");
const END64_LOCATOR_SIZE: u64 = 20;
const END64: u32 = u32::from_le_bytes(*b"PK\x06\x06");
const END64_SIZE: u64 = 56;
/// What the record's own length field says: without signature and length.
const END64_REST: u64 = 44;

/// What the end says, checked: the directory starts at `directory` and reaches to `directory_end`.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub(super) entries: u64,
    pub(super) directory: u64,
    pub(super) directory_end: u64,
}

/// Finds and checks the end.
pub(super) fn find(archive: &Archive<'_>) -> Result<End, Failure> {
    let (offset, record) = locate(archive)?;
    let narrow = Narrow::parse(&record).ok_or_else(|| Refusal::of(Reason::Truncated))?;
    let wide = wide(archive, offset)?;
    let Narrow { disk, directory_disk, entries_here, entries, directory_size, directory } = narrow;
    let end = match wide {
        None => Ends {
            one_file: disk == 0 && directory_disk == 0 && entries_here == entries,
            entries: entries.into(),
            directory_size: directory_size.into(),
            directory: directory.into(),
            directory_end: offset,
        },
        Some(wide) => {
            // Each narrow field either says "see there" or the same.
            let agree = [
                (u64::from(disk), u64::from(wide.disk), u64::from(u16::MAX)),
                (directory_disk.into(), wide.directory_disk.into(), u16::MAX.into()),
                (entries_here.into(), wide.entries_here, u16::MAX.into()),
                (entries.into(), wide.entries, u16::MAX.into()),
                (directory_size.into(), wide.directory_size, u32::MAX.into()),
                (directory.into(), wide.directory, u32::MAX.into()),
            ]
            .iter()
            .all(|(narrow, wide, see_there)| narrow == wide || narrow == see_there);
            if !agree {
                return Err(mismatch("its end and its 64-bit end differ"));
            }
            Ends {
                one_file: wide.disk == 0 && wide.directory_disk == 0 && wide.entries_here == wide.entries,
                entries: wide.entries,
                directory_size: wide.directory_size,
                directory: wide.directory,
                directory_end: wide.offset,
            }
        }
    };
    end.check()
}

/// What both kinds of end say.
struct Ends {
    one_file: bool,
    entries: u64,
    directory_size: u64,
    directory: u64,
    directory_end: u64,
}

impl Ends {
    fn check(self) -> Result<End, Failure> {
        let Ends { one_file, entries, directory_size, directory, directory_end } = self;
        if !one_file {
            return Err(Refusal::of(Reason::SplitArchive).into());
        }
        match directory.checked_add(directory_size) {
            Some(said) if said == directory_end => Ok(End { entries, directory, directory_end }),
            // Everything stands later than it says: something was put in front.
            Some(said) if said < directory_end => Err(Refusal::of(Reason::PrefixData).into()),
            _ => Err(mismatch("its directory is not where its end says")),
        }
    }
}

/// The one record that can be the end: its offset and its bytes.
fn locate(archive: &Archive<'_>) -> Result<(u64, Vec<u8>), Failure> {
    let window = archive.size().min(u64::from(u16::MAX).saturating_add(u64_of(END_SIZE)));
    let start = archive.size().saturating_sub(window);
    // At most 64 KiB and the record.
    let tail = archive.bytes(start, usize::try_from(window).unwrap_or(usize::MAX))?;
    let marks: Vec<usize> =
        tail.windows(END.len()).enumerate().filter(|(_, four)| four == END).map(|(at, _)| at).collect();
    let Some(&last) = marks.last() else { return Err(no_end(archive)) };
    let mut fitting = marks.iter().filter(|&&at| Fit::of(&tail, at) == Fit::Exact);
    match (fitting.next(), fitting.next()) {
        (Some(&only), None) if only == last => {
            let record = tail.get(only..).unwrap_or_default().to_vec();
            Ok((start.saturating_add(u64_of(only)), record))
        }
        (Some(_), _) => Err(Refusal::of(Reason::TwoEnds).into()),
        (None, _) => Err(Refusal::of(match Fit::of(&tail, last) {
            Fit::Short => Reason::TrailingData,
            Fit::Exact | Fit::Long => Reason::Truncated,
        })
        .into()),
    }
}

/// How a record's comment ends, compared with the file.
#[derive(PartialEq, Eq)]
enum Fit {
    Short,
    Exact,
    Long,
}

impl Fit {
    fn of(tail: &[u8], at: usize) -> Fit {
        let record = tail.get(at..).unwrap_or_default();
        let Some((fixed, comment)) = record.split_at_checked(END_SIZE) else { return Fit::Long };
        let said = fixed.last_chunk().map_or(0, |length| usize::from(u16::from_le_bytes(*length)));
        match comment.len().cmp(&said) {
            std::cmp::Ordering::Less => Fit::Long,
            std::cmp::Ordering::Equal => Fit::Exact,
            std::cmp::Ordering::Greater => Fit::Short,
        }
    }
}

/// What starts like a zip lost its end; anything else never was one.
fn no_end(archive: &Archive<'_>) -> Failure {
    match archive.bytes(0, 4) {
        Ok(first) if first == b"PK\x03\x04" => Refusal::of(Reason::Truncated).into(),
        Ok(_) | Err(Failure::Refused(_)) => Refusal::of(Reason::NotAZip).into(),
        Err(failure) => failure,
    }
}

struct Narrow {
    disk: u16,
    directory_disk: u16,
    entries_here: u16,
    entries: u16,
    directory_size: u32,
    directory: u32,
}

impl Narrow {
    fn parse(record: &[u8]) -> Option<Narrow> {
        let mut fields = Fields(record);
        fields.u32()?;
        Some(Narrow {
            disk: fields.u16()?,
            directory_disk: fields.u16()?,
            entries_here: fields.u16()?,
            entries: fields.u16()?,
            directory_size: fields.u32()?,
            directory: fields.u32()?,
        })
    }
}

struct Wide {
    offset: u64,
    disk: u32,
    directory_disk: u32,
    entries_here: u64,
    entries: u64,
    directory_size: u64,
    directory: u64,
}

/// The 64-bit end that stands before the end at `offset`, if there is one. Where its locator is there, everything
/// about it must be right.
fn wide(archive: &Archive<'_>, offset: u64) -> Result<Option<Wide>, Failure> {
    let Some(locator_at) = offset.checked_sub(END64_LOCATOR_SIZE) else { return Ok(None) };
    let locator = archive.bytes(locator_at, usize::try_from(END64_LOCATOR_SIZE).unwrap_or(0))?;
    let mut fields = Fields(&locator);
    if fields.u32() != Some(END64_LOCATOR) {
        return Ok(None);
    }
    let said = (fields.u32(), fields.u64(), fields.u32());
    let Some(record_at) = locator_at.checked_sub(END64_SIZE) else {
        return Err(mismatch("its 64-bit end is missing"));
    };
    if (said.0, said.2) != (Some(0), Some(1)) {
        return Err(Refusal::of(Reason::SplitArchive).into());
    }
    if said.1 != Some(record_at) {
        return Err(mismatch("its 64-bit end is not where it says"));
    }
    let record = archive.bytes(record_at, usize::try_from(END64_SIZE).unwrap_or(0))?;
    let mut fields = Fields(&record);
    if fields.u32() != Some(END64) || fields.u64() != Some(END64_REST) {
        return Err(mismatch("its 64-bit end is not of the usual form"));
    }
    // Versions made by and needed.
    fields.u32();
    let wide = || -> Option<Wide> {
        Some(Wide {
            offset: record_at,
            disk: fields.u32()?,
            directory_disk: fields.u32()?,
            entries_here: fields.u64()?,
            entries: fields.u64()?,
            directory_size: fields.u64()?,
            directory: fields.u64()?,
        })
    };
    let mut wide = wide;
    wide().map(Some).ok_or_else(|| Refusal::of(Reason::Truncated).into())
}

fn mismatch(what: &'static str) -> Failure {
    Refusal::of(Reason::HeaderMismatch(what)).into()
}

fn u64_of(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
