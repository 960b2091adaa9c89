//! From a result to what its page says.
//!
//! Documents are taken apart without `..`: a field that is added to a result does not compile before it has its place here,
//! and one that no template shows is a warning. Strings come here as they are; `crate::escape` makes text of them.

use askama::Template;
use assay_contract::answers::Mode;
use assay_contract::result::{BuildResult, Conclusion, Hidden, StudentCase, StudentResult};
use assay_contract::{AssignmentId, Digest, JobId, Points, StudentId, Verdict, layout};

use crate::amount::{self, Date, count, duration, percent};
use crate::text::{Block, Budget, MAX_CASES, MAX_NAMES, MAX_TEXT, inline};
use crate::{Delivery, words};

mod case;

use case::{Case, Measured};

/// The one style sheet, which the page's policy names by its hash.
const STYLE: &str = include_str!("../templates/style.css");
/// The hash of [`STYLE`] as a policy writes it; a test holds it to the style sheet.
const STYLE_HASH: &str = "sha256-ry0PvkTc3xXLuRCfIKDbOCHkIJ1Wgs8HkUXhbXkaKx4=";
/// Cases that did not pass and whose details are open from the start.
const OPEN: usize = 3;

/// The page.
#[derive(Template)]
#[template(path = "result.html")]
struct View<'a> {
    style: &'static str,
    style_hash: &'static str,
    api_version: &'a str,
    title: String,
    assignment: &'a AssignmentId,
    job: &'a JobId,
    student: &'a StudentId,
    handed_in: HandedIn,
    /// How late it was; `None` on time.
    late: Option<String>,
    verdict: Headline,
    build: Option<Build>,
    cases: Vec<Case<'a>>,
    cases_left_out: usize,
    /// Whether any case belongs to a group.
    grouped: bool,
    /// What the cases earned before a penalty.
    earned: Points,
    worth: Points,
    hidden: Option<HiddenCases>,
    receipts: Receipts<'a>,
}

/// When it was handed in.
enum HandedIn {
    At(Date),
    /// It is no date that this crate knows.
    Said(String),
}

/// The verdict and all that explains it.
struct Headline {
    tone: &'static str,
    sign: &'static str,
    words: &'static str,
    /// Marks; `None` where nothing could be had.
    points: Option<(Points, Points)>,
    /// What the marks are of.
    of_what: &'static str,
    penalty: Option<String>,
    /// How many of the cases passed; `None` where there are none.
    passed: Option<String>,
    reasons: Vec<String>,
    fault: Option<&'static str>,
    advice: &'static str,
}

struct Build {
    passed: bool,
    reason: String,
    log: Option<Block>,
    measured: Option<Measured>,
}

struct HiddenCases {
    cases: String,
    are: &'static str,
    points: String,
    /// What is said of the due date; `None` where none of them is shown then.
    from_due: Option<String>,
}

struct Receipts<'a> {
    received: Option<&'static str>,
    concluded: &'static str,
    /// The result as a document.
    result: Option<&'static str>,
    digest: &'a Digest,
    revision: &'a Digest,
    mode: &'static str,
}

pub(crate) fn render(result: &StudentResult, delivery: Delivery<'_>) -> String {
    let StudentResult { api_version, conclusion, build, cases, hidden } = result;
    let Conclusion {
        job,
        assignment,
        title,
        revision,
        student,
        digest,
        mode,
        handed_in,
        late_seconds,
        penalty_basis_points: _,
        verdict: _,
        fault: _,
        reason: _,
        points: _,
        max_points: _,
    } = conclusion;
    let headline = headline(conclusion, cases, hidden, delivery.refusal);
    let (mut budget, mut names) = (Budget::new(MAX_TEXT), Budget::new(MAX_NAMES));
    let build = build.as_ref().map(|build| self::build(build, &mut budget));
    let mut closed_after = OPEN;
    let listed = cases.iter().take(MAX_CASES).enumerate().map_while(|(at, case)| {
        let ran_in_vain = !matches!(case.verdict, Verdict::Passed | Verdict::NotRun);
        let open = ran_in_vain && case.evidence.is_some() && closed_after > 0;
        closed_after -= usize::from(open);
        Case::new(at + 1, case, open, &mut names, &mut budget)
    });
    let listed: Vec<Case<'_>> = listed.collect();
    let view = View {
        style: STYLE,
        style_hash: STYLE_HASH,
        api_version,
        title: if title.trim().is_empty() { assignment.to_string() } else { inline(title) },
        assignment,
        job,
        student,
        handed_in: amount::date(handed_in).map_or_else(|| HandedIn::Said(inline(handed_in)), HandedIn::At),
        late: (*late_seconds > 0).then(|| duration(*late_seconds)),
        verdict: headline,
        build,
        cases_left_out: cases.len() - listed.len(),
        cases: listed,
        grouped: cases.iter().any(|case| case.group.is_some()),
        earned: cases.iter().map(|case| case.points).sum(),
        worth: cases.iter().map(|case| case.max_points).sum(),
        hidden: self::hidden(hidden),
        receipts: Receipts {
            received: delivery.received.then_some(layout::RECEIVED),
            concluded: layout::CONCLUDED,
            result: delivery.document.then_some(layout::STUDENT_RESULT),
            digest,
            revision,
            mode: match mode {
                Mode::Sealed => {
                    "sealed: your program ran where no answers are, and its output was compared elsewhere"
                }
            },
        },
    };
    // Writing to a string does not fail, and no template of ours has an error of its own.
    view.render().unwrap_or_default()
}

fn headline(
    conclusion: &Conclusion,
    cases: &[StudentCase],
    hidden: &Hidden,
    refusal: Option<&str>,
) -> Headline {
    let Conclusion {
        job: _,
        assignment: _,
        title: _,
        revision: _,
        student: _,
        digest: _,
        mode: _,
        handed_in: _,
        late_seconds,
        penalty_basis_points,
        verdict,
        fault,
        reason,
        points,
        max_points,
    } = conclusion;
    let passed = cases.iter().filter(|case| case.verdict == Verdict::Passed).count();
    let some_hidden = hidden.cases > 0;
    // A verdict about no case is none: `passed` would be read as marks.
    let says_nothing = cases.is_empty() && some_hidden && *verdict == Verdict::Passed;
    let penalty = (*penalty_basis_points > 0 && *verdict != Verdict::Refused).then(|| {
        let late = if *late_seconds > 0 {
            format!(" for being {} late", duration(*late_seconds))
        } else {
            String::new()
        };
        format!("{} of the marks are taken off{late}.", percent(*penalty_basis_points))
    });
    let reasons = refusal.into_iter().chain([reason.as_str()]).filter(|reason| !reason.is_empty());
    Headline {
        tone: if says_nothing { "open" } else { words::tone(*verdict, *fault) },
        sign: if says_nothing { "–" } else { words::sign(*verdict) },
        words: if says_nothing { "Nothing shown yet" } else { words::verdict(*verdict) },
        points: (*max_points > Points::ZERO).then_some((*points, *max_points)),
        of_what: if some_hidden { "points for the cases that are shown" } else { "points" },
        penalty,
        passed: (!cases.is_empty()).then(|| {
            let case = if some_hidden { "shown case" } else { "case" };
            format!("{passed} of {} passed.", count(cases.len(), case))
        }),
        reasons: reasons.map(|reason| sentence(&inline(reason))).collect(),
        fault: fault.map(words::fault),
        advice: words::advice(*verdict, *fault),
    }
}

fn build(build: &BuildResult, budget: &mut Budget) -> Build {
    let BuildResult { passed, reason, log, measured } = build;
    Build {
        passed: *passed,
        reason: sentence(&inline(reason)),
        log: budget.block(log),
        measured: Measured::new(measured),
    }
}

fn hidden(hidden: &Hidden) -> Option<HiddenCases> {
    let Hidden { cases, max_points, shown_from_due } = hidden;
    (*cases > 0).then(|| HiddenCases {
        cases: count(cases, "case"),
        are: if *cases == 1 { "is" } else { "are" },
        points: count(max_points, "point"),
        from_due: match *shown_from_due {
            0 => None,
            1 if *cases == 1 => Some("It is shown from the due date on.".to_owned()),
            all if all == *cases => Some("They are shown from the due date on.".to_owned()),
            1 => Some("1 of them is shown from the due date on.".to_owned()),
            some => Some(format!("{some} of them are shown from the due date on.")),
        },
    })
}

/// A reason as a sentence of its own.
fn sentence(reason: &str) -> String {
    let mut rest = reason.chars();
    match rest.next() {
        None => String::new(),
        Some(first) => {
            let end = if reason.ends_with(['.', '!', '?', ']']) { "" } else { "." };
            first.to_uppercase().chain(rest.as_str().chars()).chain(end.chars()).collect()
        }
    }
}
