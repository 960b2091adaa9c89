//! `assay sweep`.

use std::time::Duration;

use assay_cluster::sweep::{self, Job, Leftover, Options, Report};
use assay_contract::Exit;

use crate::args::Sweep;
use crate::commands::cluster::{Session, stop};
use crate::console::{Console, inert};
use crate::error::CliError;

pub(crate) fn run(console: &Console, args: &Sweep) -> Result<Exit, CliError> {
    let Sweep { dry_run, young, cluster } = args;
    let session = Session::connect(cluster)?;
    let options = Options { dry_run: *dry_run, young: Duration::from_secs(u64::from(*young) * 60) };
    let report = session.wait(sweep::sweep(&session.cluster, &options, stop()))?;
    console.data(&report, || text(&report))?;
    Ok(match (report.needs_person(), report.interrupted) {
        (true, _) => Exit::StageFailed,
        (false, true) => Exit::Interrupted,
        (false, false) => Exit::Done,
    })
}

fn text(report: &Report) -> String {
    let Report { courses, jobs, wrong, leftovers, interrupted } = report;
    let mut text = String::new();
    for Job { job, assignment, student, done, why } in jobs {
        text.push_str(&format!("{:<14} {job} of {student} for {assignment}: {}\n", done.words(), inert(why)));
    }
    for wrong in wrong {
        text.push_str(&format!("{:<14} {}\n", "needs a person", inert(wrong)));
    }
    for Leftover { kind, name, removed, why } in leftovers {
        text.push_str(&format!(
            "{:<14} {kind} {name}: {why}\n",
            if *removed { "removed" } else { "leftover" }
        ));
    }
    let open = jobs.len() + wrong.len();
    text.push_str(&match (courses.len(), open) {
        (courses, open) if *interrupted => {
            format!("interrupted after {courses} courses: {open} without a conclusion so far\n")
        }
        (0, _) => "no assignment is published, so there is nothing to sweep\n".to_owned(),
        (courses, 0) => format!("{courses} courses: all that was received is concluded\n"),
        (courses, open) => format!("{courses} courses: {open} without a conclusion\n"),
    });
    text
}
