//! `commands.md`: what every command says of itself.

use std::fmt::Write;
use std::process::Command;

use crate::{hold, page};

#[test]
fn help_is_what_the_binary_prints() {
    let mut text = page(
        "Commands",
        "What `assay COMMAND --help` prints. Data goes to standard output, all else to standard error; \
         [exit codes](exit.md) say whose fault a failure is.",
    );
    section(&mut text, &[]);
    hold("commands.md", &text);
}

/// The help of a command, and of the commands below it.
fn section(text: &mut String, words: &[&str]) {
    let help = help(words);
    let name = ["assay"].iter().chain(words).copied().collect::<Vec<_>>().join(" ");
    let _ = write!(text, "\n## {name}\n\n```text\n{}\n```\n", help.trim_end());
    let listed =
        help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
    for below in
        listed.lines().filter_map(|line| line.split_whitespace().next()).filter(|word| *word != "help")
    {
        section(text, &[words, &[below]].concat());
    }
}

fn help(words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    let output = command.args(words).arg("--help").env_clear().output().unwrap();
    assert!(output.status.success(), "{words:?}");
    String::from_utf8(output.stdout).unwrap()
}
