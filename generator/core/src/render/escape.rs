//! Writes text as a double-quoted scalar that YAML 1.1, YAML 1.2 and JSON all read as that text.

use std::io::{self, Write};

/// Quotes `text`. Everything that some YAML reader may take for a line break or refuse as not printable is escaped, so
/// that the scalar stays on its line.
pub(crate) fn escape(text: &str, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"\"")?;
    for c in text.chars() {
        match c {
            '"' => out.write_all(b"\\\"")?,
            '\\' => out.write_all(b"\\\\")?,
            '\n' => out.write_all(b"\\n")?,
            '\r' => out.write_all(b"\\r")?,
            '\t' => out.write_all(b"\\t")?,
            // All of these are below U+10000, so that four digits say them in YAML and in JSON alike.
            '\0'..='\u{1f}'
            | '\u{7f}'..='\u{a0}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => write!(out, "\\u{:04x}", u32::from(c))?,
            _ => write!(out, "{c}")?,
        }
    }
    out.write_all(b"\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn escaped(text: &str) -> String {
        let mut out = Vec::new();
        escape(text, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn yaml_and_json_read_back_what_was_written(text in any::<String>()) {
            let quoted = escaped(&text);
            prop_assert_eq!(&serde_json::from_str::<String>(&quoted).unwrap(), &text);
            prop_assert_eq!(&serde_saphyr::from_str::<String>(&quoted).unwrap(), &text);
            prop_assert_eq!(quoted.lines().count(), 1);
        }
    }

    #[test]
    fn nothing_ends_the_scalar_or_its_line_early() {
        let text = "a\"\n  b: \\\u{85}\u{2028}\u{feff}\u{7f}\0é🦀";
        assert_eq!(escaped(text), "\"a\\\"\\n  b: \\\\\\u0085\\u2028\\ufeff\\u007f\\u0000é🦀\"");
        assert_eq!(serde_saphyr::from_str::<String>(&escaped(text)).unwrap(), text);
    }
}
