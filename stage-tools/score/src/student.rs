//! What of a result its student may see.
//!
//! An allow-list: every struct is taken apart without `..`, so that a field added to a result is a decision here before
//! it compiles. Never passes on ids of cases, names of cases that are not shown, oddities, how stages ended, what the
//! confinement was made of, or anything of the answers that the level of a case does not allow.

use assay_contract::answers::Show;
use assay_contract::outcome::Usage;
use assay_contract::result::{
    BuildResult, CaseResult, Conclusion, Evidence, Hidden, PrivateResult, StudentCase, StudentResult,
};
use assay_contract::{API_VERSION, Points};

use crate::grade::verdict_of;
use crate::sentence;

/// What the student may see of a result, before or after the due date.
#[must_use]
pub fn student_view(result: &PrivateResult, due_passed: bool) -> StudentResult {
    let PrivateResult {
        api_version: _,
        conclusion,
        build,
        cases,
        stages: _,
        confinement: _,
        refusal: _,
        oddities: _,
    } = result;
    let mut shown = Vec::new();
    let mut hidden = Hidden::default();
    for case in cases {
        // `shown` is what could be seen when the job was graded; the due date may have come since.
        let level = if due_passed { case.show } else { case.shown.min(case.show) };
        match student_case(case, level) {
            Some(case) => shown.push(case),
            None => {
                hidden.cases += 1;
                hidden.max_points = hidden.max_points.plus(case.max_points);
                hidden.shown_from_due += u32::from(case.show > Show::Nothing);
            }
        }
    }
    StudentResult {
        api_version: API_VERSION.to_owned(),
        conclusion: student_conclusion(conclusion, &shown, &hidden),
        build: build.as_ref().map(student_build),
        cases: shown,
        hidden,
    }
}

/// The conclusion as if the shown cases were all there are.
fn student_conclusion(conclusion: &Conclusion, shown: &[StudentCase], hidden: &Hidden) -> Conclusion {
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
        penalty_basis_points,
        verdict,
        fault,
        reason,
        points: _,
        max_points: _,
    } = conclusion;
    // A reason of the job's own says that no case ran, so its verdict tells nothing of any case.
    let (verdict, fault, reason) = if !reason.is_empty() {
        (*verdict, *fault, reason.clone())
    } else {
        let (verdict, fault) = verdict_of(shown.iter().map(|case| (case.verdict, case.fault)));
        let nothing_shown = shown.is_empty() && hidden.cases > 0;
        (verdict, fault, if nothing_shown { NOTHING_SHOWN.to_owned() } else { String::new() })
    };
    Conclusion {
        job: job.clone(),
        assignment: assignment.clone(),
        title: title.clone(),
        revision: revision.clone(),
        student: student.clone(),
        digest: digest.clone(),
        mode: *mode,
        handed_in: handed_in.clone(),
        late_seconds: *late_seconds,
        penalty_basis_points: *penalty_basis_points,
        verdict,
        fault,
        reason,
        points: shown.iter().map(|case| case.points).sum::<Points>().reduced_by(*penalty_basis_points),
        max_points: shown.iter().map(|case| case.max_points).sum(),
    }
}

/// Said where there is nothing that a verdict could be about.
const NOTHING_SHOWN: &str = "none of the cases is shown yet, so this says nothing about your marks";

fn student_build(build: &BuildResult) -> BuildResult {
    let BuildResult { passed, reason, log, measured } = build;
    BuildResult { passed: *passed, reason: reason.clone(), log: log.clone(), measured: *measured }
}

/// The case at a level; `None` where not even its name is shown.
fn student_case(case: &CaseResult, level: Show) -> Option<StudentCase> {
    let CaseResult {
        id: _,
        name,
        group,
        verdict,
        fault,
        points,
        max_points,
        reason,
        end: _,
        expected_exit: _,
        limits,
        measured,
        shown: _,
        show: _,
        evidence,
    } = case;
    // Where the output is not shown, a program must not be able to tell what it read by how it ended or how long it
    // took: a general sentence, no measurements.
    let (reason, measured, evidence) = match level {
        Show::Nothing => return None,
        Show::Verdict => (sentence::of_verdict(*verdict).to_owned(), Usage::default(), None),
        Show::Output | Show::Diff => {
            (reason.clone(), *measured, Some(student_evidence(evidence, level == Show::Diff)))
        }
    };
    Some(StudentCase {
        name: name.clone(),
        group: group.clone(),
        verdict: *verdict,
        fault: *fault,
        points: *points,
        max_points: *max_points,
        reason,
        limits: *limits,
        measured,
        evidence,
    })
}

fn student_evidence(evidence: &Evidence, with_input_and_diff: bool) -> Evidence {
    let Evidence { args, stdin, stdout, stderr, diff } = evidence;
    let written = Evidence { stdout: stdout.clone(), stderr: stderr.clone(), ..Evidence::default() };
    if with_input_and_diff {
        Evidence { args: args.clone(), stdin: stdin.clone(), diff: diff.clone(), ..written }
    } else {
        written
    }
}

#[cfg(test)]
mod tests;
