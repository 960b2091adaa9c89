//! Problems as text for people and as records for programs.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{
    AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
};
use serde::Serialize;

use super::{Problem, Severity, Source, Span};

/// A problem as `--format json` prints it. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemRecord {
    /// The code, in kebab case.
    pub code: &'static str,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// The file, as it was named.
    pub file: String,
    /// The line where it starts.
    pub line: usize,
    /// The column where it starts.
    pub column: usize,
    /// The line where it ends.
    pub end_line: usize,
    /// The column after its last character.
    pub end_column: usize,
    /// The field, `test.cases[2].points`; empty for the file as a whole.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The record of a problem.
#[must_use]
pub fn record(problem: &Problem, source: &Source) -> ProblemRecord {
    let (line, column) = source.position(problem.place.span.start);
    let (end_line, end_column) = source.position(problem.place.span.end);
    ProblemRecord {
        code: problem.code(),
        severity: problem.severity().id(),
        file: source.name().to_owned(),
        line,
        column,
        end_line,
        end_column,
        path: problem.place.path.clone(),
        message: problem.message.to_string(),
        hint: problem.hint_text().map(str::to_owned),
    }
}

/// The problem for people: code, message, the line itself with the place underlined, hint. Without a final newline.
///
/// Control characters of the source and of the message are shown as pictures, never passed on to a terminal.
#[must_use]
pub fn render(problem: &Problem, source: &Source, coloured: bool) -> String {
    let level = match problem.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let hint = problem.hint.as_deref().map(normalize_untrusted_str);
    let mut report: Group<'_> =
        level.primary_title(problem.message()).id(problem.code()).element(place(problem, source));
    if let Some(hint) = hint {
        report = report.element(Level::HELP.message(hint));
    }
    let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
    let shown = renderer.decor_style(DecorStyle::Ascii).render(&[report]);
    // The renderer leaves these as they are; a terminal takes U+009B for the beginning of a command.
    shown.replace(|c| matches!(c, '\u{80}'..='\u{9f}'), "\u{fffd}")
}

/// The underlined source, or only the file's name where the problem is the file as a whole.
fn place<'a>(problem: &'a Problem, source: &'a Source) -> Element<'a> {
    if problem.place.span == (Span { start: 0, end: 0 }) {
        return Origin::path(source.name()).into();
    }
    let label = Some(&*problem.label).filter(|label| !label.is_empty());
    Snippet::source(source.text())
        .path(source.name())
        .annotation(AnnotationKind::Primary.span(range(source, problem.place.span)).label(label))
        .annotations(
            problem.related.iter().map(|(span, label)| {
                AnnotationKind::Context.span(range(source, *span)).label(label.as_str())
            }),
        )
        .into()
}

/// The span as the renderer takes it: inside the text and between characters, or it would panic.
fn range(source: &Source, span: Span) -> std::ops::Range<usize> {
    let start = source.text().floor_char_boundary(span.start);
    let end = source.text().floor_char_boundary(span.end);
    start..end.max(start)
}
