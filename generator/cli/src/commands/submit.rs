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
    let assignment = assignment(console, &args.assignment)?;
    let zip = args.submission.as_deref().map(packed).transpose()?;
    let session = Session::connect(&args.cluster)?;
    let cluster = &session.cluster;
    // Before anything is written or started: a job without the claim would wait until its deadline.
    let claim = cluster.operator().claim(Volume::Student, &assignment, args.student.as_str(), "");
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
            session.wait(files::hand_in(cluster, &assignment, &args.student, zip, stop()))?;
            zip.digest().clone()
        }
        (None, Some(digest)) => digest.clone(),
        (None, None) => return Err(CliError::new(Exit::Usage, "there is no submission")),
    };
    let job = fresh_job()?;
    let start = Start {
        job: &job,
        template: &revision.name,
        student: &args.student,
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
        student: args.student.as_str(),
        digest: &digest,
    };
    console.data(&submitted, || format!("{job}\n"))?;
    Ok(Exit::Done)
}

/// A folder that is there, or an id.
fn assignment(console: &Console, text: &str) -> Result<AssignmentId, CliError> {
    let path = Path::new(text);
    if path.is_file() || path.join("assignment.yaml").is_file() {
        return commands::load(console, path).map(|assignment| assignment.id().clone());
    }
    AssignmentId::new(text).map_err(|error| {
        let message = format!("`{}` is neither an assignment's folder nor its id", text.escape_debug());
        CliError::new(Exit::Usage, message).because(error)
    })
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
