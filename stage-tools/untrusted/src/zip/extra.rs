//! Extra fields: 64-bit sizes, second names and links. Everything else in them is passed over.

use super::Reason;
use super::fields::Fields;

const ZIP64: u16 = 0x0001;
const PKWARE_UNIX: u16 = 0x000d;
const ASI_UNIX: u16 = 0x756e;
const UNICODE_PATH: u16 = 0x7075;
/// A PKWARE Unix field without a link's target: two times, user, group.
const PKWARE_UNIX_PLAIN: usize = 12;

/// What matters of an entry's extra fields.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Extra<'a> {
    /// The content of the 64-bit field.
    pub(super) zip64: Option<&'a [u8]>,
    /// The name in UTF-8, where the entry's own is in a code page and this one spells it out letter by letter.
    pub(super) unicode_path: Option<&'a str>,
}

impl<'a> Extra<'a> {
    /// Reads the fields of an entry that is called `name`.
    pub(super) fn parse(bytes: &'a [u8], name: &[u8]) -> Result<Extra<'a>, Reason> {
        let mut extra = Extra::default();
        let mut has_path = false;
        let mut fields = Fields(bytes);
        while !fields.is_empty() {
            let mut field = || {
                let id = fields.u16()?;
                let length = fields.u16()?;
                Some((id, fields.take(length.into())?))
            };
            let (id, content) =
                field().ok_or(Reason::HeaderMismatch("its extra fields have wrong lengths"))?;
            match id {
                ZIP64 if extra.zip64.replace(content).is_some() => {
                    return Err(Reason::HeaderMismatch("it has two fields of 64-bit sizes"));
                }
                UNICODE_PATH => {
                    let second = Reason::HeaderMismatch("it has a second name");
                    if std::mem::replace(&mut has_path, true) {
                        return Err(second);
                    }
                    if !repeats(content, name) {
                        extra.unicode_path = Some(spelled_out(content, name).ok_or(second)?);
                    }
                }
                PKWARE_UNIX if content.len() > PKWARE_UNIX_PLAIN => return Err(Reason::LinkEntry),
                // It holds a second mode and a link's target; no tool in use writes it.
                ASI_UNIX => return Err(Reason::SpecialFile),
                _ => {}
            }
        }
        Ok(extra)
    }
}

/// Whether a Unicode path (version, checksum of the name, the path) says what the name says.
fn repeats(content: &[u8], name: &[u8]) -> bool {
    content.get(5..) == Some(name)
}

/// The path of a Unicode path that is of this very name (APPNOTE 4.6.9) and has a letter for each of its bytes: the same where
/// that is ASCII. A reader that knows nothing of this field shows other letters in the same places, and no other tree.
fn spelled_out<'a>(content: &'a [u8], name: &[u8]) -> Option<&'a str> {
    let mut fields = Fields(content);
    let of_this_name = fields.take(1)? == [1] && fields.u32()? == crc32fast::hash(name);
    let path = std::str::from_utf8(fields.0).ok().filter(|_| of_this_name)?;
    let same_letter = |(byte, letter): (&u8, char)| {
        if byte.is_ascii() { letter == char::from(*byte) } else { !letter.is_ascii() }
    };
    (path.chars().count() == name.len() && name.iter().zip(path.chars()).all(same_letter)).then_some(path)
}
