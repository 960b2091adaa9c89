//! Rules for texts that people read, written down a second time: the product's own are what is checked.

use arbitrary::{Result, Unstructured};

/// Whether a terminal or a page would show `c` as itself: no control character, nothing that hides or turns the
/// direction of writing.
pub(crate) fn is_visible(c: char) -> bool {
    !c.is_control()
        && !matches!(u32::from(c),
            0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff9..=0xfffb
            | 0xe0000..=0xe007f)
}

/// Whether a text of several lines can be shown.
pub(crate) fn is_safe(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '\n' | '\t') || is_visible(c))
}

/// Pieces that readers of YAML, JSON, templates, shells or terminals trip over.
const PIECES: [&str; 40] = [
    "\"",
    "'",
    "\\",
    "\\\"",
    ": ",
    " #",
    "- ",
    "{ {",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "!!binary",
    "&a",
    "*a",
    "<<: ",
    "null",
    "~",
    "yes",
    "0x10",
    "1e3",
    "---",
    "...",
    "|",
    ">",
    "%YAML",
    "\u{85}",
    "\u{202e}",
    "\u{feff}",
    "🦀",
    "$(x)",
    "`x`",
    "\n",
    "\t",
    "envFrom: [",
    "\"}]}",
    "\u{1b}[2J",
    "{{workflow.name}}",
];

/// A text of hostile pieces and of any others.
pub(crate) fn hostile(u: &mut Unstructured<'_>) -> Result<String> {
    let mut text = String::new();
    for _ in 0..u.int_in_range(0..=6_u8)? {
        match u.int_in_range(0..=PIECES.len())? {
            0 => text.push_str(u.arbitrary::<&str>()?),
            n => text.push_str(PIECES[n - 1]),
        }
    }
    Ok(text)
}

/// A label: lower-case letters, digits and inner hyphens, from 1 to `most` characters.
pub(crate) fn label(u: &mut Unstructured<'_>, most: usize) -> Result<String> {
    const EDGE: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    const INNER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789-";
    let length = u.int_in_range(1..=most)?;
    let mut label = String::new();
    for at in 0..length {
        let of = if at == 0 || at + 1 == length { EDGE } else { INNER };
        label.push(char::from(*u.choose(of)?));
    }
    Ok(label)
}

/// A SHA-256 in hexadecimal.
pub(crate) fn digest(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(data_encoding::HEXLOWER.encode(&u.arbitrary::<[u8; 32]>()?))
}
