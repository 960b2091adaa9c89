//! Jobs of any kind: mostly well, with lies in some places, so that each check is reached.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use arbitrary::{Arbitrary as _, Result, Unstructured};
use assay_contract::answers::{
    AnswerCase, Answers, Compare, ExpectedExit, LatePenalty, Mode, Show, ShowFrom,
};
use assay_contract::outcome::{BuildEnd, BuildOutcome, CaseOutcome, Confinement, End, LimitKind, Usage};
use assay_contract::result::{Refusal, StageEnd, StageStatus};
use assay_contract::{
    API_VERSION, AssignmentId, CaseId, Cause, Digest, JobId, Limits, Oddity, OddityCode, Points, Stage,
    StudentId,
};
use assay_score::{BuildLog, CaseEvidence, Found, Job, Setup};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::edit::{Edit, apply};
use crate::text;

const LIMITS: Limits = Limits {
    cpu_ms: 1_000,
    wall_ms: 3_000,
    memory_bytes: 64 << 20,
    processes: 1,
    output_bytes: 64 << 10,
    disk_bytes: 1 << 20,
};

/// A job and what was found of it.
pub(super) struct Given {
    pub(super) job: Job,
    pub(super) found: Vec<CaseEvidence>,
}

/// The mark of one text of one case. No damage to one makes another of it.
pub(super) fn word(field: &str, canary: &str, id: &CaseId) -> String {
    let mut hasher = DefaultHasher::new();
    (field, canary, id.to_string()).hash(&mut hasher);
    format!("q{:016x}q", hasher.finish())
}

impl Given {
    /// The job that an input describes; `canary` is in no input.
    pub(super) fn read(u: &mut Unstructured<'_>, canary: &str) -> Result<Given> {
        let digest = |digit: &str| Digest::new(digit.repeat(64)).unwrap();
        let mut cases = Vec::new();
        let mut found = Vec::new();
        for index in 0..u.int_in_range(0..=4)? {
            let case = case(u, index, canary)?;
            found.push(evidence(u, &case, canary)?);
            cases.push(case);
        }
        let assignment = AssignmentId::new("c/a").unwrap();
        let answers = Answers {
            api_version: API_VERSION.into(),
            assignment: assignment.clone(),
            revision: digest(if u.ratio(1, 32)? { "e" } else { "a" }),
            title: "Word count".into(),
            mode: Mode::Sealed,
            late: LatePenalty {
                basis_points: u.int_in_range(0..=12_000)?,
                per_seconds: u.arbitrary::<u16>()?.into(),
            },
            cases,
        };
        let confinement = Confinement {
            kernel: text::hostile(u)?,
            landlock_abi: u.arbitrary()?,
            lacks: vec![text::hostile(u)?],
        };
        let log: Vec<u8> = bytes(u)?;
        let build = BuildOutcome {
            api_version: if u.ratio(1, 32)? { text::hostile(u)? } else { API_VERSION.into() },
            end: match u.int_in_range(0..=11_u8)? {
                0 => BuildEnd::Missing(vec![text::hostile(u)?; u.int_in_range(0..=9)?]),
                1 => BuildEnd::Failed(end(u, "of the build")?),
                2 => BuildEnd::Unusable(text::hostile(u)?),
                _ => BuildEnd::Built,
            },
            usage: usage(u)?,
            log_bytes: if u.ratio(1, 16)? { u.arbitrary()? } else { log.len() as u64 },
        };
        let job = Job {
            job: JobId::new("j-1").unwrap(),
            assignment,
            revision: digest("a"),
            student: StudentId::new("ada").unwrap(),
            digest: digest("b"),
            handed_in: "2026-03-16T12:59:00Z".into(),
            late_seconds: u.arbitrary::<u32>()?.into(),
            due_passed: u.arbitrary()?,
            setup: match u.int_in_range(0..=15_u8)? {
                0 => Setup::Refused(Refusal { code: "too-late".into(), message: "it is late".into() }),
                1 => Setup::Failed,
                _ => Setup::Accepted,
            },
            oddities: vec![Oddity::new(OddityCode::EntriesIgnored, "of Setup")],
            stages: stages(u)?,
            answers: if u.ratio(1, 32)? {
                Found::Damaged(text::hostile(u)?)
            } else {
                Found::Present(answers)
            },
            build: document(u, &build)?,
            build_log: if u.ratio(1, 16)? {
                Found::Damaged(text::hostile(u)?)
            } else {
                Found::Present(BuildLog { bytes: log.len() as u64, end: log })
            },
            verify_confinement: document(u, &confinement)?,
            test_confinement: document(u, &confinement)?,
        };
        Ok(Given { job, found })
    }
}

/// Bytes, now and then many.
fn bytes(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut bytes: Vec<u8> = match u.int_in_range(0..=3_u8)? {
        0 => text::hostile(u)?.into_bytes(),
        1 => b"1 2.50 -3e4\nword\n".to_vec(),
        _ => u.arbitrary()?,
    };
    if u.ratio(1, 16)? {
        bytes = bytes.repeat(u.int_in_range(1..=2_000)?);
        bytes.truncate(80 << 10);
    }
    Ok(bytes)
}

/// What is found of a document: the bytes that were left go through the parser, as in the stage.
fn document<T: Serialize + DeserializeOwned>(u: &mut Unstructured<'_>, honest: &T) -> Result<Found<T>> {
    let mut bytes = match u.int_in_range(0..=23_u8)? {
        0 => return Ok(Found::Missing),
        1 => u.arbitrary()?,
        _ => serde_json::to_vec(honest).unwrap(),
    };
    if u.ratio(1, 8)? {
        apply(&mut bytes, &Vec::<Edit>::arbitrary(u)?);
    }
    Ok(match serde_json::from_slice(&bytes) {
        Ok(document) => Found::Present(document),
        Err(error) => Found::Damaged(format!("`outcome.json` is not the document it should be: {error}")),
    })
}

fn usage(u: &mut Unstructured<'_>) -> Result<Usage> {
    if u.ratio(1, 8)? {
        return Ok(Usage { cpu_ms: u.arbitrary()?, wall_ms: u.arbitrary()?, memory_bytes: u.arbitrary()? });
    }
    Ok(Usage { cpu_ms: 12, wall_ms: 15, memory_bytes: 3 << 20 })
}

fn end(u: &mut Unstructured<'_>, marked: &str) -> Result<End> {
    use LimitKind::{Cpu, Disk, Memory, Output, Processes, Wall};
    Ok(match u.int_in_range(0..=9_u8)? {
        0 => End::Signalled(u.arbitrary()?),
        1 => End::Limit(*u.choose(&[Cpu, Wall, Memory, Processes, Output, Disk])?),
        2 => End::NotStarted(format!("{}{marked}", text::hostile(u)?)),
        3 => End::Unconfined(format!("{}{marked}", text::hostile(u)?)),
        4 => End::Exited(u.arbitrary()?),
        _ => End::Exited(0),
    })
}

fn stages(u: &mut Unstructured<'_>) -> Result<Vec<StageEnd>> {
    let mut ends = Vec::new();
    for stage in [Stage::Setup, Stage::Verify, Stage::Test] {
        if u.ratio(1, 12)? {
            let (status, cause) = (*u.choose(&StageStatus::ALL)?, *u.choose(Cause::ALL)?);
            ends.push(StageEnd { stage, status, exit: u.arbitrary()?, cause });
        } else {
            ends.push(StageEnd { stage, status: StageStatus::Succeeded, exit: Some(0), cause: Cause::None });
        }
    }
    Ok(ends)
}

fn case(u: &mut Unstructured<'_>, index: usize, canary: &str) -> Result<AnswerCase> {
    let id = CaseId::at(if u.ratio(1, 64)? { 0 } else { index });
    let tolerances = [0.0, 1e-6, 0.01, 1.0, 1e300, -1.0];
    Ok(AnswerCase {
        name: word("name", canary, &id),
        group: if u.arbitrary()? { Some("group".into()) } else { None },
        points: Points::from_thousandths(u.int_in_range(0..=Points::MAX.thousandths())?).unwrap(),
        compare: match u.int_in_range(0..=4_u8)? {
            0 => Compare::Exact,
            1 => Compare::Trimmed,
            2 => Compare::Tokens,
            3 => Compare::Numeric { absolute: *u.choose(&tolerances)?, relative: *u.choose(&tolerances)? },
            _ => Compare::Regex,
        },
        stdout: if u.ratio(1, 8)? { None } else { Some(Digest::new("e".repeat(64)).unwrap()) },
        exit: match u.int_in_range(0..=3_u8)? {
            0 => ExpectedExit::Any,
            1 => ExpectedExit::Status(u.arbitrary()?),
            _ => ExpectedExit::Status(0),
        },
        show: *u.choose(&[Show::Nothing, Show::Verdict, Show::Output, Show::Diff])?,
        from: if u.arbitrary()? { ShowFrom::Start } else { ShowFrom::Due },
        stdin: if u.arbitrary()? { Some(Digest::new("f".repeat(64)).unwrap()) } else { None },
        args: vec![word("args", canary, &id)],
        limits: LIMITS,
        id,
    })
}

fn evidence(u: &mut Unstructured<'_>, case: &AnswerCase, canary: &str) -> Result<CaseEvidence> {
    let marked = |u: &mut Unstructured<'_>, field: &str| -> Result<Vec<u8>> {
        let mut bytes = bytes(u)?;
        if u.arbitrary()? {
            bytes.extend_from_slice(format!("\n{}\n", word(field, canary, &case.id)).as_bytes());
        }
        Ok(bytes)
    };
    let mut right = marked(u, "expected")?;
    let mut expected = right.clone();
    if case.compare == Compare::Regex {
        // A pattern for exactly this text.
        right = String::from_utf8_lossy(&right).into_owned().into_bytes();
        expected = regex::escape(std::str::from_utf8(&right).unwrap()).into_bytes();
    }
    let stdout = if u.ratio(1, 3)? {
        apply_now_and_then(u, &mut right)?;
        right
    } else {
        marked(u, "stdout")?
    };
    let stderr = marked(u, "stdout")?;
    let mut length = |bytes: &[u8]| -> Result<u64> {
        if u.ratio(1, 8)? { u.int_in_range(0..=2 * bytes.len() as u64) } else { Ok(bytes.len() as u64) }
    };
    let (stdout_bytes, stderr_bytes) = (length(&stdout)?, length(&stderr)?);
    let honest = CaseOutcome {
        api_version: if u.ratio(1, 32)? { text::hostile(u)? } else { API_VERSION.into() },
        id: if u.ratio(1, 32)? { CaseId::at(7) } else { case.id.clone() },
        end: end(u, &word("end", canary, &case.id))?,
        usage: usage(u)?,
        stdout_bytes,
        stderr_bytes,
    };
    let outcome = document(u, &honest)?;
    let mut found = |bytes: Vec<u8>| -> Result<Found<Vec<u8>>> {
        Ok(match u.int_in_range(0..=31_u8)? {
            0 => Found::Missing,
            1 => Found::Damaged(text::hostile(u)?),
            _ => Found::Present(bytes),
        })
    };
    Ok(CaseEvidence {
        outcome,
        stdout: found(stdout)?,
        stderr: found(stderr)?,
        stdin: found(format!("six by nine\n{}\n", word("stdin", canary, &case.id)).into_bytes())?,
        expected: found(expected)?,
    })
}

fn apply_now_and_then(u: &mut Unstructured<'_>, bytes: &mut Vec<u8>) -> Result<()> {
    if u.arbitrary()? {
        apply(bytes, &Vec::<Edit>::arbitrary(u)?);
    }
    Ok(())
}
