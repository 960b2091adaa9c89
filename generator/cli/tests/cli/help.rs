//! Help, version, completions. The help texts themselves stand in the book's reference, which is generated from them.

use assay_contract::Exit;

use crate::session::Session;

#[test]
fn every_command_that_help_lists_has_help_on_standard_output() {
    let session = Session::new();
    let whole = session.assay("--help").exits(Exit::Done);
    assert_eq!(whole.stderr, "");
    let listed = whole.stdout.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.len() > 10, "{commands:?}");
    for command in commands.into_iter().filter(|command| *command != "help") {
        let help = session.assay(&format!("{command} --help")).exits(Exit::Done);
        assert!(help.stdout.contains(&format!("Usage: assay {command}")), "{}", help.stdout);
        assert_eq!(help.stderr, "");
        assert!(help.stdout.lines().all(|line| line.chars().count() <= 100), "{}", help.stdout);
    }
    for command in ["receipt verify", "image build"] {
        let help = session.assay(&format!("{command} --help")).exits(Exit::Done);
        assert!(help.stdout.contains(&format!("Usage: assay {command}")), "{}", help.stdout);
    }
}

#[test]
fn the_version_is_the_packages() {
    let version = Session::new().assay("--version").exits(Exit::Done);
    assert_eq!(version.stdout, concat!("assay ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn wrong_command_lines_say_what_is_right() {
    let session = Session::new();
    for line in [
        "",
        "frobnicate",
        "chek",
        "check one two",
        "try",
        "try x --watch --keep y",
        "check --output xml",
        "receipt verify file",
        "image build",
        "image build --push --assay",
        "audit",
    ] {
        assert_eq!(session.assay(line).exits(Exit::Usage).stdout, "", "{line}");
    }
    session.golden("usage");
}

#[test]
fn completions_are_made_for_each_shell() {
    let session = Session::new();
    for (shell, start) in [
        ("bash", "_assay() {"),
        ("zsh", "#compdef assay"),
        ("fish", "# Print an optspec for argparse"),
        ("elvish", "\nuse builtin;"),
        ("powershell", "\nusing namespace System.Management.Automation"),
    ] {
        let script = session.assay(&format!("completions {shell}")).exits(Exit::Done).stdout;
        assert!(script.starts_with(start), "{shell}: {}", &script[..100]);
        assert!(script.contains("--toolchain") || script.contains("toolchain"), "{shell}");
    }
}
