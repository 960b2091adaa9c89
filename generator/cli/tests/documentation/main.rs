//! The documentation's commands are run, and what it shows of their output is held against the real output.
//!
//! Every `console` block of the README and of the book is run page by page, in order, in a fresh folder that has `examples/`
//! as a checkout has. What a page may say in an HTML comment before a block:
//!
//! - `<!-- exit 19 -->`: the last command of the block exits so; otherwise every command exits with 0.
//! - `<!-- not run: why -->`: the block is for reading alone.
//!
//! Output that is shown is compared, measured values, revisions and what the machine lacks aside; a line `…` stands for any
//! number of lines. A command without output may print anything. With `ASSAY_UPDATE=1` in the environment, output that
//! differs is written anew.

mod page;
#[path = "../support/place.rs"]
mod place;
#[path = "../support/redact.rs"]
mod redact;
#[path = "../support/update.rs"]
mod update;

use std::fs;
use std::path::{Path, PathBuf};

use page::{Block, Shown, Step};
use place::Place;
use redact::redact;

/// What a checkout is built by; here the binary stands in for it.
const FROM_CHECKOUT: &str = "cargo run --release -- ";

/// Commands that run this very test.
const ITSELF: [&str; 1] = ["cargo test --workspace"];

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// README and book, in order of their names.
fn pages() -> Vec<PathBuf> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                below(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::from([root().join("README.md")]);
    below(&root().join("docs/src"), &mut found);
    found.sort();
    found
}

#[test]
fn the_pages_commands_do_what_the_pages_say() {
    let mut run = 0;
    let mut wrong = Vec::new();
    for path in pages() {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        let blocks = page::blocks(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        if blocks.is_empty() {
            continue;
        }
        let place = Place::new();
        place.bring(&root().join("examples"), "examples");
        let mut updated = text.lines().map(str::to_owned).collect::<Vec<_>>();
        // From the end, so that the numbers of the lines before stay right.
        let mut changes = Vec::new();
        for block in blocks.iter().filter(|block| !block.not_run) {
            for (index, step) in block.steps.iter().enumerate() {
                let last = index + 1 == block.steps.len();
                run += 1;
                if let Err(Difference { why, output }) = check(&place, block, step, last) {
                    wrong.push(format!("{name}:{}: `{}` {why}", step.line + 1, step.command));
                    changes.extend(output.map(|output| (step.output.clone(), output)));
                }
            }
        }
        if update::requested() && !changes.is_empty() {
            for (lines, output) in changes.into_iter().rev() {
                updated.splice(lines, output.lines().map(str::to_owned));
            }
            fs::write(&path, updated.join("\n") + "\n").unwrap();
        }
    }
    assert!(run > 10, "the documentation has commands");
    assert!(wrong.is_empty() || update::requested(), "{}", wrong.join("\n\n"));
}

/// How a command does not do what its page says.
struct Difference {
    why: String,
    /// What should be shown in place of what is; `None` where that would not mend it.
    output: Option<String>,
}

fn check(place: &Place, block: &Block, step: &Step, last: bool) -> Result<(), Difference> {
    if ITSELF.contains(&step.command.as_str()) {
        return Ok(());
    }
    let command = match step.command.strip_prefix(FROM_CHECKOUT) {
        Some(arguments) => format!("assay {arguments}"),
        None => step.command.clone(),
    };
    let mut shell = place.command("sh");
    // One stream, as on a terminal.
    let output = place.output(shell.args(["-c", &format!("exec 2>&1; {command}")]));
    let printed = String::from_utf8(output.stdout).unwrap();
    let expected = if last { block.exit } else { 0 };
    if output.status.code() != Some(expected) {
        let why = format!("ends with {}, not with exit code {expected}:\n{printed}", output.status);
        return Err(Difference { why, output: None });
    }
    let Some(shown) = &step.shown else { return Ok(()) };
    if Shown::new(&redact(shown)).matches(&redact(&printed)) {
        return Ok(());
    }
    let printed: String = printed
        .lines()
        .filter(|line| !redact::is_of_this_machine(line))
        .map(|line| format!("{line}\n"))
        .collect();
    Err(Difference { why: format!("prints something else than is shown:\n{printed}"), output: Some(printed) })
}
