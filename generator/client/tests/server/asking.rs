//! Asking and following.

use std::time::Duration;

use assay_client::ClientError;
use assay_contract::queue::{Phase, Standing};
use assay_contract::{API_VERSION, AssignmentId, JobId};
use serde_json::json;

use crate::scripted::{Act, Scripted, answer, problem, standing};

fn job() -> JobId {
    JobId::new("q-1").unwrap()
}

fn at(phase: Phase) -> Act {
    answer(200, "", &serde_json::to_string(&standing("q-1", phase)).unwrap())
}

/// A stream of these phases, which then ends or breaks.
fn stream(phases: &[Phase], end: &str) -> Act {
    let events: String = phases
        .iter()
        .map(|phase| {
            format!("event: {phase}\ndata: {}\n\n", serde_json::to_string(&standing("q-1", *phase)).unwrap())
        })
        .collect();
    // Longer than what comes, so that its end is a break.
    let text = format!("{events}{end}");
    let head = format!("HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n", text.len() + 10);
    Act::Says([head.as_bytes(), text.as_bytes()].concat())
}

async fn follow(acts: Vec<Act>) -> (Result<Phase, ClientError>, Vec<Phase>, Vec<String>) {
    let server = Scripted::plays(acts).await;
    let mut told = Vec::new();
    let (client, job) = (server.client(), job());
    let mut each = |standing: &Standing| told.push(standing.phase);
    let followed = client.follow(&job, &mut each);
    let result = tokio::time::timeout(Duration::from_secs(30), followed).await.expect("it ends");
    let asked = server.sent().iter().map(|request| request.split(' ').nth(1).unwrap().to_owned()).collect();
    (result.map(|standing| standing.phase), told, asked)
}

const EVENTS: &str = "/services/assay/v1/jobs/q-1/events";
const JOB: &str = "/services/assay/v1/jobs/q-1";

#[tokio::test]
async fn a_stream_tells_each_change_until_the_conclusion() {
    let (result, told, asked) =
        follow(vec![stream(&[Phase::Waiting, Phase::Running, Phase::Running, Phase::Concluded], "")]).await;
    assert_eq!(result, Ok(Phase::Concluded));
    assert_eq!(told, [Phase::Waiting, Phase::Running, Phase::Concluded]);
    assert_eq!(asked, [EVENTS]);
}

#[tokio::test]
async fn a_stream_that_breaks_is_opened_again_and_nothing_is_told_twice() {
    let (result, told, asked) = follow(vec![
        stream(&[Phase::Waiting], "event: running\ndata: {\"api-ver"),
        at(Phase::Waiting),
        stream(&[Phase::Waiting, Phase::Running], ""),
        at(Phase::Running),
        stream(&[Phase::Concluded], ""),
    ])
    .await;
    assert_eq!(result, Ok(Phase::Concluded));
    assert_eq!(told, [Phase::Waiting, Phase::Running, Phase::Concluded]);
    assert_eq!(asked, [EVENTS, JOB, EVENTS, JOB, EVENTS]);
}

#[tokio::test]
async fn without_a_stream_it_is_asked_again() {
    for refused in [problem(503, "unavailable", ""), answer(404, "", "no such page"), answer(200, "", "<h1>Hi</h1>")] {
        let (result, told, asked) =
            follow(vec![refused.clone(), at(Phase::Waiting), refused.clone(), at(Phase::Running), refused, at(Phase::Concluded)])
                .await;
        assert_eq!(result, Ok(Phase::Concluded));
        assert_eq!(told, [Phase::Waiting, Phase::Running, Phase::Concluded]);
        assert_eq!(asked.len(), 6);
    }
}

#[tokio::test]
async fn a_server_that_stays_away_and_one_that_does_not_know_the_job_end_it() {
    let (result, _, asked) = follow(vec![Act::Closes]).await;
    assert!(matches!(result, Err(ClientError::Lost(_))), "{result:?}");
    assert!(asked.len() > 4, "{asked:?}");
    let (result, _, asked) = follow(vec![problem(404, "missing", "")]).await;
    assert!(result.is_err());
    assert_eq!(asked, [EVENTS, JOB]);
}

#[tokio::test]
async fn events_of_another_job_and_endless_ones_are_not_believed() {
    let other = serde_json::to_string(&standing("q-2", Phase::Concluded)).unwrap();
    let stream = Act::Says(format!("HTTP/1.1 200 X\r\n\r\ndata: {other}\n\n").into_bytes());
    let (result, told, _) = follow(vec![stream, at(Phase::Concluded)]).await;
    assert_eq!((result, told), (Ok(Phase::Concluded), vec![Phase::Concluded]));
    let endless = Act::Endless(b"HTTP/1.1 200 X\r\n\r\n".to_vec(), vec![b'x'; 1 << 16]);
    let (result, ..) = follow(vec![endless, at(Phase::Concluded)]).await;
    assert_eq!(result, Ok(Phase::Concluded));
    let (result, ..) = follow(vec![problem(503, "unavailable", ""), answer(200, "", &other)]).await;
    assert_eq!(result, Err(ClientError::Other("another job")));
}

#[tokio::test]
async fn rules_that_are_not_known_are_no_error() {
    let assignment = AssignmentId::new("c/a").unwrap();
    for act in [problem(404, "missing", ""), answer(404, "", "<h1>Not found</h1>"), answer(200, "", "{}")] {
        let server = Scripted::plays(vec![act]).await;
        assert_eq!(server.client().rules(&assignment).await.unwrap(), None);
        assert!(server.sent()[0].starts_with("GET /services/assay/v1/assignments/c/a "), "{:?}", server.sent());
    }
    let server = Scripted::plays(vec![problem(503, "unavailable", "")]).await;
    assert!(server.client().rules(&assignment).await.is_err());
    let rules = |of: &str| {
        json!({"api-version": API_VERSION, "assignment": of, "title": "A", "revision": "0".repeat(64), "schedule": null,
            "a-field-of-tomorrow": 1, "rules": {"required": [], "allowed": [], "size-bytes": 1, "unpacked-bytes": 1,
            "files": 1, "attempts": null, "cooldown-seconds": 0}})
        .to_string()
    };
    let server = Scripted::plays(vec![answer(200, "", &rules("c/a"))]).await;
    assert_eq!(server.client().rules(&assignment).await.unwrap().unwrap().title, "A");
    let server = Scripted::plays(vec![answer(200, "", &rules("c/b"))]).await;
    assert_eq!(server.client().rules(&assignment).await, Err(ClientError::Other("another assignment")));
}

#[tokio::test]
async fn a_history_is_of_the_assignment_that_was_asked_for() {
    let list = json!({"api-version": API_VERSION, "jobs": [standing("q-1", Phase::Waiting)]}).to_string();
    let server = Scripted::plays(vec![answer(200, "", &list)]).await;
    assert_eq!(server.client().history(None).await.unwrap().len(), 1);
    let other = AssignmentId::new("c/b").unwrap();
    let server = Scripted::plays(vec![answer(200, "", &list)]).await;
    assert!(server.client().history(Some(&other)).await.is_err());
    assert!(server.sent()[0].starts_with("GET /services/assay/v1/jobs?assignment=c/b "));
}
