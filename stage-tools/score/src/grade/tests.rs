use assay_contract::answers::{Answers, Compare, ExpectedExit, Show, ShowFrom};
use assay_contract::outcome::{BuildEnd, CaseOutcome, End, LimitKind, Usage};
use assay_contract::result::{DiffSide, Refusal, StageEnd, StageStatus};
use assay_contract::{CaseId, Cause, Stage};
use proptest::prelude::*;

use super::*;
use crate::samples::{LIMITS, USAGE, answers, build, case, digest, job, left, points, right, stage};
use crate::sentence::SUSPECT;
use crate::{BuildLog, Setup};

/// The result of a job of one case of which this was found.
fn graded(job: &Job, found: impl Fn(&AnswerCase) -> CaseEvidence) -> PrivateResult {
    let result = grade(job, &found);
    assert_eq!(grade(job, &found), result, "the same input must give the same result");
    result
}

fn one(found: impl Fn(&AnswerCase) -> CaseEvidence) -> CaseResult {
    graded(&job(vec![case(0)]), found).cases.remove(0)
}

/// Verdict, fault and reason of the only case, with its points checked.
fn ruling(case: &CaseResult) -> (Verdict, Option<Fault>, &str) {
    let earned = if case.verdict == Verdict::Passed { case.max_points } else { Points::ZERO };
    assert_eq!(case.points, earned);
    (case.verdict, case.fault, &case.reason)
}

fn no_evidence(_: &AnswerCase) -> CaseEvidence {
    panic!("a job that stopped must not read evidence")
}

/// Verdict, fault and reason of a job of two cases that none of them could run in.
fn stopped(job: &Job) -> (Verdict, Option<Fault>, String) {
    let result = graded(job, no_evidence);
    assert_eq!(result.conclusion.points, Points::ZERO);
    for case in &result.cases {
        let expected = (Verdict::NotRun, result.conclusion.fault, result.conclusion.reason.as_str());
        assert_eq!(ruling(case), expected);
    }
    (result.conclusion.verdict, result.conclusion.fault, result.conclusion.reason)
}

/// What was odd, as tutors read it.
fn words(result: &PrivateResult) -> Vec<String> {
    result.oddities.iter().map(ToString::to_string).collect()
}

const STUDENT: Option<Fault> = Some(Fault::Student);
const AUTHOR: Option<Fault> = Some(Fault::Author);
const SYSTEM: Option<Fault> = Some(Fault::System);

#[test]
fn the_right_output_earns_all_points() {
    let result = graded(&job(vec![case(0), case(1)]), right);
    assert_eq!(ruling(&result.cases[0]), (Verdict::Passed, None, ""));
    assert_eq!(result.conclusion.verdict, Verdict::Passed);
    assert_eq!(result.conclusion.points, points("4"));
    assert_eq!(result.oddities, []);
    assert_eq!(result.cases[0].evidence.stdin, "six by nine\n");
    assert_eq!(result.cases[0].evidence.diff, []);
}

#[test]
fn documents_keep_their_form() {
    let mut cases = vec![case(0), case(1)];
    cases[1].from = ShowFrom::Due;
    cases[1].show = Show::Verdict;
    let found =
        |case: &AnswerCase| left(case, End::Exited(0), if case.id == cases[0].id { "41\n" } else { "42\n" });
    let mut job = job(cases.clone());
    job.late_seconds = 90_000;
    let result = graded(&job, found);
    insta::assert_json_snapshot!("private", result);
    insta::assert_json_snapshot!("student", crate::student_view(&result, false));
}

#[test]
fn an_end_decides_before_the_output() {
    use LimitKind::{Cpu, Disk, Memory, Output, Processes, Wall};
    for (end, verdict, fault, reason) in [
        (End::Exited(0), Verdict::WrongOutput, STUDENT, "its output is not the expected one"),
        (End::Exited(3), Verdict::Crashed, STUDENT, "it ended with status 3, expected 0"),
        (
            End::Signalled(11),
            Verdict::Crashed,
            STUDENT,
            "it was ended by SIGSEGV (a memory access that is not allowed)",
        ),
        (End::Signalled(77), Verdict::Crashed, STUDENT, "it was ended by signal 77"),
        (End::Limit(Cpu), Verdict::TimeLimit, STUDENT, "it used more CPU time than allowed"),
        (End::Limit(Wall), Verdict::TimeLimit, STUDENT, "it ran longer than allowed"),
        (End::Limit(Memory), Verdict::MemoryLimit, STUDENT, "it used more memory than allowed"),
        (End::Limit(Processes), Verdict::ProcessLimit, STUDENT, "it started more processes than allowed"),
        (End::Limit(Output), Verdict::OutputLimit, STUDENT, "it wrote more output than allowed"),
        (End::Limit(Disk), Verdict::OutputLimit, STUDENT, "it wrote more to disk than allowed"),
        (
            End::NotStarted("./wc: no such file\u{1b}".into()),
            Verdict::NotRun,
            STUDENT,
            "its command cannot be started: ./wc: no such file\\x1b",
        ),
        (
            End::NotStarted("/usr/bin/python9: no such file".into()),
            Verdict::NotRun,
            AUTHOR,
            "its command cannot be started: /usr/bin/python9: no such file",
        ),
        (
            End::Unconfined("no Landlock".into()),
            Verdict::NotRun,
            SYSTEM,
            "it cannot be isolated here: no Landlock",
        ),
    ] {
        let wrong = one(|case| left(case, end.clone(), "wrong\n"));
        assert_eq!(ruling(&wrong), (verdict, fault, reason));
        if end != End::Exited(0) {
            let right = one(|case| left(case, end.clone(), "42\n"));
            assert_eq!(ruling(&right), (verdict, fault, reason), "the right output must not help");
        }
    }
}

#[test]
fn the_expected_status_is_part_of_the_answer() {
    let with = |exit, end: End| {
        let mut planned = case(0);
        planned.exit = exit;
        graded(&job(vec![planned]), |case| left(case, end.clone(), "42\n")).cases.remove(0).verdict
    };
    assert_eq!(with(ExpectedExit::Status(3), End::Exited(3)), Verdict::Passed);
    assert_eq!(with(ExpectedExit::Status(3), End::Exited(0)), Verdict::Crashed);
    assert_eq!(with(ExpectedExit::Any, End::Exited(200)), Verdict::Passed);
    assert_eq!(with(ExpectedExit::Any, End::Signalled(6)), Verdict::Crashed);
}

#[test]
fn any_output_is_right_where_none_is_expected() {
    let mut planned = case(0);
    planned.stdout = None;
    let result = graded(&job(vec![planned]), |case| CaseEvidence {
        expected: Found::Missing,
        ..left(case, End::Exited(0), "anything")
    });
    assert_eq!(ruling(&result.cases[0]), (Verdict::Passed, None, ""));
}

#[test]
fn the_difference_is_shown_where_a_case_ran_to_its_own_end() {
    let case = one(|case| left(case, End::Exited(1), "41\n"));
    let sides: Vec<DiffSide> = case.evidence.diff.iter().map(|line| line.side).collect();
    assert_eq!(sides, [DiffSide::Expected, DiffSide::Written]);
    assert_eq!(one(|case| left(case, End::Signalled(9), "41\n")).evidence.diff, []);
}

#[test]
fn contradictions_are_suspect_and_earn_nothing() {
    const BEYOND: &str =
        "case-001: it ended by itself, and says that it used far more than its limits (outcome-contradicts)";
    type Change = fn(&mut CaseEvidence);
    fn outcome(found: &mut CaseEvidence) -> &mut CaseOutcome {
        match &mut found.outcome {
            Found::Present(outcome) => outcome,
            _ => unreachable!("the sample has an outcome"),
        }
    }
    let changes: [(Change, &str); 12] = [
        (
            |f| outcome(f).api_version = "assay.dev/v0".into(),
            "case-001: its outcome is not of version assay.dev/v1 (outcome-contradicts)",
        ),
        (
            |f| outcome(f).id = CaseId::at(1),
            "case-001: its outcome says that it is of case-002 (outcome-contradicts)",
        ),
        (
            |f| outcome(f).stdout_bytes = 2,
            "case-001: its stdout is not as long as its outcome says (outcome-contradicts)",
        ),
        (
            |f| outcome(f).stdout_bytes = u64::MAX,
            "case-001: its stdout is not as long as its outcome says (outcome-contradicts)",
        ),
        (
            |f| outcome(f).stderr_bytes = 1,
            "case-001: its stderr is not as long as its outcome says (outcome-contradicts)",
        ),
        (
            |f| f.stdout = Found::Missing,
            "case-001: its stdout is not as long as its outcome says (outcome-contradicts)",
        ),
        (
            |f| f.stdout = Found::Damaged("a link\u{202e}".into()),
            "case-001: its stdout is damaged: a link\\u{202e} (outcome-contradicts)",
        ),
        (
            |f| f.stderr = Found::Damaged("a FIFO".into()),
            "case-001: its stderr is damaged: a FIFO (outcome-contradicts)",
        ),
        (|f| outcome(f).usage.cpu_ms = 10_000, BEYOND),
        (|f| outcome(f).usage.wall_ms = u64::MAX, BEYOND),
        (|f| f.outcome = Found::Missing, "case-001: its outcome is missing (outcome-missing)"),
        (
            |f| f.outcome = Found::Damaged("a directory".into()),
            "case-001: its outcome is damaged: a directory (outcome-damaged)",
        ),
    ];
    for (change, oddity) in changes {
        let result = graded(&job(vec![case(0)]), |case| {
            let mut found = right(case);
            change(&mut found);
            found
        });
        assert_eq!(ruling(&result.cases[0]), (Verdict::Suspect, STUDENT, SUSPECT), "{oddity}");
        assert_eq!(words(&result), [oddity]);
    }
}

#[test]
fn more_output_than_test_may_keep_is_suspect() {
    let long = "x".repeat(usize::try_from(LIMITS.output_bytes).unwrap() + 1);
    assert_eq!(one(|case| left(case, End::Limit(LimitKind::Output), &long)).verdict, Verdict::Suspect);
}

#[test]
fn readings_between_two_looks_of_the_watcher_are_believed() {
    let case = one(|case| {
        let mut found = right(case);
        if let Found::Present(outcome) = &mut found.outcome {
            outcome.usage = Usage { wall_ms: LIMITS.wall_ms + 20, ..USAGE };
        }
        found
    });
    assert_eq!(case.verdict, Verdict::Passed);
}

#[test]
fn an_outcome_of_a_stage_that_did_not_run_is_suspect() {
    let mut job = job(vec![case(0)]);
    job.stages[2] = stage(Stage::Test, StageStatus::Omitted, None);
    assert_eq!(graded(&job, right).cases[0].verdict, Verdict::Suspect);
}

#[test]
fn finished_cases_survive_a_stage_that_was_killed() {
    for (status, exit, fault, reason) in [
        (
            StageStatus::Failed,
            Some(137),
            STUDENT,
            "the stage `test` was killed, because it used more time, memory or disk than a stage may",
        ),
        (StageStatus::Failed, Some(10), STUDENT, "the stage `test` could not work with the submission"),
        (StageStatus::Failed, Some(21), AUTHOR, "the stage `test` could not work with the assignment"),
        (StageStatus::Failed, Some(30), SYSTEM, "the stage `test` failed"),
        (StageStatus::Failed, Some(134), SYSTEM, "the stage `test` failed"),
        (StageStatus::Failed, None, SYSTEM, "the stage `test` was stopped before it could end"),
        (StageStatus::Error, None, SYSTEM, "the stage `test` could not be run"),
        (StageStatus::Omitted, None, SYSTEM, "the stage `test` was not run"),
        (StageStatus::Skipped, None, SYSTEM, "the stage `test` was not run"),
    ] {
        for nothing in [Found::Missing, Found::Damaged("half a document".into())] {
            let mut job = job(vec![case(0), case(1)]);
            job.stages[2] = stage(Stage::Test, status, exit);
            let left_out = job.was_left_out(Stage::Test);
            let result = graded(&job, |case| {
                let lost = left_out || case.name.ends_with('1');
                let outcome = if lost { nothing.clone() } else { right(case).outcome };
                CaseEvidence { outcome, ..right(case) }
            });
            assert_eq!(ruling(&result.cases[1]), (Verdict::NotRun, fault, reason));
            assert_eq!(result.conclusion.points, if left_out { Points::ZERO } else { points("2") });
        }
    }
    let mut unknown = job(vec![case(0)]);
    unknown.stages.truncate(2);
    let result = graded(&unknown, |case| CaseEvidence { outcome: Found::Missing, ..right(case) });
    let reason = "the stage `test` did not report how it ended";
    assert_eq!(ruling(&result.cases[0]), (Verdict::NotRun, SYSTEM, reason));
}

/// A stage whose pod ended so, by what the cluster tells.
fn ended_by(of: Stage, exit: Option<u8>, cause: Cause) -> StageEnd {
    StageEnd { cause, ..stage(of, StageStatus::Failed, exit) }
}

#[test]
fn the_cause_decides_verdict_and_fault_of_what_a_pods_end_broke_off() {
    for (cause, exit, verdict, fault) in [
        (Cause::OutOfMemory, Some(137), Verdict::MemoryLimit, STUDENT),
        (Cause::OverDisk, Some(137), Verdict::OutputLimit, STUDENT),
        (Cause::OverDisk, None, Verdict::OutputLimit, STUDENT),
        (Cause::Deadline, Some(137), Verdict::NotRun, SYSTEM),
        (Cause::Evicted, Some(137), Verdict::NotRun, SYSTEM),
        (Cause::Deleted, None, Verdict::NotRun, SYSTEM),
        (Cause::Killed, Some(143), Verdict::NotRun, SYSTEM),
        (Cause::Image, None, Verdict::NotRun, AUTHOR),
        (Cause::NotStarted, None, Verdict::NotRun, SYSTEM),
        (Cause::Lost, Some(137), Verdict::NotRun, SYSTEM),
        (Cause::Other, Some(137), Verdict::NotRun, SYSTEM),
    ] {
        let reason = |stage| format!("the stage `{stage}` {}", cause.sentence());
        let mut testing = job(vec![case(0), case(1), case(2)]);
        testing.stages[2] = ended_by(Stage::Test, exit, cause);
        let result = graded(&testing, |case| match case.name.ends_with('0') {
            true => right(case),
            false => CaseEvidence { outcome: Found::Missing, ..right(case) },
        });
        assert_eq!(ruling(&result.cases[0]), (Verdict::Passed, None, ""), "it had finished");
        assert_eq!(ruling(&result.cases[1]), (verdict, fault, reason("test").as_str()));
        assert_eq!(ruling(&result.cases[2]), (Verdict::NotRun, fault, reason("test").as_str()));
        assert_eq!((result.conclusion.verdict, result.conclusion.fault), (verdict, fault));
        assert_eq!(result.conclusion.points, points("2"));

        let mut building = Job { build: Found::Missing, ..job(vec![case(0), case(1)]) };
        building.stages[1] = ended_by(Stage::Verify, exit, cause);
        assert_eq!(stopped(&building), (verdict, fault, reason("verify")));
    }
}

#[test]
fn what_was_broken_off_is_the_first_in_the_order_of_running() {
    // Shown cases run first, wherever they stand.
    let mut hidden = case(0);
    hidden.show = Show::Nothing;
    let mut job = job(vec![hidden, case(1)]);
    job.stages[2] = ended_by(Stage::Test, Some(137), Cause::OutOfMemory);
    let result = graded(&job, |case| CaseEvidence { outcome: Found::Missing, ..right(case) });
    let verdicts: Vec<_> = result.cases.iter().map(|case| (case.id.as_str(), case.verdict)).collect();
    assert_eq!(verdicts, [("case-001", Verdict::NotRun), ("case-002", Verdict::MemoryLimit)]);
    assert_eq!(result.conclusion.verdict, Verdict::MemoryLimit);
}

#[test]
fn the_tools_own_word_comes_before_the_clusters() {
    let mut job = Job { build: Found::Missing, ..job(vec![case(0)]) };
    job.stages[1] = ended_by(Stage::Verify, Some(21), Cause::OutOfMemory);
    let reason = "the stage `verify` could not work with the assignment".to_owned();
    assert_eq!(stopped(&job), (Verdict::NotRun, AUTHOR, reason));
}

#[test]
fn setup_is_never_broken_by_a_student() {
    for cause in Cause::ALL {
        let mut job = job(vec![case(0)]);
        job.setup = Setup::Failed;
        job.stages[0] = ended_by(Stage::Setup, Some(137), *cause);
        assert_eq!(stopped(&job).1, SYSTEM, "{cause}");
    }
}

#[test]
fn answers_that_cannot_be_used_are_the_authors_fault_and_are_not_quoted() {
    let pattern = |case: &AnswerCase| CaseEvidence {
        expected: Found::Present(b"secret(".to_vec()),
        ..left(case, End::Exited(0), "x")
    };
    let missing = |case: &AnswerCase| CaseEvidence { expected: Found::Missing, ..right(case) };
    let found: [&dyn Fn(&AnswerCase) -> CaseEvidence; 2] = [&pattern, &missing];
    for found in found {
        let mut planned = case(0);
        planned.compare = Compare::Regex;
        let result = graded(&job(vec![planned]), found);
        let reason = "its expected output cannot be used; this is not your fault";
        assert_eq!(ruling(&result.cases[0]), (Verdict::NotRun, AUTHOR, reason));
        assert_eq!(result.oddities.len(), 1);
    }
}

#[test]
fn a_refused_submission_stops_the_job_however_its_stages_ended() {
    let mut job = job(vec![case(0), case(1)]);
    job.oddities = vec![Oddity::new(OddityCode::EntriesIgnored, "of Setup")];
    job.setup = Setup::Refused(Refusal { code: "too-late\u{7}".into(), message: "it is late".into() });
    let expected = (Verdict::Refused, STUDENT, "the submission was refused: too-late\\x07".to_owned());
    assert_eq!(stopped(&job), expected);
    let result = graded(&job, right);
    assert_eq!(result.refusal.map(|refusal| refusal.message).as_deref(), Some("it is late"));
    assert_eq!(result.oddities, job.oddities, "what Setup found is handed on");
    job.stages.clear();
    assert_eq!(stopped(&job), expected);
    job.answers = Found::Missing;
    assert_eq!(stopped(&job), expected);
}

#[test]
fn a_setup_that_failed_is_the_systems_fault() {
    let good = job(vec![case(0)]);
    let mut failed = good.clone();
    failed.setup = Setup::Failed;
    let mut killed = good.clone();
    killed.stages[0] = stage(Stage::Setup, StageStatus::Failed, Some(137));
    let mut unknown = good;
    unknown.stages.clear();
    for job in [failed, killed, unknown] {
        let (verdict, fault, _) = stopped(&job);
        assert_eq!((verdict, fault), (Verdict::NotRun, SYSTEM));
    }
}

#[test]
fn answers_of_another_revision_are_not_used() {
    let good = answers(vec![case(0)]);
    let large = || AnswerCase { points: Points::MAX, ..case(0) };
    let second = AnswerCase { id: CaseId::at(1), ..large() };
    let broken = [
        Found::Missing,
        Found::Damaged("no JSON".into()),
        Found::Present(Answers { revision: digest('0'), ..good.clone() }),
        Found::Present(Answers { api_version: "assay.dev/v2".into(), ..good }),
        Found::Present(answers(vec![case(0), case(0)])),
        Found::Present(answers(vec![large(), second])),
    ];
    for answers in broken {
        let job = Job { answers, ..job(Vec::new()) };
        let (verdict, fault, _) = stopped(&job);
        assert_eq!((verdict, fault), (Verdict::NotRun, SYSTEM));
        let result = graded(&job, no_evidence);
        assert_eq!((result.cases.len(), result.oddities.len()), (0, 1));
        assert_eq!((result.conclusion.title.as_str(), result.conclusion.max_points), ("", Points::ZERO));
    }
}

#[test]
fn a_build_that_failed_stops_the_job_and_says_why() {
    use BuildEnd::{Failed, Missing};
    let names = |range: std::ops::Range<u32>| range.map(|n| format!("f{n}.c")).collect();
    for (end, verdict, fault, reason) in [
        (Missing(vec!["wc.c\n".into()]), Verdict::Refused, STUDENT, "required files are missing: wc.c\\n"),
        (
            Missing(names(0..9)),
            Verdict::Refused,
            STUDENT,
            "required files are missing: f0.c, f1.c, f2.c, f3.c, f4.c, and 4 more",
        ),
        (Failed(End::Exited(1)), Verdict::BuildFailed, STUDENT, "the build ended with status 1"),
        (
            BuildEnd::Unusable("a \u{1b}fifo".into()),
            Verdict::BuildFailed,
            STUDENT,
            "what the build left cannot be used: a \\x1bfifo",
        ),
        (Failed(End::Exited(0)), Verdict::BuildFailed, STUDENT, "what the build left cannot be used"),
        (
            Failed(End::Signalled(6)),
            Verdict::BuildFailed,
            STUDENT,
            "the build was ended by SIGABRT (it gave up itself, for example by `abort` or a failed assertion)",
        ),
        (
            Failed(End::Limit(LimitKind::Memory)),
            Verdict::BuildFailed,
            STUDENT,
            "the build used more memory than allowed",
        ),
        (
            Failed(End::NotStarted("gcc: no such file".into())),
            Verdict::BuildFailed,
            AUTHOR,
            "the assignment's build command cannot be started: gcc: no such file",
        ),
        (
            Failed(End::Unconfined("no seccomp".into())),
            Verdict::NotRun,
            SYSTEM,
            "the build cannot be isolated here: no seccomp",
        ),
    ] {
        let job = Job { build: build(end), ..job(vec![case(0), case(1)]) };
        assert_eq!(stopped(&job), (verdict, fault, reason.to_owned()));
        let result = graded(&job, no_evidence);
        let build = result.build.unwrap();
        assert_eq!((build.passed, build.reason.as_str(), build.log.as_str()), (false, reason, "ok\n"));
    }
}

#[test]
fn a_build_without_an_outcome_is_judged_by_how_verify_ended() {
    for nothing in [Found::Missing, Found::Damaged("a link".into())] {
        let mut job = Job { build: nothing, ..job(vec![case(0)]) };
        assert_eq!(stopped(&job), (Verdict::Suspect, STUDENT, SUSPECT.to_owned()));
        job.stages[1] = stage(Stage::Verify, StageStatus::Failed, Some(137));
        assert_eq!(stopped(&job).1, STUDENT);
        job.stages[1] = stage(Stage::Verify, StageStatus::Error, None);
        assert_eq!(stopped(&job).1, SYSTEM);
    }
    let mut job = job(vec![case(0)]);
    job.stages[1] = stage(Stage::Verify, StageStatus::Skipped, None);
    assert_eq!(stopped(&job).0, Verdict::Suspect);
}

#[test]
fn a_log_of_another_length_is_odd_and_costs_nothing() {
    let job = Job {
        build_log: Found::Present(BuildLog { bytes: 11, end: b"forged log\n".to_vec() }),
        ..job(vec![case(0)])
    };
    let result = graded(&job, right);
    assert_eq!(result.conclusion.points, points("2"));
    assert_eq!(
        words(&result),
        ["the build's log is not as long as the build's outcome says (log-contradicts)"]
    );
}

#[test]
fn lateness_takes_off_a_part_of_the_sum() {
    let mut job = job(vec![case(0), case(1)]);
    job.late_seconds = 86_401;
    let result = graded(&job, right);
    assert_eq!(result.conclusion.penalty_basis_points, 2_000);
    assert_eq!(result.conclusion.points, points("3.2"));
    assert_eq!(result.cases[0].points, points("2"), "a case's points are before the penalty");
}

#[test]
fn the_weaker_confinement_is_reported() {
    let said = |abi, lacks: &str| {
        Found::Present(Confinement {
            kernel: "6.12\u{1b}[0m".into(),
            landlock_abi: abi,
            lacks: vec!["network".into(), lacks.into()],
        })
    };
    let mut job = job(vec![case(0)]);
    job.verify_confinement = said(7, "network");
    job.test_confinement = said(3, "cgroups");
    let expected = Confinement {
        kernel: "6.12\\x1b[0m".into(),
        landlock_abi: 3,
        lacks: vec!["network".into(), "cgroups".into()],
    };
    assert_eq!(graded(&job, right).confinement, Some(expected));
    job.verify_confinement = Found::Missing;
    job.test_confinement = Found::Damaged("a socket".into());
    let result = graded(&job, right);
    assert_eq!(result.confinement, None);
    assert_eq!(
        words(&result),
        ["what test says of its confinement is damaged: a socket (confinement-damaged)"]
    );
}

#[test]
fn a_result_of_many_cases_with_much_output_stays_small() {
    let cases: Vec<AnswerCase> = (0..2_000).map(case).collect();
    let result = grade(&job(cases), |case| left(case, End::Signalled(9), &"0123456789\n".repeat(3_000)));
    let size: usize = result.cases.iter().map(|case| case.evidence.stdout.len()).sum();
    assert!(size < 4 << 20, "{size}");
}

/// Ends of cases, by what they wrote.
fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        3 => Just(End::Exited(0)),
        1 => any::<u8>().prop_map(End::Exited),
        1 => any::<u8>().prop_map(End::Signalled),
        1 => Just(End::Limit(LimitKind::Memory)),
    ]
}

fn plan() -> impl Strategy<Value = Vec<(AnswerCase, End, bool)>> {
    let row = (0_u32..1_000_000, end(), any::<bool>());
    proptest::collection::vec(row, 0..12).prop_map(|rows| {
        let planned = |(index, (thousandths, end, right))| {
            let points = Points::from_thousandths(thousandths).unwrap();
            (AnswerCase { points, ..case(index) }, end, right)
        };
        rows.into_iter().enumerate().map(planned).collect()
    })
}

fn grade_plan(plan: &[(AnswerCase, End, bool)], late_seconds: u64) -> PrivateResult {
    let cases = plan.iter().map(|(case, ..)| case.clone()).collect();
    grade(&Job { late_seconds, ..job(cases) }, |case| {
        let (_, end, right) = plan.iter().find(|(planned, ..)| planned.id == case.id).unwrap();
        left(case, end.clone(), if *right { "42\n" } else { "41\n" })
    })
}

proptest! {
    #[test]
    fn marks_are_the_sum_of_the_cases_that_passed(plan in plan(), late_seconds in 0_u64..1_000_000) {
        let result = grade_plan(&plan, late_seconds);
        let passed = plan.iter().filter(|(_, end, right)| *end == End::Exited(0) && *right);
        let sum: u64 = passed.map(|(case, ..)| u64::from(case.points.thousandths())).sum();
        let kept = 10_000 - u64::from(result.conclusion.penalty_basis_points);
        let marks = u64::from(result.conclusion.points.thousandths());
        prop_assert_eq!(marks, (sum * kept + 5_000) / 10_000);
        prop_assert!(result.conclusion.points <= result.conclusion.max_points);
        let all_passed = result.cases.iter().all(|case| case.verdict == Verdict::Passed);
        prop_assert_eq!(result.conclusion.verdict == Verdict::Passed, all_passed);
        prop_assert_eq!(result.conclusion.fault.is_none(), all_passed);
    }

    #[test]
    fn the_order_of_cases_changes_no_marks(
        (plan, shuffled) in plan().prop_flat_map(|plan| (Just(plan.clone()), Just(plan).prop_shuffle())),
    ) {
        let (result, other) = (grade_plan(&plan, 0), grade_plan(&shuffled, 0));
        prop_assert_eq!(result.conclusion.points, other.conclusion.points);
        prop_assert_eq!(result.conclusion.max_points, other.conclusion.max_points);
        for case in &result.cases {
            prop_assert!(other.cases.contains(case));
        }
    }

    #[test]
    fn any_bytes_are_graded_without_a_panic(
        stdout in any::<Vec<u8>>(), stderr in any::<Vec<u8>>(), stdout_bytes in 0_u64..40, wall_ms in any::<u64>(),
    ) {
        let result = grade(&job(vec![case(0)]), |case| {
            let mut found = right(case);
            if let Found::Present(outcome) = &mut found.outcome {
                outcome.stdout_bytes = stdout_bytes;
                outcome.usage.wall_ms = wall_ms;
            }
            CaseEvidence { stdout: Found::Present(stdout.clone()), stderr: Found::Present(stderr.clone()), ..found }
        });
        prop_assert_eq!(result.cases[0].points > Points::ZERO, result.cases[0].verdict == Verdict::Passed);
    }
}
