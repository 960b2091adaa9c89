//! `assay submit`, on the route of staff: straight to the cluster.

use std::path::Path;

use assay_cluster::job::{self, Start};
use assay_cluster::{duty, files, template};
use assay_contract::{AssignmentId, Digest, Exit, JobId, Volume};
use assay_core::assignment::Content;
use assay_core::pack;
use serde::Serialize;

use crate::args::Submit;
use crate::commands;
use crate::commands::cluster::{Session, stop};
use crate::commands::{result, status};
use crate::console::Console;
use crate::error::CliError;
use crate::files::random;

#[derive(Serialize)]
struct Submitted<'a> {
    job: &'a JobId,
    assignment: &'a AssignmentId,
    revision: &'a str,
    student: &'a str,
    digest: &'a Digest,
}

pub(crate) fn run(console: &Console, args: &Submit) -> Result<Exit, CliError> {
    let hint = "the rules are for Setup to judge; without this option the same is handed in";
    commands::refuse_given("the cluster", hint, [("--anyway", args.anyway)])?;
    let student = args.student.as_ref().ok_or_else(|| {
        CliError::new(Exit::Usage, "whose submission is it?").hint("name the student by --student")
    })?;
    if args.submission.is_none() && args.digest.is_none() {
        return Err(CliError::new(Exit::Usage, "there is no submission").hint("name a folder, a zip or one file"));
    }
    let assignment = commands::assignment_id(console, &args.assignment)?;
    let zip = args.submission.as_deref().map(packed).transpose()?;
    let session = Session::connect(&args.cluster)?;
    let cluster = &session.cluster;
    // Before anything is written or started: a job without the claim would wait until its deadline.
    let claim = cluster.operator().claim(Volume::Student, &assignment, student.as_str(), "");
    session.wait(duty::check_claim(cluster, Volume::Student, &claim))?;
    let published = session.wait(template::published(cluster, &assignment))?;
    let wanted = args.revision.as_deref().unwrap_or_default();
    let Some(revision) = published.iter().find(|there| there.revision.starts_with(wanted)) else {
        let message = if wanted.is_empty() {
            format!("nothing of {assignment} is published in this cluster")
        } else {
            format!("no revision of {assignment} that begins with `{}` is published", wanted.escape_debug())
        };
        return Err(CliError::new(Exit::Usage, message).hint("`assay publish` publishes an assignment"));
    };
    let digest = match (&zip, &args.digest) {
        (Some(zip), _) => {
            session.wait(files::hand_in(cluster, &assignment, student, zip, stop()))?;
            zip.digest().clone()
        }
        (None, Some(digest)) => digest.clone(),
        (None, None) => return Err(CliError::new(Exit::Usage, "there is no submission")),
    };
    let job = fresh_job()?;
    let start = Start {
        job: &job,
        template: &revision.name,
        student,
        digest: &digest,
        handed_in: args.handed_in,
    };
    session.wait(job::start(cluster, &start))?;
    if args.wait {
        console.note(&format!("job {job}"));
        status::follow(console, &session, &job)?;
        return result::show(
            console,
            &session,
            &job,
            &assignment,
            &result::View { student: false, log: false },
        );
    }
    let submitted = Submitted {
        job: &job,
        assignment: &assignment,
        revision: &revision.revision,
        student: student.as_str(),
        digest: &digest,
    };
    console.data(&submitted, || format!("{job}\n"))?;
    Ok(Exit::Done)
}

fn packed(path: &Path) -> Result<Content, CliError> {
    commands::submission(path)?;
    pack::pack(path).map(|packed| Content::new(packed.zip)).map_err(|error| {
        CliError::new(Exit::SubmissionRefused, "the submission cannot be handed in").because(error)
    })
}

/// An id that nobody can guess: who knows it can ask for the result.
fn fresh_job() -> Result<JobId, CliError> {
    let hex: String = random::<12>()?.iter().map(|byte| format!("{byte:02x}")).collect();
    JobId::new(format!("staff-{hex}")).map_err(CliError::bug)
}
