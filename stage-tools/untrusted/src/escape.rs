//! Making hostile names fit to be read: bounded, and without a character that could act on a terminal or mislead a
//! reader. Never used to build a path.

use std::fmt::Write as _;

/// More characters than this are cut, and the cut is shown.
const LONGEST: usize = 120;

/// `name` for a message: letters, digits and plain ASCII as they are, everything else escaped, at most 121 characters.
#[must_use]
pub fn escaped(name: &[u8]) -> String {
    let mut shown = Shown { text: String::new(), characters: 0, cut: false };
    for chunk in name.utf8_chunks() {
        for character in chunk.valid().chars() {
            shown.push(character);
        }
        for byte in chunk.invalid() {
            shown.push_text(&format!("\\x{byte:02x}"));
        }
        if shown.cut {
            break;
        }
    }
    shown.text
}

struct Shown {
    text: String,
    characters: usize,
    cut: bool,
}

impl Shown {
    fn push(&mut self, character: char) {
        let plain = matches!(character, ' '..='~') && character != '\\';
        if plain || character.is_alphanumeric() {
            self.push_text(character.encode_utf8(&mut [0; 4]));
        } else if character == '\\' {
            self.push_text("\\\\");
        } else {
            self.push_text(&character.escape_unicode().to_string());
        }
    }

    /// Adds all of `text` or, where it does not fit, the mark of a cut.
    fn push_text(&mut self, text: &str) {
        let more = text.chars().count();
        let after = self.characters.saturating_add(more);
        if self.cut {
        } else if after > LONGEST {
            self.cut = true;
            self.text.push('…');
        } else {
            self.characters = after;
            // Writing to a `String` cannot fail.
            let _ = self.text.write_str(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hostile_characters_are_visible() {
        assert_eq!(escaped(b"a/b c.txt"), "a/b c.txt");
        assert_eq!(escaped("grün-文件".as_bytes()), "grün-文件");
        assert_eq!(escaped(b"a\x1b[2Jb\n"), "a\\u{1b}[2Jb\\u{a}");
        assert_eq!(escaped("x\u{202e}fdp.c".as_bytes()), "x\\u{202e}fdp.c");
        assert_eq!(escaped(b"\xff\\"), "\\xff\\\\");
    }

    #[test]
    fn long_names_are_cut_visibly() {
        let text = escaped(&vec![b'a'; 64 * 1024]);
        assert_eq!(text.chars().count(), LONGEST + 1);
        assert!(text.ends_with('…'));
    }

    proptest! {
        #[test]
        fn nothing_escapes_the_escape(name in proptest::collection::vec(any::<u8>(), 0..400)) {
            let text = escaped(&name);
            prop_assert!(text.chars().count() <= LONGEST + 1);
            prop_assert!(text.chars().all(|c| c == '…' || (' '..='~').contains(&c) || c.is_alphanumeric()));
        }
    }
}
