//! `samples:`: submissions of the author's own, and the marks that they must get.

use std::collections::BTreeMap;

use assay_contract::{Points, Verdict};

use super::check::near_case;
use super::folder::Folder;
use super::raw::{At, RawSample};
use super::valid::{Case, Sample};
use crate::diagnostics::{Place, Problem, codes};

/// The sample that must get full marks.
const SOLUTION: &str = "solution";

/// The samples. What depends on all cases is judged only where all cases are known, or one slip would bring many.
pub(crate) fn check(
    raw: Option<&At<Vec<RawSample>>>,
    cases: &[Case],
    complete: bool,
    folder: &Folder,
    problems: &mut Vec<Problem>,
) -> Vec<Sample> {
    let total: Points = cases.iter().map(|case| case.points).sum();
    let empty = Vec::new();
    let mut samples = Vec::new();
    for sample in raw.map_or(&empty, |raw| &raw.value) {
        let RawSample { folder: named, points, verdict, cases: demanded } = sample;
        let found = folder.folder(named).map_err(|problem| problems.push(problem)).ok();
        if complete {
            for (case, _) in demanded {
                if !cases.iter().any(|known| known.name == case.value) {
                    let message = format!("there is no case `{}`", case.value);
                    problems.push(
                        Problem::new(&codes::SAMPLE_CASE_UNKNOWN, &case.place, message)
                            .hint_if_any(near_case(&case.value, cases)),
                    );
                }
            }
            if let Some(points) = points {
                judge(named, points, verdict.as_ref(), total, problems);
            }
        }
        if let (Some(folder), Some(points)) = (found, points) {
            let cases: BTreeMap<String, Verdict> =
                demanded.iter().map(|(case, verdict)| (case.value.clone(), verdict.value)).collect();
            samples.push(Sample {
                folder,
                points: points.value,
                verdict: verdict.as_ref().map(|at| at.value),
                cases,
            });
        }
    }
    if complete && !samples.iter().any(|sample| sample.name() == SOLUTION) {
        let place = raw.map_or_else(Place::whole, |raw| raw.place.clone());
        let message = "no sample is called `solution`, so nothing shows that full marks can be reached";
        problems.push(
            Problem::new(&codes::NO_SOLUTION, &place, message)
                .hint(format!("put your solution into a folder and add `samples: {{solution: {total}}}`")),
        );
    }
    samples
}

/// Holds the points of a sample against the sum of all cases and against its verdict.
fn judge(
    named: &At<String>,
    points: &At<Points>,
    verdict: Option<&At<Verdict>>,
    total: Points,
    problems: &mut Vec<Problem>,
) {
    let is_solution = named.value.trim_end_matches('/').rsplit('/').next() == Some(SOLUTION);
    let message = if points.value > total {
        format!("this sample must get {}, but all cases together are worth {total}", points.value)
    } else if is_solution && points.value != total {
        format!("the solution must get full marks, which are {total}, not {}", points.value)
    } else {
        if let Some(verdict) = verdict
            && verdict.value == Verdict::Passed
            && points.value != total
        {
            let message = format!("a sample that passes every case gets {total}, not {}", points.value);
            problems.push(
                Problem::new(&codes::SAMPLE_CONTRADICTION, &verdict.place, message)
                    .related(points.place.span, "what it must get"),
            );
        }
        return;
    };
    let code = if is_solution { &codes::SOLUTION_NOT_FULL } else { &codes::SAMPLE_POINTS };
    problems.push(Problem::new(code, &points.place, message));
}
