//! Hostile bytes as text that is safe to show anywhere: terminals, web pages, documents, logs.
//!
//! Never passes on a byte that could move a cursor, overprint, reverse, hide or ring; what is escaped is visible
//! (`\x1b`, `\r`, `\u{202e}`). Never longer than asked, and always says how much was left out. Not reversible: the exact
//! bytes are kept elsewhere. Escaping for HTML or Markdown is for whoever writes those.

use std::fmt::Write as _;

/// The longest line that is shown, in characters, without its marker.
pub const MAX_LINE: usize = 400;

/// The longest result of [`line()`], in characters, without its marker.
pub const MAX_INLINE: usize = 120;

/// The start of `bytes`: whole lines, up to about `max` bytes of text.
///
/// The result is at most `max` bytes, one line and a marker long.
#[must_use]
pub fn start(bytes: &[u8], max: usize) -> String {
    ends(bytes, max, 0)
}

/// The start and the end of `bytes`, for logs, whose first error and last line matter most: a quarter of `max` goes to
/// the start.
///
/// The result is at most `max` bytes, two lines and a marker long.
#[must_use]
pub fn tail(bytes: &[u8], max: usize) -> String {
    ends(bytes, max / 4, max - max / 4)
}

/// One line for a sentence or an argument: line ends and tabs are escaped too.
#[must_use]
pub fn line(bytes: &[u8]) -> String {
    shown(bytes, MAX_INLINE, true)
}

/// The first lines up to `head` bytes and the last up to `last` bytes, each of them whole.
fn ends(bytes: &[u8], head: usize, last: usize) -> String {
    let mut text = String::new();
    let mut rest = bytes;
    while !rest.is_empty() && text.len() < head {
        let (line, after) = first_line(rest);
        push_line(&mut text, line);
        rest = after;
    }

    // Backwards, so that the middle of a huge text is skipped and not read.
    let mut lines = Vec::new();
    let mut length = 0;
    let mut middle = rest;
    while !middle.is_empty() && length < last {
        let (before, line) = last_line(middle);
        let mut shown = String::new();
        push_line(&mut shown, line);
        length += shown.len();
        lines.push(shown);
        middle = before;
    }
    if !middle.is_empty() {
        let _ = writeln!(text, "[… {} bytes left out]", middle.len());
    }
    text.extend(lines.into_iter().rev());
    text
}

fn first_line(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|b| *b == b'\n').map_or(text.len(), |at| at + 1);
    text.split_at(end)
}

fn last_line(text: &[u8]) -> (&[u8], &[u8]) {
    let inner = text.len().saturating_sub(1);
    text.split_at(text[..inner].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1))
}

fn push_line(text: &mut String, line: &[u8]) {
    let (body, end) = line.strip_suffix(b"\n").map_or((line, ""), |body| (body, "\n"));
    text.push_str(&shown(body, MAX_LINE, false));
    text.push_str(end);
}

/// `bytes` escaped and cut to `max` characters and a marker.
fn shown(bytes: &[u8], max: usize, inline: bool) -> String {
    cut(bytes, max, |text, c, _| match c {
        '\n' if inline => text.push_str("\\n"),
        '\t' if inline => text.push_str("\\t"),
        c => push_char(text, c),
    })
}

/// `bytes` cut to `max` characters and a marker; `push` writes each character, which stands at the given byte.
pub(crate) fn cut(bytes: &[u8], max: usize, push: impl Fn(&mut String, char, usize)) -> String {
    // No character is longer than 4 bytes; what is beyond cannot be shown and is not read.
    let window = &bytes[..bytes.len().min(4 * (max + 1))];
    let mut text = String::with_capacity(window.len());
    let mut at = 0;
    let mut count = 0;
    'chunks: for chunk in window.utf8_chunks() {
        let valid = chunk.valid().chars().map(Ok);
        let invalid = chunk.invalid().iter().map(Err);
        for piece in valid.chain(invalid) {
            if count >= max {
                break 'chunks;
            }
            let before = text.len();
            match piece {
                Ok(c) => push(&mut text, c, at),
                Err(byte) => _ = write!(text, "\\x{byte:02x}"),
            }
            count += text[before..].chars().count();
            at += piece.map_or(1, char::len_utf8);
        }
    }
    if at < bytes.len() {
        let _ = write!(text, "[… {} bytes left out]", bytes.len() - at);
    }
    text
}

/// Appends `c` or what stands for it; line ends and tabs stay.
pub fn push_char(text: &mut String, c: char) {
    let _ = match c {
        '\n' | '\t' => write!(text, "{c}"),
        '\r' => write!(text, "\\r"),
        c if c.is_ascii_control() => write!(text, "\\x{:02x}", u32::from(c)),
        c if c.is_control() || is_deceptive(c) => write!(text, "\\u{{{:x}}}", u32::from(c)),
        c => write!(text, "{c}"),
    };
}

/// Characters without a shape of their own that change how others are shown, or hide.
fn is_deceptive(c: char) -> bool {
    matches!(c,
        // Soft hyphen, grapheme joiner, Arabic letter mark, Hangul fillers, Khmer inherent vowels, Mongolian selectors.
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{3164}' | '\u{ffa0}'
        // Zero widths, direction marks, line and paragraph separators, embeddings and overrides.
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        // Joiners, invisible operators, isolates, deprecated format characters.
        | '\u{2060}'..='\u{206f}'
        // Variation selectors, byte order mark, interlinear annotations.
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
        // Musical and shorthand format controls, tags, further variation selectors.
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        || is_no_character(c)
}

/// What Unicode says will never be a character; documents of other formats may not hold it.
fn is_no_character(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_terminals_obey_is_made_visible() {
        for (bytes, text) in [
            (&b"\x1b[31mred\x1b[0m"[..], "\\x1b[31mred\\x1b[0m"),
            (b"\x1b]8;;http://x\x07", "\\x1b]8;;http://x\\x07"),
            (b"right\rwrong", "right\\rwrong"),
            (b"a\x00b\x7f\x08", "a\\x00b\\x7f\\x08"),
            ("\u{9b}31m".as_bytes(), "\\u{9b}31m"),
            ("\u{202e}txt".as_bytes(), "\\u{202e}txt"),
            ("a\u{200b}b\u{feff}".as_bytes(), "a\\u{200b}b\\u{feff}"),
            ("\u{fdd0}\u{ffff}\u{1fffe}".as_bytes(), "\\u{fdd0}\\u{ffff}\\u{1fffe}"),
            (b"a\xff\xfeb\xc3", "a\\xff\\xfeb\\xc3"),
            (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),
            ("tab\tand é 漢字\n".as_bytes(), "tab\tand é 漢字\n"),
        ] {
            assert_eq!(start(bytes, 1000), text);
            assert_eq!(tail(bytes, 1000), text);
        }
        assert_eq!(line(b"a\n\tb\r"), "a\\n\\tb\\r");
    }

    #[test]
    fn a_long_line_says_how_much_of_it_is_missing() {
        let text = start(&[b'x'; 10_000_000], 8_000);
        assert_eq!(text, format!("{}[… 9999600 bytes left out]", "x".repeat(400)));
        let wide = "漢".repeat(1_000);
        assert_eq!(start(wide.as_bytes(), 8_000), format!("{}[… 1800 bytes left out]", "漢".repeat(400)));
    }

    #[test]
    fn a_long_text_keeps_its_start() {
        let bytes = b"one\ntwo\nthree\nfour\n";
        assert_eq!(start(bytes, 8), "one\ntwo\n[… 11 bytes left out]\n");
        assert_eq!(start(bytes, 1), "one\n[… 15 bytes left out]\n");
        assert_eq!(start(bytes, 19), "one\ntwo\nthree\nfour\n");
    }

    #[test]
    fn a_long_log_keeps_both_ends() {
        let bytes: Vec<u8> = (0..100_000).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
        let text = tail(&bytes, 80);
        assert!(text.starts_with("line 0\nline 1\nline 2\n[… "), "{text}");
        assert!(
            text.ends_with(
                " bytes left out]\nline 99994\nline 99995\nline 99996\nline 99997\nline 99998\nline 99999\n"
            ),
            "{text}"
        );
    }

    /// What no rendering may hold.
    fn is_safe(text: &str) -> bool {
        text.chars().all(|c| matches!(c, '\n' | '\t') || !(c.is_control() || is_deceptive(c)))
    }

    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            any::<Vec<u8>>(),
            any::<char>().prop_map(|c| c.to_string().into_bytes()),
            (0_u32..0x300)
                .prop_filter_map("a character", char::from_u32)
                .prop_map(|c| c.to_string().into_bytes()),
            (0x2000_u32..0x2070)
                .prop_filter_map("a character", char::from_u32)
                .prop_map(|c| c.to_string().into_bytes()),
            Just(b"\n".to_vec()),
            (0_usize..900).prop_map(|n| vec![b'x'; n]),
            (0_usize..900).prop_map(|n| vec![b'\n'; n]),
        ];
        proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    }

    /// The longest line and its marker, in bytes: an escape may pass the limit by 9 characters.
    const LINE_BYTES: usize = 4 * MAX_LINE + 9 + 40;

    proptest! {
        #[test]
        fn every_rendering_is_safe_and_bounded(bytes in hostile(), max in 0_usize..2_000) {
            for (text, lines) in [(start(&bytes, max), 1), (tail(&bytes, max), 2), (line(&bytes), 1)] {
                prop_assert!(is_safe(&text), "{text:?}");
                prop_assert!(text.len() <= max + (lines + 1) * LINE_BYTES, "{} for {max}", text.len());
                for line in text.lines() {
                    prop_assert!(line.chars().count() <= MAX_LINE + 9 + 40);
                }
            }
            prop_assert!(!line(&bytes).contains(['\n', '\t']));
        }

        #[test]
        fn harmless_text_stays_as_it_is(text in "[a-z é漢\\\\\t\n]{0,200}") {
            prop_assert_eq!(&start(text.as_bytes(), 4_000), &text);
            prop_assert_eq!(&tail(text.as_bytes(), 16_000), &text);
        }
    }
}
