//! What happens to every value that a template writes: it becomes text, and nothing else.
//!
//! Templates cannot leave this out by forgetting it: `askama.toml` names it as the escaping of `.html`. Never passes on a
//! character that ends text, an attribute or an element; that moves, hides or turns round what stands beside it; or so
//! many marks on one letter that they cover other lines. What is replaced is visible.

use std::fmt::{self, Write};

use askama::filters::Escaper;
use assay_score::safe_text::push_char;
use unicode_normalization::char::is_combining_mark;

/// How many marks a letter may carry. No living script stacks more on one; each further one only covers other lines.
pub(crate) const MAX_MARKS: usize = 4;

/// What a mark is shown on that has no letter of its own, as Unicode's charts do.
const NO_LETTER: char = '\u{25cc}';

/// The escaping of this crate's templates.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Inert;

impl Escaper for Inert {
    fn write_escaped_str<W: Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        let mut marks = Marks::default();
        let mut shown = String::new();
        for c in text.chars() {
            // Characters that hide are replaced also where Unicode calls them marks.
            shown.clear();
            push_char(&mut shown, c);
            if is_combining_mark(c) && shown.starts_with(c) {
                marks.add(&mut dest, c)?;
            } else {
                marks.end(&mut dest)?;
                marks.has_letter = c != '\n';
                for c in shown.chars() {
                    write_html(&mut dest, c)?;
                }
            }
        }
        marks.end(&mut dest)
    }
}

/// How many bytes `text` is long on the page.
pub(crate) fn length(text: &str) -> usize {
    struct Length(usize);
    impl Write for Length {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 += text.len();
            Ok(())
        }
    }
    let mut length = Length(0);
    // Counting does not fail.
    let _ = Inert.write_escaped_str(&mut length, text);
    length.0
}

/// The marks on one letter.
#[derive(Default)]
struct Marks {
    has_letter: bool,
    count: usize,
}

impl Marks {
    fn add(&mut self, dest: &mut impl Write, mark: char) -> fmt::Result {
        if !self.has_letter {
            self.has_letter = true;
            dest.write_char(NO_LETTER)?;
        }
        self.count += 1;
        if self.count <= MAX_MARKS { dest.write_char(mark) } else { Ok(()) }
    }

    fn end(&mut self, dest: &mut impl Write) -> fmt::Result {
        let count = std::mem::take(&mut self.count);
        if count > MAX_MARKS { write!(dest, "[… {} marks left out]", count - MAX_MARKS) } else { Ok(()) }
    }
}

fn write_html(dest: &mut impl Write, c: char) -> fmt::Result {
    match c {
        '<' => dest.write_str("&lt;"),
        '>' => dest.write_str("&gt;"),
        '&' => dest.write_str("&amp;"),
        '"' => dest.write_str("&quot;"),
        '\'' => dest.write_str("&#39;"),
        c => dest.write_char(c),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(text: &str) -> String {
        let mut dest = String::new();
        Inert.write_escaped_str(&mut dest, text).unwrap();
        dest
    }

    #[test]
    fn markup_becomes_text() {
        assert_eq!(escaped("</script><b a=\"'&"), "&lt;/script&gt;&lt;b a=&quot;&#39;&amp;");
    }

    #[test]
    fn what_deceives_becomes_visible() {
        for (text, shown) in [
            ("a\u{202e}b", "a\\u{202e}b"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            ("\x1b[31m\r\0", "\\x1b[31m\\r\\x00"),
            ("two\nlines\tand é 漢字 שלום", "two\nlines\tand é 漢字 שלום"),
        ] {
            assert_eq!(escaped(text), shown);
        }
    }

    #[test]
    fn letters_do_not_carry_more_marks_than_a_script_needs() {
        let flood = "\u{301}".repeat(1_000);
        let four = "\u{301}".repeat(MAX_MARKS);
        assert_eq!(escaped(&format!("a{flood}b")), format!("a{four}[… 996 marks left out]b"));
        assert_eq!(escaped("e\u{301}\u{323}"), "e\u{301}\u{323}", "Vietnamese");
        assert_eq!(escaped("ก็ที่"), "ก็ที่", "Thai");
        assert_eq!(escaped("\u{301}a\n\u{301}"), "\u{25cc}\u{301}a\n\u{25cc}\u{301}");
    }

    proptest! {
        #[test]
        fn no_text_holds_what_a_page_would_obey(text in any::<String>()) {
            let escaped = escaped(&text);
            let obeyed = |c: char| matches!(c, '<' | '>' | '"' | '\'') || (c.is_control() && c != '\n' && c != '\t');
            prop_assert!(!escaped.contains(obeyed));
        }
    }
}
