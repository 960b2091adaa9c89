//! Rows F2 and T4, and what the design says of answers: words planted among all that is secret appear nowhere where a student,
//! or a student's program, could read them, however a job ends.

use libtest_mimic::Trial;

mod canaries;
mod curious;
mod ends;
mod marks;
mod programs;
mod stages;
mod told;
mod words;

pub(crate) fn trials() -> Vec<Trial> {
    [
        canaries::trials(),
        ends::trials(),
        marks::trials(),
        programs::trials(),
        stages::trials(),
        words::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
