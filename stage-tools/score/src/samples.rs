//! Jobs, cases and what is found of them, for tests: everything well unless a test changes it.

use assay_contract::answers::{
    AnswerCase, Answers, Compare, ExpectedExit, LatePenalty, Mode, Show, ShowFrom,
};
use assay_contract::outcome::{BuildEnd, BuildOutcome, CaseOutcome, Confinement, End, Usage};
use assay_contract::result::{StageEnd, StageStatus};
use assay_contract::{
    API_VERSION, AssignmentId, CaseId, Cause, Digest, JobId, Limits, Points, Stage, StudentId,
};

use crate::{BuildLog, CaseEvidence, Found, Job, Setup};

pub(crate) const LIMITS: Limits = Limits {
    cpu_ms: 1_000,
    wall_ms: 3_000,
    memory_bytes: 64 << 20,
    processes: 1,
    output_bytes: 1 << 20,
    disk_bytes: 1 << 20,
};

pub(crate) const USAGE: Usage = Usage { cpu_ms: 12, wall_ms: 15, memory_bytes: 3 << 20 };

pub(crate) fn digest(digit: char) -> Digest {
    Digest::new(digit.to_string().repeat(64)).unwrap()
}

pub(crate) fn points(text: &str) -> Points {
    text.parse().unwrap()
}

/// The case at `index`: worth 2 points, shown in full, expecting the output "42\n" and status 0.
pub(crate) fn case(index: usize) -> AnswerCase {
    AnswerCase {
        id: CaseId::at(index),
        name: format!("case number {index}"),
        group: None,
        points: points("2"),
        compare: Compare::Exact,
        stdout: Some(digest('e')),
        exit: ExpectedExit::Status(0),
        show: Show::Diff,
        from: ShowFrom::Start,
        stdin: Some(digest('f')),
        args: vec!["-l".into()],
        limits: LIMITS,
    }
}

pub(crate) fn answers(cases: Vec<AnswerCase>) -> Answers {
    Answers {
        api_version: API_VERSION.into(),
        assignment: AssignmentId::new("comp10002/wordcount").unwrap(),
        revision: digest('a'),
        title: "Word count".into(),
        mode: Mode::Sealed,
        late: LatePenalty { basis_points: 1_000, per_seconds: 86_400 },
        cases,
    }
}

pub(crate) fn stage(stage: Stage, status: StageStatus, exit: Option<u8>) -> StageEnd {
    StageEnd { stage, status, exit, cause: Cause::None }
}

pub(crate) fn build(end: BuildEnd) -> Found<BuildOutcome> {
    Found::Present(BuildOutcome { api_version: API_VERSION.into(), end, usage: USAGE, log_bytes: 3 })
}

pub(crate) fn job(cases: Vec<AnswerCase>) -> Job {
    let succeeded = |of| stage(of, StageStatus::Succeeded, Some(0));
    let confinement = Confinement { kernel: "6.12.0".into(), landlock_abi: 7, lacks: Vec::new() };
    Job {
        job: JobId::new("wordcount-k3x9").unwrap(),
        assignment: AssignmentId::new("comp10002/wordcount").unwrap(),
        revision: digest('a'),
        student: StudentId::new("ada").unwrap(),
        digest: digest('b'),
        handed_in: "2026-03-16T12:59:00Z".into(),
        late_seconds: 0,
        due_passed: false,
        setup: Setup::Accepted,
        oddities: Vec::new(),
        stages: vec![succeeded(Stage::Setup), succeeded(Stage::Verify), succeeded(Stage::Test)],
        answers: Found::Present(answers(cases)),
        build: build(BuildEnd::Built),
        build_log: Found::Present(BuildLog { bytes: 3, end: b"ok\n".to_vec() }),
        verify_confinement: Found::Present(confinement.clone()),
        test_confinement: Found::Present(confinement),
    }
}

/// What Test leaves of a case that ended so and wrote this.
pub(crate) fn left(case: &AnswerCase, end: End, stdout: &str) -> CaseEvidence {
    CaseEvidence {
        outcome: Found::Present(CaseOutcome {
            api_version: API_VERSION.into(),
            id: case.id.clone(),
            end,
            usage: USAGE,
            stdout_bytes: stdout.len() as u64,
            stderr_bytes: 0,
        }),
        stdout: Found::Present(stdout.as_bytes().to_vec()),
        stderr: Found::Missing,
        stdin: Found::Present(b"six by nine\n".to_vec()),
        expected: Found::Present(b"42\n".to_vec()),
    }
}

pub(crate) fn right(case: &AnswerCase) -> CaseEvidence {
    left(case, End::Exited(0), "42\n")
}
