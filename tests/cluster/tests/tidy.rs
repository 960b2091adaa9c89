//! What is left of a job that ended as it should: nothing. The tests of faults say the same of the others.

use assay_contract::Stage;
use assay_tests_cluster::broken::{Submission, Variant};
use assay_tests_cluster::{Bed, Job, run, trial};
use assay_tests_stand_in::Orders;

fn main() {
    run(|| {
        let mut trials = Vec::new();
        for strict in [false, true] {
            let name = Variant::of(strict).name();
            trials.push(trial(format!("{name}-passed"), move || passed(strict)));
            trials.push(trial(format!("{name}-refused"), move || refused(strict)));
        }
        trials
    });
}

fn passed(strict: bool) -> Result<(), String> {
    let bed = Bed::faults()?;
    let folder = Variant::of(strict).published(&bed)?;
    let submission = Submission::new(&Orders::default())?;
    leaves_nothing(&bed, &folder, &submission, "passed", strict)
}

fn refused(strict: bool) -> Result<(), String> {
    let bed = Bed::faults()?;
    let folder = Variant::of(strict).published(&bed)?;
    let submission = Submission::new(&Orders::default())?;
    std::fs::remove_file(submission.path().join("main.sh")).map_err(|error| error.to_string())?;
    leaves_nothing(&bed, &folder, &submission, "refused", strict)
}

fn leaves_nothing(
    bed: &Bed,
    folder: &std::path::Path,
    submission: &Submission,
    verdict: &str,
    strict: bool,
) -> Result<(), String> {
    let student = format!("tidy-{verdict}-{}", Variant::of(strict).name());
    let job = Job::submit(bed, folder, submission.path(), &student, "2026-03-10T00:00:00Z")?;
    // Otherwise nothing would have been there to be taken away.
    job.pod(Stage::Setup)?;
    let ended = job.ended()?;
    let result = job.result(folder)?;
    if ended.phase() != "Succeeded" || result["verdict"] != verdict {
        return Err(format!("{} ended with {}: {result}", job.name, ended.phase()));
    }
    job.gone()
}
