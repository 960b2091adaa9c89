//! `assay result`, by what jobs delivered to the student's home.
//!
//! The result itself comes from the home alone so far; where it is not there, the queue server tells where the job stands.

use assay_client::Address;
use assay_client::home::Place;
use assay_contract::gradebook::State;
use assay_contract::queue::{Phase, Standing};
use assay_contract::result::StudentResult;
use assay_contract::{Exit, JobId, layout};
use serde_json::Value;

use super::{Desk, OTHER_ROUTE, ROUTE, failed, home_failed, refuse_clusters};
use crate::args::JobResult;
use crate::commands::refuse_given;
use crate::console::{Console, inert};
use crate::error::CliError;
use crate::show;

pub(crate) fn run(console: &Console, args: &JobResult, address: &Address) -> Result<Exit, CliError> {
    let JobResult { job, assignment, student: _, log, routed: _, cluster } = args;
    refuse_clusters(cluster)?;
    refuse_given(ROUTE, OTHER_ROUTE, [("--assignment", assignment.is_some()), ("--log", *log)])?;
    let desk = Desk::open(address)?;
    let job = desk.job(job.as_ref())?;
    show(console, &desk, &job)
}

/// Shows the result of a job, or says where the job stands.
pub(super) fn show(console: &Console, desk: &Desk, job: &JobId) -> Result<Exit, CliError> {
    let place = desk.home.place(job);
    match place.as_ref().map(Place::result).transpose().map_err(home_failed)?.flatten() {
        Some(result) => {
            let shown = harmless(&result)?;
            console.data(&result, || show::student::text(&shown))?;
            if let Some(page) = place.map(|place| place.path(layout::STUDENT_PAGE)).filter(|page| page.is_file()) {
                console.note(&inert(&format!("as a page: {}", page.display())));
            }
            Ok(Exit::Done)
        }
        None => Err(without(desk, job, place.as_ref())),
    }
}

/// Why there is no result: what Setup said, else what the queue server knows.
fn without(desk: &Desk, job: &JobId, place: Option<&Place>) -> CliError {
    let said = place.and_then(|place| place.status().ok().flatten());
    if let Some(status) = said.filter(|status| status.state == State::Refused) {
        return CliError::new(Exit::SubmissionRefused, format!("{job} was refused: {}", status.message))
            .hint("mend it and hand in again");
    }
    match desk.wait(desk.client.standing(job)) {
        Ok(standing) => no_result(&standing),
        Err(error) => {
            let failed = failed(&error);
            CliError::new(failed.exit(), format!("there is no result of {job} in your home, and {error}"))
                .hint(error.hint())
        }
    }
}

fn no_result(standing: &Standing) -> CliError {
    let job = &standing.job;
    if standing.phase == Phase::Concluded {
        let verdict = standing.verdict.map_or_else(String::new, |verdict| format!(", {verdict}"));
        let points = standing.points.as_ref().map_or_else(String::new, |points| format!(" with {points} points"));
        let message = format!("{job} is concluded{verdict}{points}, and its result is not in your home");
        return CliError::new(Exit::StageFailed, message)
            .hint("was your home full, or not this one? Your marks are kept elsewhere, and safe");
    }
    let clock = show::clock::Clock::of_system();
    CliError::new(Exit::StageFailed, format!("{job} has no result yet: {}", show::queue::line(standing, &clock)))
        .hint("`assay status --follow` waits for it")
}

/// The same result with nothing in it that a terminal would obey: it comes from a home, where anything may have written it.
fn harmless(result: &StudentResult) -> Result<StudentResult, CliError> {
    fn tame(value: &mut Value) {
        match value {
            Value::String(text) => *text = inert(text),
            Value::Array(values) => values.iter_mut().for_each(tame),
            Value::Object(fields) => fields.values_mut().for_each(tame),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut value = serde_json::to_value(result).map_err(CliError::bug)?;
    tame(&mut value);
    serde_json::from_value(value).map_err(CliError::bug)
}
