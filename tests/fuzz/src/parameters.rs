//! Small facts, as they travel through parameters, command lines, files and paths: what is accepted is of the form that
//! is promised, reads back as itself, and leads nowhere.
//!
//! The first byte decides: a name or number, an output file of a stage, or the command line of one.

use std::path::{Component, Path};
use std::str::FromStr;

use arbitrary::{Result, Unstructured};
use assay_contract::facts::{self, Fact, NONE, Output};
use assay_contract::{AssignmentId, CaseId, Digest, JobId, Points, Stage, StudentId, layout};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::args::{FinaliseFacts, JobFacts, ResultsFacts};
use crate::error::StageError;
use crate::local_facts::believed;
use crate::text;

/// Checks one input.
pub fn check(data: &[u8]) {
    let Some((mode, rest)) = data.split_first() else { return };
    match mode % 3 {
        0 => names(&String::from_utf8_lossy(rest)),
        1 => outputs(rest),
        _ => drop(command_line(&mut Unstructured::new(rest))),
    }
}

fn names(text: &str) {
    let assignment: Option<AssignmentId> = name(text, |text| {
        text.split('/').count() == 2 && text.split('/').zip([20, 30]).all(|(part, most)| is_label(part, most))
    });
    let student: Option<StudentId> =
        name(text, |text| is_label(text, 63) && text != "answers" && text != "gradebook");
    let job: Option<JobId> = name(text, |text| is_label(text, 63));
    let digest: Option<Digest> = name(text, |text| text.len() == 64 && text.bytes().all(is_hex));
    let case: Option<CaseId> = name(text, |text| {
        let digits = text.strip_prefix("case-").unwrap_or_default();
        text.starts_with("case-")
            && (3..=5).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
    });
    paths(assignment, student, job, digest, case);
    points(text);
}

fn is_label(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_hex(b: u8) -> bool {
    matches!(b, b'0'..=b'9' | b'a'..=b'f')
}

/// A name is accepted wherever it comes from, or nowhere; by a rule written down a second time here.
fn name<T>(text: &str, rule: impl Fn(&str) -> bool) -> Option<T>
where
    T: FromStr + ToString + Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let read = text.parse::<T>().ok();
    assert_eq!(read.is_some(), rule(text), "{text:?}");
    let json = serde_json::to_string(text).unwrap();
    let document = serde_json::from_str::<T>(&json).ok();
    assert_eq!(document, read, "{text:?}");
    if let Some(read) = &read {
        assert_eq!(read.to_string(), text);
        assert_eq!(serde_json::to_string(read).unwrap(), json);
    }
    read
}

/// Whatever names are accepted, their paths stay below the volume.
fn paths(
    assignment: Option<AssignmentId>,
    student: Option<StudentId>,
    job: Option<JobId>,
    digest: Option<Digest>,
    case: Option<CaseId>,
) {
    let assignment = assignment.unwrap_or_else(|| AssignmentId::new("c/a").unwrap());
    let student = student.unwrap_or_else(|| StudentId::new("ada").unwrap());
    let job = job.unwrap_or_else(|| JobId::new("j-1").unwrap());
    let digest = digest.unwrap_or_else(|| Digest::new("0".repeat(64)).unwrap());
    let case = case.unwrap_or_else(|| CaseId::at(0));
    for path in [
        layout::assignment_dir(&assignment),
        layout::revision_dir(&assignment, &digest),
        layout::answers_dir(&assignment, &digest),
        layout::snapshots_dir(&assignment, &student),
        layout::snapshot(&job),
        layout::snapshot_receipt(&job),
        layout::job_dir(&assignment, &student, &job),
        layout::gradebook_dir(&assignment),
        layout::gradebook_entry(&job),
        layout::student_job_dir(&assignment, &job),
        layout::outbox(&digest),
        layout::case_dir(&case),
    ] {
        assert!(Path::new(&path).components().all(|part| matches!(part, Component::Normal(_))), "{path}");
        assert!(!path.contains("//") && path.bytes().all(|b| b.is_ascii_graphic()), "{path}");
    }
    // A student's folder is never the answers' or the gradebook's.
    let own = layout::job_dir(&assignment, &student, &job);
    for other in [layout::answers_dir(&assignment, &digest), layout::gradebook_dir(&assignment)] {
        assert!(
            !Path::new(&own).starts_with(&other) && !Path::new(&other).starts_with(&own),
            "{own} {other}"
        );
    }
}

fn points(text: &str) {
    if let Ok(points) = text.parse::<Points>() {
        assert!(points <= Points::MAX);
        assert_eq!(points.to_string().parse::<Points>(), Ok(points));
        let json = serde_json::to_string(&points).unwrap();
        assert_eq!(json, points.to_string());
        assert_eq!(serde_json::from_str::<Points>(&json).unwrap(), points);
        let number: f64 = text.parse().unwrap();
        assert!((number * 1_000.0 - f64::from(points.thousandths())).abs() < 0.001, "{text}");
    }
    if let Ok(points) = serde_json::from_str::<Points>(text) {
        assert!(points <= Points::MAX, "{text}");
        let number: f64 = serde_json::from_str(text).unwrap();
        assert!((number * 1_000.0 - f64::from(points.thousandths())).abs() < 0.001, "{text}");
    }
}

/// What a stage left is believed only in one form, and then the next stage takes it.
fn outputs(bytes: &[u8]) {
    for stage in Stage::ALL {
        for output in facts::outputs(stage) {
            let Some(value) = believed(*output, bytes) else { continue };
            assert!(bytes.strip_suffix(b"\n").unwrap_or(bytes) == value.as_bytes());
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
            assert!(!value.is_empty() && value.bytes().all(plain) && !value.starts_with("--"), "{value:?}");
            for told in [Stage::Results, Stage::Finalise] {
                // Where a verdict is told, the rest of a conclusion must be told too.
                let must_be_known =
                    output.stage() == Stage::Results && *output != Output::Fault && value == NONE;
                if facts::facts(told).contains(&Fact::From(*output)) && !must_be_known {
                    let mut args = good(told);
                    // Points of which there are more than can be had are the one thing that is refused later.
                    if *output == Output::Points {
                        set(&mut args, &Fact::From(Output::MaxPoints).name(), Points::MAX.to_string());
                    } else if *output == Output::MaxPoints {
                        set(&mut args, &Fact::From(Output::Points).name(), "0".into());
                    }
                    set(&mut args, &Fact::From(*output).name(), value.clone());
                    parse(told, &args).unwrap_or_else(|error| panic!("believed, and not taken: {error}"));
                }
            }
        }
    }
}

/// A command line that is accepted.
fn good(stage: Stage) -> Vec<String> {
    let value = |fact: &Fact| match fact {
        Fact::Job => "j-1",
        Fact::Assignment => "c/a",
        Fact::Revision | Fact::Digest => DIGEST,
        Fact::Student => "ada",
        Fact::HandedIn => "2026-03-16T12:59:31Z",
        Fact::Status(_) => "Succeeded",
        Fact::ExitCode(_) => "0",
        Fact::Cause(_) => NONE,
        Fact::From(output) => match output {
            Output::Outcome => "accepted",
            Output::Refusal | Output::Due | Output::Fault | Output::Network => NONE,
            Output::LateSeconds => "0",
            Output::ReceivedDigest | Output::PrivateDigest | Output::StudentDigest => DIGEST,
            Output::Verdict | Output::FinalVerdict => "passed",
            Output::Points | Output::MaxPoints | Output::FinalPoints => "6.25",
        },
    };
    facts::facts(stage)
        .iter()
        .flat_map(|fact| [format!("--{}", fact.name()), value(fact).to_owned()])
        .collect()
}

const DIGEST: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn set(args: &mut [String], name: &str, value: String) {
    let at = args.iter().position(|arg| arg.strip_prefix("--") == Some(name)).unwrap();
    args[at + 1] = value;
}

fn get<'a>(args: &'a [String], name: &str) -> &'a str {
    let at = args.iter().step_by(2).position(|arg| arg.strip_prefix("--") == Some(name)).unwrap();
    &args[2 * at + 1]
}

fn parse(stage: Stage, args: &[String]) -> std::result::Result<Option<JobFacts>, StageError> {
    Ok(match stage {
        Stage::Setup => Some(JobFacts::parse(args)?),
        Stage::Verify | Stage::Test => {
            crate::args::none(stage, args)?;
            None
        }
        Stage::Results => {
            let ResultsFacts { job, setup, verify, test, accepted, refusal, late_seconds, due } =
                ResultsFacts::parse(args)?;
            for end in [&setup, &verify, &test] {
                assert_eq!(end.status.id(), get(args, &format!("{}-status", end.stage)));
                assert_eq!(end.cause.id(), get(args, &format!("{}-cause", end.stage)));
                let exit = get(args, &format!("{}-exit", end.stage));
                assert_eq!(end.exit, if exit == NONE { None } else { Some(exit.parse().unwrap()) });
            }
            assert_eq!(
                accepted.map(|yes| if yes { "accepted" } else { "refused" }).unwrap_or(NONE),
                get(args, "outcome")
            );
            assert_eq!(refusal.as_deref().unwrap_or(NONE), get(args, "refusal"));
            assert!(
                get(args, "late-seconds") == NONE || get(args, "late-seconds").parse() == Ok(late_seconds)
            );
            assert!(get(args, "due") == NONE || get(args, "due").parse() == Ok(due.unwrap()));
            Some(job)
        }
        Stage::Finalise => {
            let FinaliseFacts { job, accepted, received, network, results, conclusion } =
                FinaliseFacts::parse(args)?;
            assert_eq!(
                accepted.map(|yes| if yes { "accepted" } else { "refused" }).unwrap_or(NONE),
                get(args, "outcome")
            );
            assert_eq!(received.as_ref().map_or(NONE, Digest::as_str), get(args, "received-digest"));
            assert_eq!(network.as_deref().unwrap_or(NONE), get(args, "network"));
            assert_eq!(results.id(), get(args, "results-status"));
            assert_eq!(conclusion.as_ref().map_or(NONE, |told| told.verdict.id()), get(args, "verdict"));
            if let Some(told) = conclusion {
                assert_eq!(told.private_digest.as_str(), get(args, "private-digest"));
                assert_eq!(told.student_digest.as_str(), get(args, "student-digest"));
                assert_eq!(Ok(told.points), get(args, "points").parse());
                assert_eq!(Ok(told.max_points), get(args, "max-points").parse());
                assert_eq!(told.fault.map_or(NONE, |fault| fault.id()), get(args, "fault"));
            }
            Some(job)
        }
    })
}

fn command_line(u: &mut Unstructured<'_>) -> Result<()> {
    let stage = *u.choose(&Stage::ALL)?;
    let mut args = good(stage);
    parse(stage, &args).unwrap_or_else(|error| panic!("{error}"));
    for _ in 0..u.int_in_range(0..=4_u8)? {
        if args.is_empty() {
            args.push(text::hostile(u)?);
            continue;
        }
        let at = u.choose_index(args.len())?;
        match u.int_in_range(0..=6_u8)? {
            0 => args[at] = u.arbitrary::<&str>()?.to_owned(),
            1 => args[at] = text::hostile(u)?,
            2 => args[at] = (*u.choose(&VALUES)?).to_owned(),
            3 => drop(args.remove(at)),
            4 => {
                let pair: Vec<String> = args.iter().skip(at & !1).take(2).cloned().collect();
                args.extend(pair);
            }
            5 => args.insert(at, u.arbitrary::<&str>()?.to_owned()),
            _ => {
                let other = u.choose_index(args.len())?;
                args.swap(at, other);
            }
        }
    }
    match parse(stage, &args) {
        Err(error) => {
            let shown = error.to_string();
            assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
        }
        Ok(job) => {
            // All facts, each once, and nothing else.
            let mut given: Vec<_> =
                args.iter().step_by(2).map(|option| option.strip_prefix("--").unwrap()).collect();
            let mut known: Vec<_> = facts::facts(stage).iter().map(|fact| fact.name()).collect();
            given.sort_unstable();
            known.sort_unstable();
            assert_eq!(given, known);
            if let Some(JobFacts { job, assignment, revision, student, digest, handed_in }) = job {
                assert_eq!(job.as_str(), get(&args, "job"));
                assert_eq!(assignment.as_str(), get(&args, "assignment"));
                assert_eq!(revision.as_str(), get(&args, "revision"));
                assert_eq!(student.as_str(), get(&args, "student"));
                assert_eq!(digest.as_str(), get(&args, "digest"));
                // It goes into documents in the one form, whatever form it came in.
                let told = handed_in.to_string();
                assert_eq!(told.parse::<jiff::Timestamp>().unwrap(), handed_in);
                assert!(told.ends_with('Z') && told.bytes().all(|b| b.is_ascii_graphic()), "{told}");
            }
        }
    }
    Ok(())
}

/// Values that are fine for some fact.
const VALUES: [&str; 24] = [
    NONE,
    "accepted",
    "refused",
    "Succeeded",
    "Failed",
    "Error",
    "Omitted",
    "Skipped",
    "0",
    "255",
    "256",
    "-1",
    "18446744073709551615",
    "-9223372036854775808",
    "1000000",
    "1000000.001",
    "passed",
    "wrong-output",
    "student",
    "out-of-memory",
    "loopback",
    "2026-03-16T12:59:31+11:00",
    "-009999-01-02T01:59:59Z",
    "--job",
];
