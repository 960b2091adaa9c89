//! `assay publish`.
//!
//! The order is fixed: what is to be published is rendered and audited, shown, and agreed to; then come answers and
//! configuration, then the WorkflowTemplate, then the schedule, which holds for jobs of all revisions, and last what the queue
//! server tells students. Interrupted before the schedule, nothing has changed for what runs.

use std::io::{BufRead, IsTerminal};

use assay_cluster::files;
use assay_cluster::template::{self, Applied, Template};
use assay_contract::duties::Left;
use assay_contract::queue::Notice;
use assay_contract::{API_VERSION, Exit};
use assay_core::assignment::Assignment;
use assay_core::operator::Image;
use assay_core::render;
use assay_image::{Access, ImageError};
use serde::Serialize;

use crate::args::Publish;
use crate::commands;
use crate::commands::cluster::{Session, stop};
use crate::commands::image;
use crate::console::Console;
use crate::error::CliError;

#[derive(Serialize)]
struct Published<'a> {
    assignment: String,
    revision: String,
    image: String,
    template: &'a str,
    /// `new` or `same`; `null` where it was only asked what would change.
    files: Option<Left>,
    schedule: Option<Left>,
    workflow_template: Option<Left>,
    difference: &'a str,
}

pub(crate) fn run(console: &Console, args: &Publish) -> Result<Exit, CliError> {
    let assignment = commands::load(console, &args.assignment.assignment)?;
    let session = Session::connect(&args.cluster)?;
    let cluster = &session.cluster;
    let assignment = pinned(&session, assignment, &args.plain_http)?;
    let plan = commands::plan(&assignment, cluster.operator())?;
    let checked = render::render(&plan, cluster.operator()).map_err(CliError::bug)?;
    let before = session.wait(template::published(cluster, assignment.id()))?;
    let current = before.first();
    let there = before.iter().find(|there| there.name == checked.name());
    let difference = template::difference(there.or(current), &checked).map_err(commands::cluster::failed)?;
    let preview = preview(current, there, &difference);
    let mut published = Published {
        assignment: assignment.id().to_string(),
        revision: plan.revision.to_string(),
        image: assignment.image().to_owned(),
        template: checked.name(),
        files: None,
        schedule: None,
        workflow_template: None,
        difference: &difference,
    };
    if args.dry_run {
        console.data(&published, || preview)?;
        return Ok(Exit::Done);
    }
    if !args.yes {
        agree(console, &preview, checked.name())?;
    }
    let publication = assignment.publication();
    let written = session.wait(files::publish(cluster, &publication, stop()))?;
    let applied = session.wait(template::apply(cluster, &checked))?;
    let another_was = session.wait(template::make_current(cluster, assignment.id(), &checked))?;
    if another_was && applied != Applied::New {
        console.note("this revision was published before; new jobs take it again");
    }
    if applied == Applied::SameButTexts {
        console.note(
            "title and description stay as they were published with this revision; a new revision takes new ones",
        );
    }
    let schedule = match written.schedule {
        Left::Kept => session.wait(files::reschedule(cluster, &publication, stop())).inspect_err(|_| {
            console.note("the revision is published; its schedule is still the earlier one: publish again");
        })?,
        left => left,
    };
    let notice = Notice {
        api_version: API_VERSION.into(),
        rules: publication.configuration.rules.clone(),
        schedule: publication.schedule.clone(),
    };
    session.wait(template::tell(cluster, &checked, &notice))?;
    published.files = Some(written.revision);
    published.schedule = Some(schedule);
    published.workflow_template = Some(if applied == Applied::New { Left::New } else { Left::Same });
    console.data(&published, || summary(&published))?;
    Ok(Exit::Done)
}

/// A tag can come to mean another image: what is published names one by its digest, which the registry is asked for.
fn pinned(session: &Session, assignment: Assignment, plain_http: &[String]) -> Result<Assignment, CliError> {
    let access = Access { credentials: image::credentials(), plain_http: plain_http.to_vec() };
    let reference =
        assay_image::reference(assignment.image()).map_err(|error| unpinned(&assignment, &error))?;
    let pinned = session
        .block_on(assay_image::pinned(&reference, &access))
        .map_err(|error| unpinned(&assignment, &error))?;
    Ok(assignment.pinned(&Image::new(pinned.to_string()).map_err(CliError::bug)?))
}

fn unpinned(assignment: &Assignment, error: &ImageError) -> CliError {
    let exit =
        if matches!(error, ImageError::NotAReference { .. }) { Exit::AssignmentInvalid } else { Exit::Io };
    let why = CliError::of(exit, error);
    match error.hint() {
        Some(hint) => why.hint(hint),
        None => why.hint(format!(
            "write the image by its digest, `name@sha256:…`, in place of `{}`, if this machine cannot ask its registry",
            assignment.image()
        )),
    }
}

/// `there` is the template of this very revision, `current` the one that new jobs take.
fn preview(current: Option<&Template>, there: Option<&Template>, difference: &str) -> String {
    let mut text = match there.or(current) {
        Some(before) if difference.is_empty() => format!("{} is published already\n", before.name),
        Some(before) => format!("what changes from {}:\n{difference}", before.name),
        None => format!("nothing of this assignment is published yet:\n{difference}"),
    };
    if let Some((there, current)) = there.zip(current).filter(|(there, current)| there.name != current.name) {
        text.push_str(&format!(
            "new jobs take {} instead of {} once it is published again\n",
            there.name, current.name
        ));
    }
    text
}

fn agree(console: &Console, preview: &str, name: &str) -> Result<(), CliError> {
    if !std::io::stdin().is_terminal() {
        return Err(CliError::new(Exit::Usage, "there is nobody to ask whether to publish")
            .hint("look at `assay publish --dry-run`, then give --yes"));
    }
    console.note(preview);
    console.note(&format!("publish {name}? [y/N]"));
    let mut answer = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| CliError::io("cannot read the answer", error))?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        Ok(())
    } else {
        Err(CliError::new(Exit::Interrupted, "nothing was published"))
    }
}

fn summary(published: &Published<'_>) -> String {
    let word = |left: Option<Left>| match left {
        Some(Left::New) => "published",
        Some(Left::Replaced) => "replaced",
        Some(Left::Kept) => "still the earlier one",
        Some(Left::Same) | None => "there already",
    };
    let short = published.revision.get(..8).unwrap_or(&published.revision);
    format!(
        "{} revision {short}: files {}, schedule {}, {} {}\n",
        published.assignment,
        word(published.files),
        word(published.schedule),
        published.template,
        word(published.workflow_template),
    )
}
