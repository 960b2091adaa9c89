//! `assay try`.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use assay_contract::{Exit, Verdict};
use assay_core::assignment::Assignment;
use notify::{RecursiveMode, Watcher};

use crate::args::Try;
use crate::commands;
use crate::console::Console;
use crate::error::CliError;
use crate::files;
use crate::job::{self, Graded, Order};
use crate::show;

pub(crate) fn run(console: &Console, args: &Try) -> Result<Exit, CliError> {
    if !args.watch {
        return once(console, args);
    }
    loop {
        let changes = Changes::watch(args)?;
        match once(console, args) {
            Ok(_) => {}
            Err(error) => crate::report_error(console, &error),
        }
        console.note("watching; Ctrl-C ends");
        changes.wait()?;
    }
}

fn once(console: &Console, args: &Try) -> Result<Exit, CliError> {
    let place = assignment_of(args)?;
    let assignment = commands::load(console, &place)?;
    let at = args.at.as_deref().map(|text| time(&assignment, text)).transpose()?;
    let order = Order {
        assignment: &assignment,
        submission: &args.submission,
        machine: &args.machine,
        at,
        keep: args.keep.clone(),
    };
    let Graded { report, student, page, outputs: _, said, not_kept } = job::run(&order)?;
    if args.log {
        console.note(&said.join("\n"));
    }
    for what in &not_kept {
        console.note(&format!("not kept: {what}"));
    }
    if let Some(file) = &args.page {
        write_page(file, page)?;
    }
    if args.student {
        console.data(&student, || show::student::text(&student))?;
    } else {
        console.data(&report, || show::run::text(&report, args.log))?;
    }
    Ok(match &report.expected {
        Some(expected) if expected.met => Exit::Done,
        Some(_) => Exit::MarksDiffer,
        None if report.verdict == Verdict::Refused => Exit::SubmissionRefused,
        None => Exit::Done,
    })
}

fn write_page(file: &Path, page: Option<Vec<u8>>) -> Result<(), CliError> {
    let page = page.ok_or_else(|| {
        CliError::new(Exit::StageFailed, "finalise delivered no page").hint("`--log` shows what it says")
    })?;
    files::replace(file, &page)
        .map_err(|error| CliError::io(format!("cannot write {}", file.display()), error))
}

/// The assignment that was named, or the nearest one above the submission.
fn assignment_of(args: &Try) -> Result<PathBuf, CliError> {
    let submission = commands::submission(&args.submission)?;
    if let Some(path) = &args.assignment {
        return Ok(path.clone());
    }
    let above = submission.ancestors().find(|folder| folder.join("assignment.yaml").is_file());
    let Some(folder) = above else {
        return Err(CliError::new(
            Exit::AssignmentFile,
            format!("no assignment.yaml above {}", args.submission.display()),
        )
        .hint("name one by --assignment"));
    };
    // Messages name the file as the user would.
    let here = std::env::current_dir().ok();
    let shown = here.and_then(|here| folder.strip_prefix(here).ok().map(Path::to_owned));
    Ok(shown.map_or_else(|| folder.to_owned(), |path| path.join("assignment.yaml")))
}

fn time(assignment: &Assignment, text: &str) -> Result<jiff::Timestamp, CliError> {
    assignment.time(text).map_err(|why| {
        CliError::new(Exit::Usage, format!("`--at {}` is no time: {why}", text.escape_debug()))
            .hint("write it as 2026-03-17 10:00, in the assignment's zone")
    })
}

/// Changes below the submission and the assignment.
struct Changes {
    changed: mpsc::Receiver<notify::Result<notify::Event>>,
    _watcher: notify::RecommendedWatcher,
}

impl Changes {
    fn watch(args: &Try) -> Result<Changes, CliError> {
        let failed = |error| CliError::new(Exit::Io, "cannot watch for changes").because(error);
        let (sender, changed) = mpsc::channel();
        let mut watcher = notify::recommended_watcher(sender).map_err(failed)?;
        for place in [assignment_of(args)?, args.submission.clone()] {
            // Editors replace files, so what is watched are folders.
            let folder =
                if place.is_dir() { place.as_path() } else { place.parent().unwrap_or(Path::new("")) };
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            watcher.watch(folder, RecursiveMode::Recursive).map_err(failed)?;
        }
        Ok(Changes { changed, _watcher: watcher })
    }

    /// Waits until something was written, and until writing has paused.
    fn wait(&self) -> Result<(), CliError> {
        let gone = || CliError::new(Exit::Io, "watching for changes ended");
        let is_write =
            |event: &notify::Result<notify::Event>| event.as_ref().is_ok_and(|event| !event.kind.is_access());
        while !is_write(&self.changed.recv().map_err(|_| gone())?) {}
        while self.changed.recv_timeout(Duration::from_millis(200)).is_ok() {}
        Ok(())
    }
}
