//! A page of documentation: its `console` blocks, their commands, and what is shown of their output.

use std::ops::Range;

/// A block of commands.
pub(crate) struct Block {
    /// How its last command exits.
    pub(crate) exit: i32,
    /// Whether it is for reading alone.
    pub(crate) not_run: bool,
    pub(crate) steps: Vec<Step>,
}

/// A command, and what the page shows of its output.
pub(crate) struct Step {
    /// The line of its command, counted from 0.
    pub(crate) line: usize,
    pub(crate) command: String,
    /// What is shown; `None` where nothing is.
    pub(crate) shown: Option<String>,
    /// The lines where it is shown.
    pub(crate) output: Range<usize>,
}

/// All blocks of a page.
pub(crate) fn blocks(text: &str) -> Result<Vec<Block>, String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut blocks = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        if !lines[at].starts_with("```") {
            at += 1;
            continue;
        }
        let end = (at + 1..lines.len())
            .find(|&line| lines[line] == "```")
            .ok_or_else(|| format!("the block of line {} has no end", at + 1))?;
        if lines[at] == "```console" {
            let before = lines[..at].iter().rev().find(|line| !line.trim().is_empty());
            blocks.push(block(&lines, at + 1..end, before.copied().unwrap_or_default())?);
        }
        at = end + 1;
    }
    Ok(blocks)
}

fn block(lines: &[&str], inside: Range<usize>, before: &str) -> Result<Block, String> {
    let mut block = Block { exit: 0, not_run: false, steps: Vec::new() };
    let said = before.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")).unwrap_or_default();
    if let Some(code) = said.strip_prefix("exit ") {
        block.exit = code.parse().map_err(|_| format!("`{code}` is no exit code"))?;
    }
    block.not_run = said.strip_prefix("not run: ").is_some_and(|why| !why.is_empty());
    let mut at = inside.start;
    while at < inside.end {
        let line = at;
        let command =
            lines[at].strip_prefix("$ ").ok_or_else(|| format!("line {} begins with no command", at + 1))?;
        let mut command = command.to_owned();
        while command.ends_with('\\') && at + 1 < inside.end {
            at += 1;
            command.pop();
            command.push_str(lines[at].trim_start());
        }
        at += 1;
        let next = (at..inside.end).find(|&line| lines[line].starts_with("$ ")).unwrap_or(inside.end);
        let shown: String = lines[at..next].iter().map(|line| format!("{line}\n")).collect();
        block.steps.push(Step { line, command, shown: (at < next).then_some(shown), output: at..next });
        at = next;
    }
    Ok(block)
}

/// What is shown of an output: all of it, or pieces with `…` between them.
pub(crate) struct Shown(Vec<String>);

impl Shown {
    pub(crate) fn new(shown: &str) -> Shown {
        let mut pieces = vec![String::new()];
        for line in shown.lines() {
            if line == "…" {
                pieces.push(String::new());
            } else if let Some(piece) = pieces.last_mut() {
                piece.push_str(line);
                piece.push('\n');
            }
        }
        Shown(pieces)
    }

    /// Whether an output reads so.
    pub(crate) fn matches(&self, output: &str) -> bool {
        let Shown(pieces) = self;
        let [first, between @ .., last] = pieces.as_slice() else { return pieces.concat() == output };
        let Some(mut rest) = output.strip_prefix(first.as_str()) else { return false };
        for piece in between {
            // Whole lines: what was skipped ends with a line.
            let Some(at) = rest.find(piece.as_str()).filter(|at| *at == 0 || rest[..*at].ends_with('\n'))
            else {
                return false;
            };
            rest = &rest[at + piece.len()..];
        }
        rest.strip_suffix(last.as_str()).is_some_and(|skipped| skipped.is_empty() || skipped.ends_with('\n'))
    }
}

#[test]
fn blocks_are_read_as_they_are_written() {
    let page = "# A page\n\n<!-- exit 19 -->\n\n```console\n$ one\n$ two \\\n    more\nits output\n```\n\n```yaml\n$ no\n```\n\n\
                <!-- not run: it needs a cluster -->\n```console\n$ three\n```\n";
    let blocks = blocks(page).unwrap();
    assert_eq!(blocks.len(), 2);
    assert_eq!((blocks[0].exit, blocks[0].not_run, blocks[0].steps.len()), (19, false, 2));
    assert_eq!((blocks[0].steps[0].command.as_str(), &blocks[0].steps[0].shown), ("one", &None));
    assert_eq!((blocks[0].steps[1].command.as_str(), blocks[0].steps[1].output.clone()), ("two more", 8..9));
    assert_eq!(blocks[0].steps[1].shown.as_deref(), Some("its output\n"));
    assert!(blocks[1].not_run);
    assert!(super::page::blocks("```console\nno command\n```\n").is_err());
    assert!(super::page::blocks("```console\n$ no end\n").is_err());
}

#[test]
fn what_is_left_out_may_be_anything() {
    let output = "one\ntwo\nthree\nfour\n";
    for good in [
        "one\ntwo\nthree\nfour\n",
        "one\n…\nfour\n",
        "…\nthree\n…\n",
        "one\n…\n",
        "…\nfour\n",
        "one\n…\nthree\n…\nfour\n",
    ] {
        assert!(Shown::new(good).matches(output), "{good}");
    }
    for bad in [
        "one\n",
        "two\n…\n",
        "…\nthree\n",
        "…\nhree\n…\n",
        "one\n…\nour\n",
        "one\n…\nfive\n…\n",
        "…\nfour\n…\none\n…\n",
    ] {
        assert!(!Shown::new(bad).matches(output), "{bad}");
    }
}
