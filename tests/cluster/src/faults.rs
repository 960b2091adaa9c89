//! What can break, and what comes of it: the rows that the tests of faults run, and that the operators' page on faults is
//! made from. Nothing here needs a cluster.

mod rows;

use assay_contract::{Cause, Fault, Stage, Verdict};
use assay_tests_stand_in::Order;

pub use rows::ROWS;

/// One thing that breaks.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Its name in the tests; a student of that name has the job.
    pub id: &'static str,
    /// What breaks, for operators.
    pub what: &'static str,
    /// How the tests break it.
    pub how: How,
    /// In which isolation.
    pub isolation: Isolation,
    /// What comes of it.
    pub ends: Ends,
}

/// In which isolation something is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Where nothing hangs on it.
    Standard,
    /// In both, where what comes of it may not differ.
    Both,
    /// Where standard isolation has another row.
    Strict,
}

impl Row {
    /// Whether it is tried in strict isolation, or in standard.
    #[must_use]
    pub fn is_tried(&self, strict: bool) -> bool {
        match self.isolation {
            Isolation::Standard => !strict,
            Isolation::Both => true,
            Isolation::Strict => strict,
        }
    }
}

/// How something is broken.
#[derive(Debug, Clone, Copy)]
pub enum How {
    /// By the stand-in for the stage tool.
    Orders(&'static [Order]),
    /// From outside, while a stage runs.
    Meanwhile(Stage, Deed),
    /// The assignment names an image that is not there.
    NoImage,
    /// The student has no claim until Setup was given up.
    NoHome,
    /// The student's claim is full before the result is delivered.
    FullHome,
    /// The course has no claim for submissions until Setup was given up.
    NoCourse,
    /// The course's claim for submissions is full.
    FullCourse,
    /// The storage class of jobs is not there until Setup was given up.
    NoStorage,
}

/// What somebody does to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Deletes the stage's pod at once, so that nobody sees its end.
    DeletePod,
    /// Evicts it; it ends, and then it goes.
    EvictPod,
    /// Deletes the pod of Argo's controller, which its Deployment makes again.
    RestartController,
    /// Fills the quota of the namespace, and lifts it when a pod was refused.
    FillQuota,
    /// `argo stop`.
    Stop,
    /// `argo terminate`.
    Terminate,
    /// `argo delete`.
    DeleteJob,
}

/// What comes of a fault.
#[derive(Debug, Clone, Copy)]
pub struct Ends {
    /// The Workflow's phase; `None` where it is gone.
    pub phase: Option<&'static str>,
    /// What Results is told of the reason, where a stage ended without a word of its own.
    pub cause: Option<(Stage, Cause)>,
    /// What it may be told instead, where that hangs on what Argo sees first, or on the isolation.
    pub or: Option<Cause>,
    /// What was concluded.
    pub conclusion: Conclusion,
}

/// What was concluded, if anything was.
#[derive(Debug, Clone, Copy)]
pub enum Conclusion {
    /// This.
    Concluded(Concluded),
    /// Nothing, until `assay sweep` runs the job again, which then passes.
    Swept,
    /// Nothing; it was received, and whatever runs it again breaks again.
    Received,
}

/// What was concluded.
#[derive(Debug, Clone, Copy)]
pub struct Concluded {
    /// The job's verdict.
    pub verdict: Verdict,
    /// Whose fault it was.
    pub fault: Option<Fault>,
    /// How many of the three cases kept what they had earned.
    pub kept: usize,
    /// What the student's result says as the reason; `None` where there is no result.
    pub reason: Option<&'static str>,
    /// Whether the student's claim has it.
    pub delivered: bool,
}

impl Concluded {
    /// Whether it uses up an attempt.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.fault != Some(Fault::System)
    }
}

/// The rows as the operators' page shows them, in Markdown.
#[must_use]
pub fn page() -> String {
    let mut text = String::from(
        "| What happens | Workflow | Verdict | Fault | Cause | Cases kept | Attempt used | The student reads |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for Row { id: _, what, how: _, isolation: _, ends } in ROWS {
        let Ends { phase, cause, or, conclusion } = ends;
        let words = cause.iter().map(|(_, cause)| cause.id()).chain(or.iter().map(|or| or.id()));
        let cause = words.collect::<Vec<_>>().join(" or ");
        let phase = phase.unwrap_or("gone");
        let rest = match conclusion {
            Conclusion::Swept => {
                format!("none until `assay sweep` | | {cause} | | | that it was received, then its result")
            }
            Conclusion::Received => format!("none | | {cause} | | | that it was received"),
            Conclusion::Concluded(concluded) => {
                let Concluded { verdict, fault, kept, reason, delivered } = concluded;
                let reads = match (delivered, reason) {
                    (false, _) => "that it was received; tutors have the result",
                    (true, None) => "that it could not be graded, and that this was not their fault",
                    (true, Some("")) => "the result",
                    (true, Some(reason)) => reason,
                };
                let counts = if concluded.counts() { "yes" } else { "no" };
                let fault = fault.map_or("", Fault::id);
                format!("{verdict} | {fault} | {cause} | {kept} of 3 | {counts} | {reads}")
            }
        };
        text.push_str(&format!("| {what} | {phase} | {rest} |\n"));
    }
    text
}
