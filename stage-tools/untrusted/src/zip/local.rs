//! Where entries lie: local headers that say what the directory says, each entry right behind the one before, and
//! nothing in between.

use std::ops::Range;

use super::directory::{Member, flag};
use super::extra::Extra;
use super::fields::{Archive, Fields};
use super::{Failure, Reason, Refusal};

const HEADER: u32 = u32::from_le_bytes(*b"PK\x03\x04");
const HEADER_SIZE: usize = 30;
const DESCRIPTOR: u32 = u32::from_le_bytes(*b"PK\x07\x08");
/// The longest form: signature, checksum, two 64-bit sizes.
const DESCRIPTOR_MOST: u64 = 24;

/// An entry and where its data lies.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) member: Member,
    pub(super) data: Range<u64>,
}

/// Finds all entries' data and checks that together they fill the zip up to `directory`.
pub(super) fn place(
    archive: &Archive<'_>,
    mut members: Vec<Member>,
    directory: u64,
) -> Result<Vec<Placed>, Failure> {
    members.sort_unstable_by_key(|member| member.offset);
    let starts: Vec<u64> = members.iter().map(|member| member.offset).skip(1).chain([directory]).collect();
    if let Some(last) = members.last().filter(|last| last.offset >= directory) {
        return Err(last.refuse(Reason::HeaderMismatch("its header is not where the directory says")));
    }
    if members.first().is_some_and(|first| first.offset != 0) {
        return Err(Refusal::of(Reason::PrefixData).into());
    }
    let mut header = Vec::new();
    let mut placed = Vec::with_capacity(members.len());
    for (member, next) in members.into_iter().zip(starts) {
        let data = data(archive, &member, next, &mut header)?;
        placed.push(Placed { member, data });
    }
    Ok(placed)
}

/// Where the data of `member` lies, given that the next thing starts at `next`.
fn data(
    archive: &Archive<'_>,
    member: &Member,
    next: u64,
    header: &mut Vec<u8>,
) -> Result<Range<u64>, Failure> {
    let name = member.in_code_page.clone().unwrap_or_else(|| member.name().into_bytes());
    let overlap = || member.refuse(Reason::Overlap);
    let header_room = next.checked_sub(member.offset).ok_or_else(overlap)?;
    let start = read_header(archive, member, &name, header_room, header)?;
    let end = start.checked_add(member.packed).ok_or_else(overlap)?;
    let gap = next.checked_sub(end).ok_or_else(overlap)?;
    if member.flags & flag::DESCRIPTOR == 0 {
        if gap != 0 {
            return Err(member.refuse(Reason::HiddenData));
        }
    } else if gap > DESCRIPTOR_MOST {
        return Err(member.refuse(Reason::HiddenData));
    } else {
        let descriptor = archive.bytes(end, usize::try_from(gap).unwrap_or(0))?;
        check_descriptor(&descriptor, member).map_err(|reason| member.refuse(reason))?;
    }
    Ok(start..end)
}

/// Reads the local header of `member` into `buffer`, checks it, and tells where it ends.
fn read_header(
    archive: &Archive<'_>,
    member: &Member,
    name: &[u8],
    room: u64,
    buffer: &mut Vec<u8>,
) -> Result<u64, Failure> {
    let refuse = |what| member.refuse(Reason::HeaderMismatch(what));
    let overlap = || member.refuse(Reason::Overlap);
    // Most have few extra fields: one read is enough for those.
    let most = usize::try_from(room).unwrap_or(usize::MAX);
    let usual = HEADER_SIZE.saturating_add(name.len()).saturating_add(64).min(most);
    buffer.resize(usual, 0);
    archive.read_exact(member.offset, buffer)?;
    let fixed = Fixed::parse(buffer).ok_or_else(overlap)?;
    if fixed.signature != HEADER {
        return Err(refuse("its header is not where the directory says"));
    }
    let name_length = usize::from(fixed.name_length);
    let length = HEADER_SIZE.saturating_add(name_length).saturating_add(fixed.extra_length.into());
    if length > most {
        return Err(overlap());
    }
    if length > buffer.len() {
        buffer.resize(length, 0);
        archive.read_exact(member.offset, buffer)?;
    }
    let mut rest = Fields(buffer.get(HEADER_SIZE..length).unwrap_or_default());
    if rest.take(name_length) != Some(name) {
        return Err(refuse("it has another name in its header"));
    }
    let extra = Extra::parse(rest.0, name).map_err(|reason| member.refuse(reason))?;
    let spelled_out = member.in_code_page.as_ref().map(|_| member.name());
    if extra.unicode_path != spelled_out.as_deref() {
        return Err(refuse("it has another name in its header"));
    }
    fixed.agree(member, extra.zip64).map_err(|reason| member.refuse(reason))?;
    member.offset.checked_add(u64::try_from(length).unwrap_or(u64::MAX)).ok_or_else(overlap)
}

struct Fixed {
    signature: u32,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u32,
    size: u32,
    name_length: u16,
    extra_length: u16,
}

impl Fixed {
    fn parse(bytes: &[u8]) -> Option<Fixed> {
        let mut fields = Fields(bytes);
        let signature = fields.u32()?;
        let _needed = fields.u16()?;
        let flags = fields.u16()?;
        let method = fields.u16()?;
        let _time_and_date = fields.u32()?;
        let crc = fields.u32()?;
        let packed = fields.u32()?;
        let size = fields.u32()?;
        let name_length = fields.u16()?;
        let extra_length = fields.u16()?;
        Some(Fixed { signature, flags, method, crc, packed, size, name_length, extra_length })
    }

    fn agree(&self, member: &Member, zip64: Option<&[u8]>) -> Result<(), Reason> {
        if (self.flags ^ member.flags) & !flag::EFFORT != 0 {
            return Err(Reason::HeaderMismatch("its header has other flags than the directory"));
        }
        if self.method != member.method.number() {
            return Err(Reason::HeaderMismatch("its header has another method than the directory"));
        }
        let (size, packed) = self.widen(zip64)?;
        let said = (self.crc, packed, size);
        // With a descriptor behind the data, the header may leave these open.
        let open = member.flags & flag::DESCRIPTOR != 0 && said == (0, 0, 0);
        if !open && said != (member.crc, member.packed, member.size) {
            return Err(Reason::HeaderMismatch(
                "its header has another checksum or other sizes than the directory",
            ));
        }
        Ok(())
    }

    /// Both sizes, unpacked first: in a local header the 64-bit field holds both or there is none.
    fn widen(&self, zip64: Option<&[u8]>) -> Result<(u64, u64), Reason> {
        let narrow = (u64::from(self.size), u64::from(self.packed));
        let Some(zip64) = zip64 else { return Ok(narrow) };
        let points = (self.size == u32::MAX, self.packed == u32::MAX);
        let mut fields = Fields(zip64);
        match (fields.u64(), fields.u64()) {
            (Some(size), Some(packed)) if fields.is_empty() && (points.0 || points.1) => {
                let size_agrees = points.0 || narrow.0 == size;
                let packed_agrees = points.1 || narrow.1 == packed;
                if size_agrees && packed_agrees {
                    return Ok((size, packed));
                }
            }
            _ => {}
        }
        Err(Reason::HeaderMismatch("the field of 64-bit sizes in its header is wrong"))
    }
}

/// A descriptor has four forms of four lengths; the gap to the next entry tells which.
fn check_descriptor(bytes: &[u8], member: &Member) -> Result<(), Reason> {
    let wrong = Reason::HeaderMismatch("its data descriptor differs from the directory");
    let mut fields = Fields(bytes);
    let signed = matches!(bytes.len(), 16 | 24);
    if signed && fields.u32() != Some(DESCRIPTOR) {
        return Err(wrong);
    }
    let crc = fields.u32();
    let (packed, size) = match bytes.len() {
        12 | 16 => (fields.u32().map(u64::from), fields.u32().map(u64::from)),
        20 | 24 => (fields.u64(), fields.u64()),
        _ => return Err(wrong),
    };
    if (crc, packed, size) == (Some(member.crc), Some(member.packed), Some(member.size)) {
        Ok(())
    } else {
        Err(wrong)
    }
}
