//! From what the stages left to the full result of a job.

use assay_contract::answers::{AnswerCase, Mode};
use assay_contract::outcome::Confinement;
use assay_contract::result::{CaseResult, Conclusion, PrivateResult};
use assay_contract::{API_VERSION, Fault, Oddity, OddityCode, Points, Verdict};

use crate::input::{CaseEvidence, Found, Job, Setup};
use crate::marks::penalty_basis_points;
use crate::{case, safe_text, stop};

/// What a stage may say that its confinement lacks, in entries.
const MAX_LACKS: usize = 20;

/// Grades a job.
///
/// `evidence` reads what was found of one case; it is called once for each case in the order in which they ran, and
/// not at all where no case could run. So the outputs of one case at a time are in memory.
pub fn grade(job: &Job, mut evidence: impl FnMut(&AnswerCase) -> CaseEvidence) -> PrivateResult {
    let mut progress = case::Progress::new(job.oddities.clone());
    let oddities = &mut progress.oddities;
    let answers = stop::usable_answers(job);
    if let Err(problem) = &answers {
        let what = format!("the answers of this revision cannot be used: {problem}");
        oddities.push(Oddity::new(OddityCode::AnswersUnusable, what));
    }
    let answers = answers.ok();
    let mut build = None;
    let mut stop = stop::before_build(job, answers.is_some());
    if stop.is_none() {
        (build, stop) = stop::build(job, oddities);
    }
    let confinement = confinement(job, oddities);

    let planned: &[AnswerCase] = answers.map_or(&[], |answers| &answers.cases);
    let budget = case::text_budget(planned.len());
    let mut cases: Vec<(usize, CaseResult)> = ran(planned)
        .into_iter()
        .map(|(place, planned)| match &stop {
            Some(stop) => (place, case::stopped(job, planned, stop)),
            None => (place, case::judge(job, planned, &evidence(planned), budget, &mut progress)),
        })
        .collect();

    let (verdict, fault) = match &stop {
        Some(stop) => (stop.verdict, Some(stop.fault)),
        None => verdict_of(cases.iter().map(|(_, case)| (case.verdict, case.fault))),
    };
    cases.sort_by_key(|(place, _)| *place);
    let cases: Vec<CaseResult> = cases.into_iter().map(|(_, case)| case).collect();
    let penalty = answers.map_or(0, |answers| penalty_basis_points(answers.late, job.late_seconds));
    let conclusion = Conclusion {
        job: job.job.clone(),
        assignment: job.assignment.clone(),
        title: answers.map(|answers| answers.title.clone()).unwrap_or_default(),
        revision: job.revision.clone(),
        student: job.student.clone(),
        digest: job.digest.clone(),
        mode: answers.map_or(Mode::Sealed, |answers| answers.mode),
        handed_in: job.handed_in.clone(),
        late_seconds: job.late_seconds,
        penalty_basis_points: penalty,
        verdict,
        fault,
        reason: stop.map(|stop| stop.reason).unwrap_or_default(),
        points: cases.iter().map(|case| case.points).sum::<Points>().reduced_by(penalty),
        max_points: cases.iter().map(|case| case.max_points).sum(),
    };
    PrivateResult {
        api_version: API_VERSION.to_owned(),
        conclusion,
        build,
        cases,
        stages: job.stages.clone(),
        confinement,
        refusal: match &job.setup {
            Setup::Refused(refusal) => Some(refusal.clone()),
            Setup::Accepted | Setup::Failed => None,
        },
        oddities: progress.oddities,
    }
}

/// Cases with their places in the plan, in the order in which Test ran them.
fn ran(planned: &[AnswerCase]) -> Vec<(usize, &AnswerCase)> {
    let mut cases: Vec<_> = planned.iter().enumerate().collect();
    cases.sort_by_key(|(_, case)| case.round());
    cases
}

/// How a job ended whose cases ended so: as the first of them that did not pass.
pub(crate) fn verdict_of(
    mut cases: impl Iterator<Item = (Verdict, Option<Fault>)>,
) -> (Verdict, Option<Fault>) {
    cases.find(|(verdict, _)| *verdict != Verdict::Passed).unwrap_or((Verdict::Passed, None))
}

/// What both stages say of their confinement, as the weaker of the two.
fn confinement(job: &Job, oddities: &mut Vec<Oddity>) -> Option<Confinement> {
    let mut weakest: Option<Confinement> = None;
    for (stage, found) in [("verify", &job.verify_confinement), ("test", &job.test_confinement)] {
        let said = match found {
            Found::Present(said) => said,
            Found::Missing => continue,
            Found::Damaged(why) => {
                let why = safe_text::line(why.as_bytes());
                let what = format!("what {stage} says of its confinement is damaged: {why}");
                oddities.push(Oddity::new(OddityCode::ConfinementDamaged, what));
                continue;
            }
        };
        let Confinement { kernel, landlock_abi, lacks } = said;
        let merged = weakest.get_or_insert_with(|| Confinement {
            kernel: safe_text::line(kernel.as_bytes()),
            landlock_abi: *landlock_abi,
            lacks: Vec::new(),
        });
        merged.landlock_abi = merged.landlock_abi.min(*landlock_abi);
        for lack in lacks.iter().take(MAX_LACKS).map(|lack| safe_text::line(lack.as_bytes())) {
            if !merged.lacks.contains(&lack) {
                merged.lacks.push(lack);
            }
        }
    }
    weakest
}

#[cfg(test)]
mod tests;
