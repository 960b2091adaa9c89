//! Which commands and options help lists. What is not listed works all the same.

use clap::CommandFactory;

use super::Cli;
use super::routed::OF_CLUSTER;

/// The commands that are for students; all others are for staff.
const OF_STUDENTS: [&str; 6] = ["submit", "status", "history", "result", "receipt", "completions"];
/// The same of commands below commands.
const BELOW: [(&str, &[&str]); 1] = [("receipt", &["key"])];

/// What arguments mean that mean less to students.
const HELP: [(&str, &str); 2] =
    [("submission", "A folder, a zip or one file; otherwise this folder"), ("job", "The job; otherwise the last one")];

/// Who reads the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    Staff,
    Student,
}

/// The command line, with help for its reader.
pub(crate) fn command_for(reader: Reader) -> clap::Command {
    let mut command = Cli::command();
    if reader == Reader::Staff {
        return command;
    }
    let names: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    for name in names {
        let is_for_students = OF_STUDENTS.contains(&name.as_str());
        command = command.mut_subcommand(&name, |below| {
            if is_for_students { without_staffs(below) } else { below.hide(true) }
        });
    }
    command
        .about("Hands in, and shows what became of it")
        .long_about("Hands in, and shows what became of it.\n\nRun it in a terminal of your own server of the hub.")
}

fn without_staffs(command: clap::Command) -> clap::Command {
    let hidden: Vec<&str> =
        BELOW.iter().filter(|(name, _)| *name == command.get_name()).flat_map(|(_, below)| *below).copied().collect();
    let command = hidden.iter().fold(command, |command, name| command.mut_subcommand(*name, |below| below.hide(true)));
    let is_routed = command.get_arguments().any(|argument| argument.get_id() == "via");
    if !is_routed {
        return command;
    }
    let is_result = command.get_name() == "result";
    command.mut_args(|argument| {
        let id = argument.get_id().as_str();
        let hide = OF_CLUSTER.contains(&id) || id == "via" || (is_result && id == "assignment");
        let argument = argument.hide(hide);
        let id = argument.get_id().to_string();
        match HELP.into_iter().find(|(name, _)| *name == id) {
            Some((_, help)) => argument.help(help),
            None => argument,
        }
    })
}
