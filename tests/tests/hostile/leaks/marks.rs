//! What a student holds says the same, however the cases ended that are not shown: not their words alone, also not a sum, a
//! verdict or a fault that they are part of.

use assay_contract::receipts::{CasesCounted, Concluded, Statement};
use assay_contract::{Exit, Volume};
use assay_tests::bench::Bench;
use assay_tests::program::Who;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::told::files_below;

pub(super) fn trials() -> Vec<Trial> {
    trials![t4_f2_no_sum_verdict_or_fault_tells_how_a_hidden_case_ended]
}

const ASSIGNMENT: &str = r#"
submit: {required: [main.py], allowed: ["**"], size: 1Mi}
schedule: {zone: UTC, due: 2999-01-01 00:00}
test:
  mode: sealed
  run: python3 main.py
  limits: {cpu: 10s, wall: 30s}
  cases:
    - {name: shown, args: [shown], stdout: shown, points: 1, show: diff}
    - {name: never, args: [never], stdout: never, points: 2, show: nothing}
    - {name: later, args: [later], stdout: later, points: 4, show: verdict, from: due}
samples: {submissions/solution: 7}
"#;

/// Prints its argument, unless it is one of `but`, and then does `then`.
fn program(but: &str, then: &str) -> String {
    format!("import os, sys\nif sys.argv[1] in {but}: {then}\nprint(sys.argv[1])\n")
}

fn t4_f2_no_sum_verdict_or_fault_tells_how_a_hidden_case_ended() {
    let bench = Bench::new(Who::Caller, ASSIGNMENT);
    let right = bench.submission("solution", "main.py", program("[]", "pass"));
    let mut held: Vec<(&str, Vec<Value>)> = Vec::new();
    for (end, but, then) in [
        ("all are right", "[]", "pass"),
        ("one is wrong", "['never']", "sys.argv[1] = 'x'"),
        ("both are wrong", "['never', 'later']", "sys.argv[1] = 'x'"),
        ("one crashes", "['later']", "os.abort()"),
        ("one is killed for its time", "['never']", "os.kill(os.getpid(), 24)"),
    ] {
        let submission =
            if but == "[]" { right.clone() } else { bench.submission("x", "main.py", program(but, then)) };
        let (finished, kept) = bench.attempt_and_keep(&submission, &[]);
        finished.ended(Exit::Done);
        let files = files_below(&kept.volume(Volume::Student));
        let file = |name: &str| {
            let found = files.iter().find(|(path, _)| path.ends_with(&format!("/{name}")));
            found
                .map(|(_, content)| content.clone())
                .unwrap_or_else(|| panic!("{end}: no {name} in {files:?}"))
        };
        let Statement::Concluded(Concluded {
            cases,
            verdict,
            fault,
            thousandths,
            max_thousandths,
            mode,
            network,
            received,
            // Of this job, this zip and the private result, whose measurements nobody can guess.
            job: _,
            assignment: _,
            revision: _,
            student: _,
            digest: _,
            private_result: _,
        }) = assay_receipt::read_unchecked(&file("concluded.json")).unwrap()
        else {
            panic!("{end}: concluded.json is a receipt of something else")
        };
        assert_eq!((cases, thousandths, max_thousandths), (CasesCounted::Shown, 1_000, 1_000), "{end}");
        let result: Value = serde_json::from_slice(&file("result.json")).unwrap();
        let status: Value = serde_json::from_slice(&file("status.json")).unwrap();
        held.push((
            end,
            vec![
                json!([verdict, fault, mode, network, received.is_some()]),
                json!([
                    result["conclusion"]["verdict"],
                    result["conclusion"]["fault"],
                    result["conclusion"]["points"]
                ]),
                json!([result["conclusion"]["max-points"], result["conclusion"]["reason"], result["hidden"]]),
                json!([status["state"], status["message"]]),
            ],
        ));
    }
    let (_, first) = held[0].clone();
    for (end, told) in &held {
        assert_eq!(*told, first, "{end}");
    }
}
