//! What is wrong with an author's file: found as data, said in words, shown at its place.
//!
//! A [`Problem`] carries a code of the [`codes`] registry, so nothing can be reported that `assay explain` does not
//! know. This module never reads files and never prints; the caller decides where the text goes and in which colours.

pub mod codes;
mod render;

pub use codes::{Code, explain, nearest_code};
pub use render::{ProblemRecord, record, render};

/// Bytes of a source text, start inclusive and end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// A text that problems point into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    name: String,
    text: String,
}

impl Source {
    /// A text and the name that messages give it, usually a path as the author wrote it.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Source {
        Source { name: name.into(), text: text.into() }
    }

    /// The name that messages give it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of a byte, both counted from 1, the column in characters.
    ///
    /// A byte past the end counts as the end, one inside a character as its start.
    #[must_use]
    pub fn position(&self, byte: usize) -> (usize, usize) {
        let before = &self.text[..self.text.floor_char_boundary(byte)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// Where something stands: its bytes and its field, `test.cases[2].points`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The bytes; empty where the place is the whole file.
    pub span: Span,
    /// The path of the field; empty for the file itself.
    pub path: String,
}

impl Place {
    /// The file as a whole.
    #[must_use]
    pub fn whole() -> Place {
        Place { span: Span { start: 0, end: 0 }, path: String::new() }
    }

    /// The place of the field `key` inside this one.
    #[must_use]
    pub fn key(&self, key: &str, span: Span) -> Place {
        let plain =
            !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        let path = match (self.path.is_empty(), plain) {
            (true, true) => key.to_owned(),
            (false, true) => format!("{}.{key}", self.path),
            (_, false) => format!("{}[{key:?}]", self.path),
        };
        Place { span, path }
    }

    /// The place of the item `index`, counted from 0, inside this one.
    #[must_use]
    pub fn item(&self, index: usize, span: Span) -> Place {
        Place { span, path: format!("{}[{index}]", self.path) }
    }
}

/// Whether a problem stops the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The assignment cannot be used.
    Error,
    /// It can, and its author should know.
    Warning,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One thing that is wrong, or worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: &'static Code,
    // Boxed, because problems travel as errors and are better small.
    message: Box<str>,
    place: Place,
    label: Box<str>,
    related: Vec<(Span, String)>,
    hint: Option<Box<str>>,
}

impl Problem {
    /// A problem at a place; the message says what is wrong, in lower case and without a full stop.
    #[must_use]
    pub fn new(code: &'static Code, place: &Place, message: impl Into<Box<str>>) -> Problem {
        Problem {
            code,
            message: message.into(),
            place: place.clone(),
            label: Box::default(),
            related: Vec::new(),
            hint: None,
        }
    }

    /// Adds a few words beside the underlined place.
    #[must_use]
    pub fn label(mut self, label: impl Into<Box<str>>) -> Problem {
        self.label = label.into();
        self
    }

    /// Adds another place that matters, and why it does.
    #[must_use]
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Problem {
        self.related.push((span, label.into()));
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Box<str>>) -> Problem {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what to do about it, where something is known.
    #[must_use]
    pub fn hint_if_any(self, hint: Option<String>) -> Problem {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }

    /// Its code, in kebab case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code.id
    }

    /// Whether it stops the work.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.code.severity
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What to do about it.
    #[must_use]
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// The known word nearest to `word`, if it is near enough to be what was meant.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // No word that is known here is longer, and the distance takes time by the product of both lengths.
    if word.chars().count() > 64 {
        return None;
    }
    let lower = word.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let source = Source::new("x", "a: ä\nb: 日本 x\n");
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position(5), (1, 5), "after a letter of two bytes");
        assert_eq!(source.position(source.text().find('x').unwrap()), (2, 7));
        assert_eq!(source.position(10_000), (3, 1));
    }

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        let known = ["memory", "cpu", "processes"];
        assert_eq!(nearest("memroy", known), Some("memory"));
        assert_eq!(nearest("CPU", known), Some("cpu"));
        assert_eq!(nearest("colour", known), None);
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_shown() {
        let text = "title: a\u{9b}31m\u{85}\u{1b}[2J\u{202e}\u{7f}";
        let place = Place::whole().key("title", Span { start: 7, end: text.len() });
        let problem =
            Problem::new(&codes::TEXT_INVALID, &place, "wrong \u{9b}31m").hint("\u{9b}31m").label("\u{9b}");
        for coloured in [false, true] {
            let shown = render(&problem, &Source::new("a\u{9b}b", text), coloured);
            assert!(!shown.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\u{1b}')), "{shown:?}");
            assert!(coloured || !shown.contains('\u{1b}'), "{shown:?}");
        }
    }

    #[test]
    fn paths_quote_what_is_no_word() {
        let span = Span { start: 0, end: 0 };
        let place = Place::whole().key("samples", span).key("samples/off", span).item(0, span);
        assert_eq!(place.path, "samples[\"samples/off\"][0]");
    }
}
