use assay_contract::answers::{AnswerCase, ShowFrom};
use assay_contract::outcome::{BuildEnd, Confinement, End};
use assay_contract::result::{DiffLine, DiffSide, PrivateResult, Refusal, StageStatus};
use assay_contract::{Fault, Oddity, OddityCode, Stage, Verdict};
use proptest::prelude::*;

use super::*;
use crate::samples::{build, case, job, left, points, right, stage};
use crate::{Job, grade};

/// Grades cases of which the odd ones write something wrong, and returns what the student sees.
fn seen(cases: Vec<AnswerCase>, due_passed: bool) -> StudentResult {
    let result = graded(cases);
    student_view(&result, due_passed)
}

fn graded(cases: Vec<AnswerCase>) -> PrivateResult {
    grade(&job(cases), |case| {
        let wrong = case.name.ends_with(['1', '3', '5', '7', '9']);
        left(case, End::Exited(0), if wrong { "41\n" } else { "42\n" })
    })
}

fn with(index: usize, show: Show, from: ShowFrom) -> AnswerCase {
    AnswerCase { show, from, ..case(index) }
}

#[test]
fn each_level_shows_what_it_says() {
    let cases = [Show::Nothing, Show::Verdict, Show::Output, Show::Diff];
    let cases =
        cases.into_iter().enumerate().map(|(n, show)| with(2 * n + 1, show, ShowFrom::Start)).collect();
    let view = seen(cases, false);
    assert_eq!(view.hidden, Hidden { cases: 1, max_points: points("2"), shown_from_due: 0 });
    let [verdict, output, diff] = view.cases.as_slice() else { panic!("three cases are shown") };

    assert_eq!(verdict.verdict, Verdict::WrongOutput);
    assert_eq!((&verdict.evidence, verdict.measured), (&None, Usage::default()));

    let evidence = output.evidence.as_ref().unwrap();
    assert_eq!(evidence.stdout, "41\n");
    assert_eq!((evidence.args.len(), evidence.stdin.as_str(), evidence.diff.len()), (0, "", 0));

    let evidence = diff.evidence.as_ref().unwrap();
    assert_eq!(evidence.stdout, "41\n");
    assert_eq!((evidence.args.len(), evidence.stdin.as_str(), evidence.diff.len()), (1, "six by nine\n", 2));
}

#[test]
fn a_verdict_alone_does_not_carry_the_exit_status_out() {
    let reasons = [17, 18].map(|status| {
        let job = job(vec![with(0, Show::Verdict, ShowFrom::Start)]);
        let result = grade(&job, |case| left(case, End::Exited(status), "42\n"));
        assert!(result.cases[0].reason.contains(&status.to_string()));
        student_view(&result, true)
    });
    assert_eq!(reasons[0], reasons[1]);
}

#[test]
fn the_conclusion_counts_shown_cases_only() {
    let cases = vec![with(0, Show::Diff, ShowFrom::Start), with(1, Show::Verdict, ShowFrom::Due)];
    let before = seen(cases.clone(), false);
    assert_eq!(before.conclusion.verdict, Verdict::Passed);
    assert_eq!(before.conclusion.fault, None);
    assert_eq!((before.conclusion.points, before.conclusion.max_points), (points("2"), points("2")));
    assert_eq!(before.hidden, Hidden { cases: 1, max_points: points("2"), shown_from_due: 1 });

    let after = seen(cases, true);
    assert_eq!(after.conclusion.verdict, Verdict::WrongOutput);
    assert_eq!(after.conclusion.fault, Some(Fault::Student));
    assert_eq!((after.conclusion.points, after.conclusion.max_points), (points("2"), points("4")));
    assert_eq!(after.hidden, Hidden::default());
}

#[test]
fn the_penalty_is_taken_off_what_is_shown() {
    let job = Job { late_seconds: 1, ..job(vec![case(0), with(2, Show::Nothing, ShowFrom::Start)]) };
    let result = grade(&job, right);
    assert_eq!(result.conclusion.points, points("3.6"));
    assert_eq!(student_view(&result, false).conclusion.points, points("1.8"));
}

#[test]
fn a_job_that_graded_after_the_due_date_shows_at_once() {
    let job = Job { due_passed: true, ..job(vec![with(0, Show::Verdict, ShowFrom::Due)]) };
    assert_eq!(student_view(&grade(&job, right), false).cases.len(), 1);
}

#[test]
fn where_nothing_is_shown_the_verdict_says_so() {
    let view = seen(vec![with(1, Show::Nothing, ShowFrom::Start)], true);
    assert_eq!(view.conclusion.verdict, Verdict::Passed);
    assert_eq!(view.conclusion.reason, NOTHING_SHOWN);
    assert_eq!(view.conclusion.max_points, Points::ZERO);
}

#[test]
fn a_build_that_failed_is_told_also_where_all_cases_are_hidden() {
    let hidden = vec![with(0, Show::Nothing, ShowFrom::Start)];
    let job = Job { build: build(BuildEnd::Failed(End::Exited(1))), ..job(hidden) };
    let view = student_view(&grade(&job, right), false);
    assert_eq!(view.conclusion.verdict, Verdict::BuildFailed);
    assert_eq!(view.conclusion.reason, "the build ended with status 1");
    assert_eq!(view.build.unwrap().log, "ok\n");
}

/// A text that nothing else contains.
fn canary(field: &str, index: usize) -> String {
    format!("canary<{field}/{index}>")
}

fn level() -> impl Strategy<Value = Show> {
    prop_oneof![Just(Show::Nothing), Just(Show::Verdict), Just(Show::Output), Just(Show::Diff)]
}

/// A result with a canary in every text, and those that its student may see.
fn planted(levels: &[(Show, Show, Verdict)], due_passed: bool) -> (PrivateResult, Vec<String>, Vec<String>) {
    let mut result = graded((0..levels.len()).map(case).collect());
    let (mut allowed, mut forbidden) = (Vec::new(), Vec::new());
    for (index, (case, (shown, show, verdict))) in result.cases.iter_mut().zip(levels).enumerate() {
        let CaseResult {
            id: _,
            name,
            group,
            verdict: case_verdict,
            fault: _,
            points: _,
            max_points: _,
            reason,
            end,
            expected_exit: _,
            limits: _,
            measured: _,
            shown: case_shown,
            show: case_show,
            evidence,
        } = case;
        (*case_shown, *case_show, *case_verdict) = (*shown, *show, *verdict);
        let level = if due_passed { *show } else { *shown.min(show) };
        let mut plant = |field: &str, from: Show| {
            let text = canary(field, index);
            if level >= from { &mut allowed } else { &mut forbidden }.push(text.clone());
            text
        };
        *name = plant("name", Show::Verdict);
        *group = Some(plant("group", Show::Verdict));
        *reason = plant("reason", Show::Output);
        let Evidence { args, stdin, stdout, stderr, diff } = evidence;
        *stdout = plant("stdout", Show::Output);
        *stderr = plant("stderr", Show::Output);
        *args = vec![plant("args", Show::Diff)];
        *stdin = plant("stdin", Show::Diff);
        *diff = vec![DiffLine { side: DiffSide::Expected, text: plant("diff", Show::Diff) }];
        *end = Some(End::NotStarted(canary("end", index)));
        forbidden.push(canary("end", index));
        forbidden.push(case.id.to_string());
    }
    result.oddities.push(Oddity::new(OddityCode::LogDamaged, canary("oddity", 0)));
    result.refusal = Some(Refusal { code: canary("refusal", 0), message: canary("refusal", 0) });
    result.confinement =
        Some(Confinement { kernel: canary("kernel", 0), landlock_abi: 77, lacks: vec![canary("lacks", 0)] });
    result.stages.push(stage(Stage::Test, StageStatus::Omitted, None));
    forbidden.extend(["oddity", "refusal", "kernel", "lacks"].map(|field| canary(field, 0)));
    forbidden.extend(["Omitted", "landlock", "expected-exit", "\"id\"", "\"show\""].map(str::to_owned));
    (result, allowed, forbidden)
}

proptest! {
    #[test]
    fn no_hidden_word_reaches_the_student(
        levels in proptest::collection::vec(
            (level(), level(), proptest::sample::select(Verdict::ALL.to_vec())), 0..6,
        ),
        due_passed in any::<bool>(),
    ) {
        let (result, allowed, forbidden) = planted(&levels, due_passed);
        let document = serde_json::to_string(&student_view(&result, due_passed)).unwrap();
        for word in &allowed {
            prop_assert!(document.contains(word), "{word} is missing");
        }
        for word in &forbidden {
            prop_assert!(!document.contains(word), "{word} is in {document}");
        }
    }

    #[test]
    fn results_that_differ_in_what_is_hidden_look_the_same(
        verdicts in proptest::collection::vec(proptest::sample::select(Verdict::ALL.to_vec()), 4),
        earned in 0_u32..2_000,
    ) {
        let cases = (0..5).map(|n| with(n, if n == 0 { Show::Verdict } else { Show::Nothing }, ShowFrom::Start));
        let result = graded(cases.collect());
        let mut other = result.clone();
        for (case, verdict) in other.cases.iter_mut().skip(1).zip(verdicts) {
            case.verdict = verdict;
            case.fault = Some(Fault::Author);
            case.points = Points::from_thousandths(earned).unwrap();
        }
        other.conclusion.verdict = Verdict::Suspect;
        other.conclusion.fault = Some(Fault::Author);
        other.conclusion.points = Points::ZERO;
        prop_assert_eq!(student_view(&result, true), student_view(&other, true));
    }
}
