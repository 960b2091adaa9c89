//! How much of a text comes to the page.
//!
//! Results cut what they hold long before this, so none of these limits is met by a result of Assay's own unless it is full of
//! characters that need five others in HTML. They hold for any document all the same; what is left out is counted.

use crate::escape;

/// The most cases that are listed.
pub const MAX_CASES: usize = 5_000;
/// The most that all outputs, inputs and logs together may be, in bytes as they stand on the page.
pub const MAX_TEXT: usize = 8 << 20;
/// The same of names, groups and reasons of cases. Apart, so that no output keeps a case from being listed.
pub(crate) const MAX_NAMES: usize = 8 << 20;

/// The longest name, argument or sentence, in characters. Longer than those that were cut before, marker included.
const MAX_INLINE: usize = 300;
/// The longest line of a text, in characters. Longer than those that were cut before, marker included.
const MAX_LINE: usize = 1_000;
/// The most of one text, in bytes as they stand on the page.
const MAX_BLOCK: usize = 256 << 10;
/// What a line of a difference or an argument costs beside its text, in bytes of markup.
const ROW: usize = 64;
/// What a tab costs: it is shown by an element.
const TAB: usize = 32;

/// A name, an argument or a sentence: one line, never longer than is read at a glance.
pub(crate) fn inline(text: &str) -> String {
    cut(text, MAX_INLINE).replace('\n', "\\n").replace('\t', "\\t")
}

fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}[… {} bytes left out]", &text[..at], text.len() - at),
    }
}

/// Text of several lines.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    /// Its lines, as they are shown.
    pub(crate) text: String,
    /// Whether it is whole and its last line has no end.
    pub(crate) without_end: bool,
    /// Bytes that did not fit on the page.
    pub(crate) left_out: usize,
}

/// How much more fits on the page, in bytes as they stand there.
#[derive(Debug)]
pub(crate) struct Budget(usize);

impl Budget {
    pub(crate) fn new(max: usize) -> Budget {
        Budget(max)
    }

    /// Names, which may stand in two places each; `None` where they do not fit.
    pub(crate) fn names<const N: usize>(&mut self, names: [&str; N]) -> Option<[String; N]> {
        let names = names.map(inline);
        let cost = names.iter().map(|name| 2 * cost(name, 0)).sum();
        self.takes(cost).then_some(names)
    }

    /// As many whole lines of `text` as fit; `None` where it is empty.
    pub(crate) fn block(&mut self, text: &str) -> Option<Block> {
        let mut block = Block::default();
        let (mut read, mut used) = (0, 0);
        for line in text.split_inclusive('\n') {
            let body = line.strip_suffix('\n').unwrap_or(line);
            let shown = cut(body, MAX_LINE);
            let cost = cost(&shown, 1);
            used += cost;
            if used > MAX_BLOCK || !self.takes(cost) {
                block.left_out = text.len() - read;
                break;
            }
            read += line.len();
            block.text.push_str(&shown);
            block.text.push_str(&line[body.len()..]);
        }
        block.without_end = block.left_out == 0 && !text.ends_with('\n');
        (!text.is_empty()).then_some(block)
    }

    /// A line of a table, or an argument; `None` where it does not fit.
    pub(crate) fn row(&mut self, text: &str) -> Option<String> {
        let shown = cut(text, MAX_LINE);
        self.takes(cost(&shown, ROW)).then_some(shown)
    }

    /// Lists as many of `all` as fit, and counts the rest.
    pub(crate) fn rows<T, R>(
        &mut self,
        all: &[T],
        mut row: impl FnMut(&mut Budget, &T) -> Option<R>,
    ) -> (Vec<R>, usize) {
        let shown: Vec<R> = all.iter().map_while(|one| row(self, one)).collect();
        let left_out = all.len() - shown.len();
        (shown, left_out)
    }

    fn takes(&mut self, cost: usize) -> bool {
        let left = self.0.checked_sub(cost);
        // Once something did not fit, nothing after it does: what is left out is the end of the page.
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

fn cost(shown: &str, beside: usize) -> usize {
    escape::length(shown) + TAB * shown.bytes().filter(|b| *b == b'\t').count() + beside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line_and_not_long() {
        assert_eq!(inline("a\n\tb"), "a\\n\\tb");
        assert_eq!(inline(&"漢".repeat(301)), format!("{}[… 3 bytes left out]", "漢".repeat(300)));
        assert_eq!(inline(&"x".repeat(300)), "x".repeat(300));
    }

    #[test]
    fn a_long_line_is_cut_and_says_so() {
        let text = format!("{}\nlast\n", "x".repeat(10_000_000));
        let block = Budget::new(MAX_TEXT).block(&text).unwrap();
        assert_eq!(block.text, format!("{}[… 9999000 bytes left out]\nlast\n", "x".repeat(1_000)));
        assert_eq!((block.left_out, block.without_end), (0, false));
    }

    #[test]
    fn a_long_text_is_cut_at_a_line() {
        let text = "\"\n".repeat(MAX_BLOCK);
        let block = Budget::new(MAX_TEXT).block(&text).unwrap();
        assert!(block.text.len() / 2 * "&quot;\n".len() <= MAX_BLOCK);
        assert_eq!(block.text.len() + block.left_out, text.len());
        assert!(block.text.ends_with('\n') && !block.without_end);
    }

    #[test]
    fn the_end_of_a_text_is_told() {
        assert!(Budget::new(MAX_TEXT).block("x").unwrap().without_end);
        assert!(!Budget::new(MAX_TEXT).block("x\n").unwrap().without_end);
        assert_eq!(Budget::new(MAX_TEXT).block(""), None);
    }

    #[test]
    fn all_texts_together_are_bounded() {
        let mut budget = Budget::new(MAX_TEXT);
        let text = "x".repeat(MAX_LINE);
        let rows = vec![text; 20_000];
        let (shown, left_out) = budget.rows(&rows, |budget, row| budget.row(row));
        assert_eq!(shown.len() + left_out, rows.len());
        assert!(shown.len() * (MAX_LINE + ROW) <= MAX_TEXT && left_out > 0);
        assert_eq!(budget.block("x\n"), Some(Block { left_out: 2, ..Block::default() }));
    }
}
