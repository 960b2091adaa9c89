//! The program that a person would have started: runs one job and prints what happens, one fact a line.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::process::ExitCode;

use assay_contract::answers::{Answers, LatePenalty, Mode};
use assay_contract::configuration::{BuildPlan, Configuration, Network, Schedule, SubmissionRules, TestPlan};
use assay_contract::{API_VERSION, AssignmentId, Digest, JobId, Limits, Stage, StudentId};
use assay_core::isolation::Isolation;
use assay_core::plan::{Plan, StagePlan};
use assay_local::{Event, Job};

pub(crate) const FLAG: &str = "--run-one-job";

/// `run_job` as `<marker> <script> <tool> [<option>=<value>…]`.
pub(crate) fn run_job(arguments: &[String]) -> ExitCode {
    let (marker, script, tool) =
        (&arguments[0], fs::read(&arguments[1]).unwrap(), fs::read(&arguments[2]).unwrap());
    let options: BTreeMap<&str, &str> = arguments[3..].iter().filter_map(|o| o.split_once('=')).collect();
    let mut out = io::stdout();
    let mut say = |line: String| writeln!(out, "{line}").unwrap();
    if options.contains_key("probe") {
        say(format!("{:?}", assay_local::probe().map(|can| (can.users, can.lacks.len()))));
        return ExitCode::SUCCESS;
    }
    let job = job(marker, script, &tool, &options);
    let run = assay_local::run(job, &mut |event| match event {
        Event::Started(stage) => say(format!("started {stage}")),
        Event::Line { stage, text } => say(format!("line {stage} {text}")),
        Event::Ended(run) => {
            let exit = run.end.exit.map_or("none".into(), |code| code.to_string());
            say(format!("ended {} {} {exit} {:?}", run.end.stage, run.end.status.id(), run.cause));
        }
        Event::Odd(text) => say(format!("odd {text}")),
    });
    match run {
        Ok(run) => {
            for (output, value) in &run.outputs {
                say(format!("output {}/{} {value}", output.stage(), output.name()));
            }
            for (name, document) in [
                ("private", run.private_result),
                ("student", run.student_result),
                ("received", run.received),
                ("concluded", run.concluded),
                ("case-outputs", run.case_outputs),
            ] {
                let text =
                    document.map_or("absent".into(), |bytes| String::from_utf8_lossy(&bytes).into_owned());
                say(format!("document {name} {text}"));
            }
            run.lacks.iter().for_each(|lack| say(format!("lack {lack}")));
            run.not_kept.iter().for_each(|line| say(format!("not-kept {line}")));
            say("done".into());
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(format!("error {error:?}; {}", error.fix()));
            ExitCode::FAILURE
        }
    }
}

fn job<'a>(marker: &str, script: Vec<u8>, tool: &'a [u8], options: &BTreeMap<&str, &str>) -> Job<'a> {
    let id = AssignmentId::new("comp1/wc").unwrap();
    let digest = |c: &str| Digest::new(c.repeat(64)).unwrap();
    let network = if options.contains_key("loopback") { Network::Loopback } else { Network::None };
    let deadline = |stage: Stage| options.get(stage.id()).map_or(60, |seconds| seconds.parse().unwrap());
    let plan = Plan {
        assignment: id.clone(),
        revision: digest("a"),
        title: "Word count".into(),
        description: String::new(),
        isolation: Isolation::Standard,
        stages: Stage::ALL.map(|stage| StagePlan {
            stage,
            image: "image".into(),
            uid: match stage {
                Stage::Verify => 20_001,
                Stage::Test => 20_002,
                Stage::Setup | Stage::Results | Stage::Finalise => 1_000,
            },
            deadline_seconds: deadline(stage),
            memory_bytes: 1 << 28,
            cpu_milli: 500,
        }),
    };
    let limits = Limits {
        cpu_ms: 1_000,
        wall_ms: 3_000,
        memory_bytes: 1 << 26,
        processes: 1,
        output_bytes: 1,
        disk_bytes: 1,
    };
    Job {
        configuration: Configuration {
            api_version: API_VERSION.into(),
            assignment: id.clone(),
            revision: digest("a"),
            title: "Word count".into(),
            rules: SubmissionRules {
                required: vec![],
                allowed: vec![],
                size_bytes: 1,
                unpacked_bytes: 1,
                files: 1,
                attempts: None,
                cooldown_seconds: 0,
            },
            overlay: vec![],
            build: Some(BuildPlan { run: vec!["true".into()], limits, env: vec![], network }),
            test: TestPlan { cases: vec![], env: vec![], network },
        },
        answers: Answers {
            api_version: API_VERSION.into(),
            assignment: id,
            revision: digest("a"),
            title: "Word count".into(),
            mode: Mode::Sealed,
            late: LatePenalty::default(),
            cases: vec![],
        },
        schedule: Schedule { api_version: API_VERSION.into(), opens: None, due: None, late_seconds: 0 },
        configuration_files: BTreeMap::from([(digest("c"), b"input".to_vec())]),
        answer_files: BTreeMap::from([(digest("d"), b"answer".to_vec())]),
        submission: script,
        digest: digest("b"),
        student: StudentId::new("ann").unwrap(),
        job: JobId::new(marker).unwrap(),
        handed_in: "2026-03-02T09:00:00Z".into(),
        signing_key: "the-key".into(),
        rootfs: options.get("rootfs").map(Into::into),
        toolchain_folders: options.get("toolchain").map(Into::into).into_iter().collect(),
        keep: options.get("keep").map(Into::into),
        tool,
        plan,
    }
}
