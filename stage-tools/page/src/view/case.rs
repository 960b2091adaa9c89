//! One case: its row of the table, and its details.

use assay_contract::outcome::Usage;
use assay_contract::result::{DiffLine, DiffSide, Evidence, StudentCase};
use assay_contract::{Fault, Limits, Points, Verdict};

use super::sentence;
use crate::amount::{bytes, milliseconds};
use crate::text::{Block, Budget, inline};
use crate::words;

/// A case as the page shows it.
pub(super) struct Case<'a> {
    /// Its place among the shown cases, counted from 1. Documents for students hold no other number.
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) group: Option<String>,
    pub(super) tone: &'static str,
    pub(super) sign: &'static str,
    pub(super) verdict: &'static str,
    pub(super) points: &'a Points,
    pub(super) max_points: &'a Points,
    pub(super) reason: String,
    pub(super) fault: Option<&'static str>,
    /// What to do where it was not the student's; otherwise the page's head has said it.
    pub(super) advice: &'static str,
    pub(super) limits: Allowed,
    pub(super) measured: Option<Measured>,
    pub(super) open: bool,
    pub(super) evidence: Option<Shown>,
}

/// What it was allowed to use.
pub(super) struct Allowed {
    pub(super) cpu: String,
    pub(super) wall: String,
    pub(super) memory: String,
    pub(super) processes: String,
    pub(super) output: String,
    pub(super) disk: String,
}

/// What was used.
pub(super) struct Measured {
    pub(super) cpu: String,
    pub(super) wall: String,
    pub(super) memory: String,
}

impl Measured {
    /// `None` where nothing ran, or where it may not be known.
    pub(super) fn new(usage: &Usage) -> Option<Measured> {
        let Usage { cpu_ms, wall_ms, memory_bytes } = usage;
        (*usage != Usage::default()).then(|| Measured {
            cpu: milliseconds(*cpu_ms),
            wall: milliseconds(*wall_ms),
            memory: bytes(*memory_bytes),
        })
    }
}

/// What it was given and what it wrote.
pub(super) struct Shown {
    pub(super) args: Vec<String>,
    pub(super) args_left_out: usize,
    pub(super) stdin: Option<Block>,
    pub(super) diff: Vec<Row>,
    pub(super) diff_left_out: usize,
    pub(super) stdout: Option<Block>,
    pub(super) stderr: Option<Block>,
    /// Whether it ran, so that no output means that it wrote none.
    pub(super) ran: bool,
}

/// A line of a difference.
pub(super) struct Row {
    pub(super) class: &'static str,
    pub(super) side: &'static str,
    pub(super) text: String,
}

impl<'a> Case<'a> {
    /// `None` where the page has no room for another name.
    pub(super) fn new(
        number: usize,
        case: &'a StudentCase,
        open: bool,
        names: &mut Budget,
        budget: &mut Budget,
    ) -> Option<Case<'a>> {
        let StudentCase {
            name,
            group,
            verdict,
            fault,
            points,
            max_points,
            reason,
            limits,
            measured,
            evidence,
        } = case;
        let Limits { cpu_ms, wall_ms, memory_bytes, processes, output_bytes, disk_bytes } = limits;
        let [name, group_name, reason] = names.names([name, group.as_deref().unwrap_or_default(), reason])?;
        Some(Case {
            number,
            name,
            group: group.is_some().then_some(group_name),
            tone: words::tone(*verdict, *fault),
            sign: words::sign(*verdict),
            verdict: words::verdict(*verdict),
            points,
            max_points,
            reason: sentence(&reason),
            fault: fault.map(words::fault),
            advice: match fault {
                Some(Fault::Author | Fault::System) => words::advice(*verdict, *fault),
                Some(Fault::Student) | None => "",
            },
            limits: Allowed {
                cpu: milliseconds(*cpu_ms),
                wall: milliseconds(*wall_ms),
                memory: bytes(*memory_bytes),
                processes: if *processes == 1 {
                    "1 process".to_owned()
                } else {
                    format!("{processes} processes")
                },
                output: bytes(*output_bytes),
                disk: bytes(*disk_bytes),
            },
            measured: Measured::new(measured),
            open,
            evidence: evidence.as_ref().map(|evidence| shown(evidence, *verdict, budget)),
        })
    }
}

fn shown(evidence: &Evidence, verdict: Verdict, budget: &mut Budget) -> Shown {
    let Evidence { args, stdin, stdout, stderr, diff } = evidence;
    let (args, args_left_out) = budget.rows(args, |budget, arg| budget.row(&inline(arg)));
    // The difference first: it is what is looked for.
    let (diff, diff_left_out) = budget.rows(diff, row);
    Shown {
        args,
        args_left_out,
        diff,
        diff_left_out,
        stdin: budget.block(stdin),
        stdout: budget.block(stdout),
        stderr: budget.block(stderr),
        ran: verdict != Verdict::NotRun,
    }
}

fn row(budget: &mut Budget, line: &DiffLine) -> Option<Row> {
    let DiffLine { side, text } = line;
    let (class, side) = match side {
        DiffSide::Both => ("both", "both"),
        DiffSide::Expected => ("expected", "expected"),
        DiffSide::Written => ("written", "written"),
        DiffSide::Gap => ("gap", "left out"),
    };
    Some(Row { class, side, text: budget.row(text)? })
}
