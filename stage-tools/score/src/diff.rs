//! How an output differs from the expected one, for students to read.
//!
//! Both texts may be huge and the written one is hostile, so nothing here depends on a clock: the texts are compared
//! line by line up to their first difference, and only a window of lines from there on is aligned. What counts as
//! different is what the comparison counts, so lines that it accepts are never marked.
//!
//! Marks are shown only where they matter. On a line that differs, blanks at its end are marked. Where two lines differ
//! in white space alone, all of it is: `·` is a space, `→` a tab, `␍` a carriage return, `␤` the end of a line.

use std::borrow::Cow;
use std::collections::HashMap;

use assay_contract::answers::Compare;
use assay_contract::result::{DiffLine, DiffSide};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::compare::{compare, is_space, trim_end, words};
use crate::safe_text::{cut, push_char};

/// The most lines of a difference, gaps included; one more says what is missing.
pub const MAX_LINES: usize = 60;
/// The longest line of a difference, in characters, without its marker.
pub const MAX_WIDTH: usize = 200;
/// Equal lines that are shown around a difference.
const CONTEXT: usize = 3;
/// How many lines of each side are aligned. Aligning costs their product at worst.
const WINDOW: usize = 500;
/// How many equal bytes are shown before a difference that is far inside a line.
const LEAD: usize = 40;

/// How `actual` differs from `expected`; empty where it does not by this comparison, and for regular expressions, which
/// expect no lines.
#[must_use]
pub fn diff(how: &Compare, expected: &[u8], actual: &[u8]) -> Vec<DiffLine> {
    if matches!(how, Compare::Regex) || compare(how, expected, actual) != Ok(false) {
        return Vec::new();
    }
    let (mut left, mut right) = (Lines::new(how, expected), Lines::new(how, actual));

    let mut context = Vec::new();
    let mut equal = 0;
    let (first_left, first_right) = loop {
        match (left.next(), right.next()) {
            (Some(l), Some(r)) if same(how, l, r) => {
                equal += 1;
                if context.len() == CONTEXT {
                    context.remove(0);
                }
                context.push(r);
            }
            pair => break pair,
        }
    };
    let left_window: Vec<&[u8]> = first_left.into_iter().chain(left.by_ref()).take(WINDOW).collect();
    let right_window: Vec<&[u8]> = first_right.into_iter().chain(right.by_ref()).take(WINDOW).collect();

    let mut report = Report::default();
    report.gap_of_equal(equal - context.len());
    for line in context {
        report.both(line);
    }
    let mut rows = align(how, &left_window, &right_window);
    let mut unseen = left.count() + right.count();
    if unseen > 0 {
        unseen += drop_edge(&mut rows);
    }
    report.rows(&rows);
    report.finish(unseen)
}

/// Takes off what the end of the windows made up: a run that only one side has there, because the other side's window
/// ended, and equal lines beyond the context. Counts the lines taken off; a difference always remains.
fn drop_edge(rows: &mut Vec<Row<'_>>) -> usize {
    let mut runs = rows.iter().enumerate().rev().filter(|(_, row)| matches!(row, Row::Differ(..)));
    let (Some((last, run)), before) = (runs.next(), runs.next()) else { return 0 };
    let made_up = matches!(run, Row::Differ(left, right) if left.is_empty() || right.is_empty());
    let end = match before {
        Some((kept, _)) if made_up => last.min(kept + 1 + CONTEXT),
        _ => rows.len().min(last + 1 + CONTEXT),
    };
    let lines = |row: Row<'_>| match row {
        Row::Both(_) => 2,
        Row::Differ(left, right) => left.len() + right.len(),
    };
    rows.drain(end..).map(lines).sum()
}

/// The lines that a comparison looks at. Only of an exact one are line ends, blanks before them and blank lines part.
struct Lines<'a> {
    rest: &'a [u8],
    exact: bool,
    skip_blank: bool,
}

impl<'a> Lines<'a> {
    fn new(how: &Compare, text: &'a [u8]) -> Lines<'a> {
        let exact = matches!(how, Compare::Exact);
        let skip_blank = matches!(how, Compare::Tokens | Compare::Numeric { .. });
        Lines { rest: if exact { text } else { trim_end(text) }, exact, skip_blank }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let end = self.rest.iter().position(|b| *b == b'\n').map_or(self.rest.len(), |at| at + 1);
            let (line, rest) = self.rest.split_at(end);
            self.rest = rest;
            let line = if self.exact { line } else { trim_end(line) };
            if !(self.skip_blank && line.is_empty()) {
                return Some(line);
            }
        }
        None
    }
}

/// Whether the comparison takes the one line for the other.
fn same(how: &Compare, expected: &[u8], actual: &[u8]) -> bool {
    compare(how, expected, actual) == Ok(true)
}

/// What lines that the comparison takes for each other have in common; tolerances aside, which are no equivalence.
fn key<'a>(how: &Compare, line: &'a [u8]) -> Cow<'a, [u8]> {
    match how {
        Compare::Exact | Compare::Trimmed | Compare::Regex => Cow::Borrowed(line),
        Compare::Tokens | Compare::Numeric { .. } => Cow::Owned(words(line).collect::<Vec<_>>().join(&b' ')),
    }
}

/// One row of the aligned windows.
enum Row<'a> {
    Both(&'a [u8]),
    /// Runs of lines that differ; either may be empty.
    Differ(Vec<&'a [u8]>, Vec<&'a [u8]>),
}

fn align<'a>(how: &Compare, left: &[&'a [u8]], right: &[&'a [u8]]) -> Vec<Row<'a>> {
    // Numbers in place of lines: each line is then read once, however often it is compared.
    let mut numbers = HashMap::new();
    let mut number = |line: &&'a [u8]| {
        let next = numbers.len();
        *numbers.entry(key(how, line)).or_insert(next)
    };
    let left_numbers: Vec<usize> = left.iter().map(&mut number).collect();
    let right_numbers: Vec<usize> = right.iter().map(&mut number).collect();

    let mut rows = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &left_numbers, &right_numbers) {
        let (left, right) = (&left[op.old_range()], &right[op.new_range()]);
        if matches!(op, DiffOp::Equal { .. }) {
            rows.extend(right.iter().map(|line| Row::Both(line)));
        } else {
            split_accepted(how, left, right, &mut rows);
        }
    }
    rows
}

/// Lines of a replaced run that the comparison accepts in pairs after all, which happens with tolerances, are equal.
fn split_accepted<'a>(how: &Compare, left: &[&'a [u8]], right: &[&'a [u8]], rows: &mut Vec<Row<'a>>) {
    let mut from = 0;
    if matches!(how, Compare::Numeric { .. }) {
        for (at, (l, r)) in left.iter().zip(right).enumerate() {
            if same(how, l, r) {
                if from < at {
                    rows.push(Row::Differ(left[from..at].to_vec(), right[from..at].to_vec()));
                }
                rows.push(Row::Both(r));
                from = at + 1;
            }
        }
    }
    if from < left.len() || from < right.len() {
        let rest = |lines: &[&'a [u8]]| lines.get(from..).unwrap_or_default().to_vec();
        rows.push(Row::Differ(rest(left), rest(right)));
    }
}

/// The lines to show, never more than [`MAX_LINES`].
#[derive(Default)]
struct Report {
    shown: Vec<DiffLine>,
    /// Lines of both texts that did not fit.
    dropped: usize,
}

impl Report {
    /// Adds a line that stands for `lines` of both texts together.
    fn push(&mut self, side: DiffSide, lines: usize, text: String) {
        if self.shown.len() < MAX_LINES {
            self.shown.push(DiffLine { side, text });
        } else {
            self.dropped += lines;
        }
    }

    fn both(&mut self, line: &[u8]) {
        self.push(DiffSide::Both, 2, render(line, 0, Marks::None));
    }

    fn gap_of_equal(&mut self, lines: usize) {
        if lines > 0 {
            self.push(DiffSide::Gap, 2 * lines, format!("{lines} equal {}", plural(lines)));
        }
    }

    fn rows(&mut self, rows: &[Row<'_>]) {
        let mut at = 0;
        while at < rows.len() {
            let equal = rows[at..].iter().take_while(|row| matches!(row, Row::Both(_))).count();
            let before = if at == 0 { 0 } else { CONTEXT.min(equal) };
            let after = if at + equal == rows.len() { 0 } else { CONTEXT.min(equal - before) };
            for (place, row) in rows[at..at + equal].iter().enumerate() {
                if place == before {
                    self.gap_of_equal(equal - before - after);
                }
                if let Row::Both(line) = row
                    && (place < before || place >= equal - after)
                {
                    self.both(line);
                }
            }
            at += equal;
            if let Some(Row::Differ(left, right)) = rows.get(at) {
                self.differ(left, right);
                at += 1;
            }
        }
    }

    fn differ(&mut self, left: &[&[u8]], right: &[&[u8]]) {
        let pairs: Vec<Pair> = left.iter().zip(right).map(|(l, r)| Pair::of(l, r)).collect();
        for (side, lines) in [(DiffSide::Expected, left), (DiffSide::Written, right)] {
            for (at, line) in lines.iter().enumerate() {
                let Pair { skip, marks } = pairs.get(at).copied().unwrap_or(Pair::ALONE);
                // A line of nothing but white space would be invisible.
                let marks = if line.iter().all(|b| is_space(*b)) { Marks::All } else { marks };
                self.push(side, 1, render(line, skip, marks));
            }
        }
    }

    fn finish(mut self, unseen: usize) -> Vec<DiffLine> {
        let missing = self.dropped + unseen;
        if missing > 0 {
            let text = format!("{missing} more {}, not shown", plural(missing));
            self.shown.push(DiffLine { side: DiffSide::Gap, text });
        }
        self.shown
    }
}

fn plural(lines: usize) -> &'static str {
    if lines == 1 { "line" } else { "lines" }
}

/// How much white space of a line is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marks {
    None,
    /// Blanks at the end, as they cannot be seen.
    End,
    /// All of it, and the end of the line.
    All,
}

/// How two lines that stand opposite each other are shown.
#[derive(Clone, Copy)]
struct Pair {
    /// Equal bytes at the start that are left out.
    skip: usize,
    marks: Marks,
}

impl Pair {
    const ALONE: Pair = Pair { skip: 0, marks: Marks::End };

    fn of(left: &[u8], right: &[u8]) -> Pair {
        let visible = |b: &&u8| !is_space(**b);
        let same_ink = left.iter().filter(visible).eq(right.iter().filter(visible));
        let equal = left.iter().zip(right).take_while(|(l, r)| l == r).count();
        Pair {
            skip: if equal < MAX_WIDTH / 2 { 0 } else { character_start(left, equal - LEAD) },
            marks: if same_ink { Marks::All } else { Marks::End },
        }
    }
}

/// The place of the character that the byte at `at` belongs to, so that none is cut in two.
fn character_start(text: &[u8], at: usize) -> usize {
    let inside = |place: &usize| text.get(*place).is_some_and(|b| b & 0xc0 == 0x80);
    (at.saturating_sub(3)..=at).rev().find(|place| !inside(place)).unwrap_or(at)
}

fn render(line: &[u8], skip: usize, marks: Marks) -> String {
    let body = line.strip_suffix(b"\n").unwrap_or(line);
    let (left_out, body_shown) = body.split_at(skip.min(body.len()));
    let ink_end = trim_end(body_shown).len();
    let mut text = String::new();
    if !left_out.is_empty() {
        text = format!("[… {} bytes left out]", left_out.len());
    }
    text += &cut(body_shown, MAX_WIDTH, |text, c, at| {
        let marked = marks == Marks::All || (marks == Marks::End && at >= ink_end);
        match c {
            ' ' if marked => text.push('·'),
            '\t' if marked => text.push('→'),
            '\r' if marked => text.push('␍'),
            c => push_char(text, c),
        }
    });
    if marks == Marks::All && body.len() < line.len() {
        text.push('␤');
    }
    text
}

#[cfg(test)]
mod tests;
