//! `assay`: arguments, printing and exit codes, nothing else.

mod args;
mod commands;
mod console;
mod error;
mod expect;
mod files;
mod job;
mod report;
mod route;
mod show;

use std::process::ExitCode;

use args::{Cli, Command, Reader, command_for};
use assay_contract::Exit;
use assay_core::diagnostics;
use clap::FromArgMatches;
use commands::check::Problems;
use commands::queue;
use console::Console;
use error::CliError;
use route::Route;

/// More problems than anybody mends at once.
const SHOWN_PROBLEMS: usize = 50;

fn main() -> ExitCode {
    // First of all: the local engine starts this program again for the processes inside its namespaces.
    if let Some(code) = assay_local::enter() {
        return code;
    }
    let parsed = command_for(route::reader()).try_get_matches().and_then(|found| Cli::from_arg_matches(&found));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors, and clap knows where each goes; a closed stream cannot be told.
            let _closed = error.print();
            return if error.use_stderr() { ExitCode::from(Exit::Usage.code()) } else { ExitCode::SUCCESS };
        }
    };
    let console = Console::new(&cli.global);
    match run(&console, &cli.command) {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(error) => {
            report_error(&console, &error);
            ExitCode::from(error.exit().code())
        }
    }
}

fn run(console: &Console, command: &Command) -> Result<Exit, CliError> {
    match command {
        Command::New(args) => commands::new::run(console, args),
        Command::Check(args) => commands::check::run(console, args),
        Command::Render(args) => commands::render::run(console, args),
        Command::Audit(args) => commands::audit::run(console, args),
        Command::Admission(args) => commands::admission::run(console, args),
        Command::Mounts(args) => commands::render::mounts(console, args),
        Command::Schema => commands::check::schema(console),
        Command::Explain(args) => commands::explain::run(console, args),
        Command::Record(args) => commands::record::run(console, args),
        Command::Try(args) => commands::try_one::run(console, args),
        Command::Test(args) => commands::test::run(console, args),
        Command::Publish(args) => commands::publish::run(console, args),
        Command::Submit(args) => match route::of(&args.routed)? {
            Route::Queue(address) => queue::submit::run(console, args, &address),
            Route::Cluster => commands::submit::run(console, args),
        },
        Command::Status(args) => match route::of(&args.routed)? {
            Route::Queue(address) => queue::status::run(console, args, &address),
            Route::Cluster => commands::status::run(console, args),
        },
        Command::Result(args) => match route::of(&args.routed)? {
            Route::Queue(address) => queue::result::run(console, args, &address),
            Route::Cluster => commands::result::run(console, args),
        },
        Command::History(args) => queue::history::run(console, args),
        Command::Image(args) => commands::image::run(console, args),
        Command::Doctor(args) => commands::doctor::run(console, args),
        Command::Sweep(args) => commands::sweep::run(console, args),
        Command::Receipt(args) => commands::receipt::run(console, args),
        Command::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut command_for(Reader::Staff), "assay", &mut script);
            console.text(&String::from_utf8_lossy(&script))?;
            Ok(Exit::Done)
        }
    }
}

/// Says what went wrong: for people on standard error, for programs also as data.
fn report_error(console: &Console, error: &CliError) {
    let CliError::Assignment(load) = error else {
        console.note(&console::inert(&format!("error: {error}")));
        return;
    };
    if console.is_json() {
        let problems = load.problems.iter().map(|problem| diagnostics::record(problem, &load.text)).collect();
        // Standard output that is closed was reported by whoever closed it.
        let _closed = console.json(&Problems { problems });
        return;
    }
    for problem in load.problems.iter().take(SHOWN_PROBLEMS) {
        console.note(&diagnostics::render(problem, &load.text, console.colors_errors()));
    }
    let rest = load.problems.len().saturating_sub(SHOWN_PROBLEMS);
    let more = if rest > 0 { format!(" ({rest} more are not shown)") } else { String::new() };
    console.note(&format!("{error}{more}"));
}
