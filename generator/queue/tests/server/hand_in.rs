//! Handing in, and where a job stands until it is concluded.

use std::collections::BTreeSet;

use assay_contract::queue::{History, Phase};
use assay_contract::{Fault, Verdict};
use jiff::Timestamp;
use serde_json::json;

use crate::bench::{Bench, problem, request, ticket};

#[tokio::test]
async fn a_hand_in_gets_a_ticket_at_once_and_becomes_a_job() {
    let bench = Bench::new().await;
    let server = bench.server().await;
    let before = Timestamp::now().as_second();
    let accepted = bench.hand_in(&server, "token-ada", 1).await;
    let ticket = ticket(&accepted);
    assert_eq!((ticket.student.as_str(), ticket.assignment.as_str()), ("ada", "c/a"));
    assert_eq!(ticket.digest.as_str(), format!("{:064x}", 1));
    let handed_in: Timestamp = ticket.handed_in.parse().unwrap();
    assert!((before..=Timestamp::now().as_second()).contains(&handed_in.as_second()));
    assert_eq!(accepted.standing.phase, Phase::Waiting);
    assert_eq!(accepted.standing.place, Some(1));
    assert_eq!(accepted.standing.handed_in, ticket.handed_in);

    let job = ticket.job.as_str();
    bench.started(job).await;
    let workflow = bench.fake.object("workflows", job).unwrap();
    assert_eq!(workflow["spec"]["workflowTemplateRef"]["name"], "c-a-00000000");
    let parameters = json!([{"name": "student", "value": "ada"}, {"name": "digest", "value": format!("{:064x}", 1)},
        {"name": "handed-in", "value": ticket.handed_in}]);
    assert_eq!(
        workflow["spec"]["arguments"]["parameters"], parameters,
        "lateness is judged by the ticket's time"
    );

    bench.fake.argo_says(job, json!({"phase": "Running", "nodes": {
        "s": {"type": "Pod", "templateName": "setup", "phase": "Succeeded", "startedAt": "2026-01-01T00:00:00Z"}}}));
    bench
        .eventually("it runs", async || {
            let standing = bench.standing(&server, "token-ada", job).await;
            (standing.phase == Phase::Running && standing.stages[0].state == "succeeded").then_some(())
        })
        .await;
    bench.concludes(job, "wrong-output", "6.25");
    let standing = bench
        .eventually("it is concluded", async || {
            let standing = bench.standing(&server, "token-ada", job).await;
            (standing.phase == Phase::Concluded).then_some(standing)
        })
        .await;
    // Cases that are hidden stand in the sum: what a student may see of it is in the student's own result.
    assert_eq!((standing.verdict, standing.fault, standing.points), (None, None, None));
    let tutor = bench.hub.user("tutor", &["assay-staff-c"]);
    let standing = bench.standing(&server, &tutor, job).await;
    assert_eq!(standing.verdict, Some(Verdict::WrongOutput));
    assert_eq!((standing.fault, standing.points.as_deref()), (Some(Fault::Student), Some("6.25")));
    let titled = bench
        .eventually("tutors see it", async || {
            let metadata = bench.fake.object("workflows", job)?["metadata"].clone();
            metadata["labels"]["assay.dev/verdict"].is_string().then_some(metadata)
        })
        .await;
    assert_eq!(titled["labels"]["assay.dev/points"], "6.25");
    assert_eq!(titled["annotations"]["workflows.argoproj.io/title"], "c/a of ada: wrong-output, 6.25");
}

#[tokio::test]
async fn the_same_key_is_the_same_job_also_after_the_workflow_is_gone() {
    let bench = Bench::new().await;
    let server = bench.server().await;
    let first = bench.hand_in(&server, "token-ada", 1).await;
    let job = ticket(&first).job;
    bench.started(job.as_str()).await;
    bench.concludes(job.as_str(), "passed", "10");
    bench
        .eventually("it is concluded", async || {
            let standing = bench.standing(&server, "token-ada", job.as_str()).await;
            (standing.phase == Phase::Concluded).then_some(())
        })
        .await;
    bench.fake.forget("workflows", job.as_str());
    let again = bench.hand_in(&server, "token-ada", 1).await;
    assert_eq!(again.ticket, first.ticket, "the ticket of then, with the time of then");
    assert_eq!(again.standing.phase, Phase::Concluded);
    // Another server, that has heard of nothing but what is in the cluster.
    let other = bench.server().await;
    let elsewhere = bench.hand_in(&other, "token-ada", 1).await;
    assert_eq!(elsewhere.ticket, first.ticket);
    assert_eq!(bench.fake.asked("POST workflows"), 1);
    assert_eq!(bench.fake.names("requests").len(), 1);
}

#[tokio::test]
async fn a_second_hand_in_while_the_first_waits_harms_neither() {
    let bench = Bench::new().await;
    let server = bench.server_with(|settings| settings.paused = true).await;
    let first = bench.hand_in(&server, "token-ada", 1).await;
    let second = bench.hand_in(&server, "token-ada", 2).await;
    assert_ne!(ticket(&first).job, ticket(&second).job);
    assert_eq!((first.standing.place, second.standing.place), (Some(1), Some(2)));
    assert!(first.standing.message.contains("paused"), "{}", first.standing.message);
    assert_eq!(bench.fake.asked("POST workflows"), 0);
    server.ends().await;
    bench.server().await;
    for accepted in [&first, &second] {
        bench.started(ticket(accepted).job.as_str()).await;
    }
}

#[tokio::test]
async fn a_flood_of_one_holds_up_nobody() {
    let bench = Bench::new().await;
    let server = bench.server_with(|settings| settings.backlog = 3).await;
    for n in 0..20 {
        bench.hand_in(&server, "token-eve", n).await;
    }
    let ada = bench.hand_in(&server, "token-ada", 100).await;
    bench.started(ticket(&ada).job.as_str()).await;
    assert_eq!(
        bench.fake.names("workflows").len(),
        3,
        "two of eve's, which is what one student may have, and ada's"
    );
    let bob = bench.hand_in(&server, "token-bob", 101).await;
    assert!(
        bob.standing.place < Some(5),
        "{:?}: behind those at work, before eve's others",
        bob.standing.place
    );
}

#[tokio::test]
async fn history_is_the_callers_own_and_the_newest_first() {
    let bench = Bench::new().await;
    bench.fake.publish("c", "b");
    let server = bench.server().await;
    for n in [1, 2] {
        bench.hand_in(&server, "token-ada", n).await;
    }
    bench.hand_in(&server, "token-bob", 3).await;
    let mut other = request(4);
    other["assignment"] = json!("c/b");
    assert_eq!(bench.post(&server, "token-ada", &other).send().await.unwrap().status(), 202);
    let history = async |query: &str| -> History {
        let answer = bench.get(&format!("{}/jobs{query}", server.base), "token-ada").send().await.unwrap();
        answer.json().await.unwrap()
    };
    let all = history("").await;
    let students: BTreeSet<_> = all.jobs.iter().map(|job| job.student.as_str()).collect();
    assert_eq!((all.jobs.len(), students), (3, BTreeSet::from(["ada"])));
    assert!(all.jobs.is_sorted_by(|a, b| a.handed_in >= b.handed_in));
    assert_eq!(history("?assignment=c/b").await.jobs.len(), 1);
}

#[tokio::test]
async fn events_tell_each_change_until_the_conclusion() {
    let bench = Bench::new().await;
    let server = bench.server().await;
    let accepted = bench.hand_in(&server, "token-ada", 1).await;
    let job = ticket(&accepted).job;
    bench.started(job.as_str()).await;
    let mut stream =
        bench.get(&format!("{}/jobs/{job}/events", server.base), "token-ada").send().await.unwrap();
    assert_eq!(stream.status(), 200);
    let concluding = async {
        bench.fake.argo_says(job.as_str(), json!({"phase": "Running", "nodes": {
            "s": {"type": "Pod", "templateName": "setup", "phase": "Running", "startedAt": "2026-01-01T00:00:00Z"}}}));
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        bench.concludes(job.as_str(), "passed", "10");
    };
    let reading = async {
        let mut text = String::new();
        while let Some(chunk) = stream.chunk().await.unwrap() {
            text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        text
    };
    let ((), text) = tokio::join!(concluding, reading);
    let words: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(words.last(), Some(&"concluded"), "{text}");
    assert!(words.contains(&"running"), "{text}");
}

#[tokio::test]
async fn what_cannot_be_is_told_and_changes_nothing() {
    let bench = Bench::new().await;
    bench.hub.user("homeless", &[]);
    let server = bench.server().await;
    let with = |field: &str, value: serde_json::Value| {
        let mut request = request(1);
        request[field] = value;
        request
    };
    for (token, body, code) in [
        ("token-ada", json!({}), "malformed"),
        ("token-ada", with("digest", json!("../../etc/passwd")), "malformed"),
        ("token-ada", with("assignment", json!("c/a/../b")), "malformed"),
        ("token-ada", with("key", json!("short")), "malformed"),
        ("token-ada", with("api-version", json!("assay.dev/v2")), "malformed"),
        ("token-ada", with("handed-in", json!("2020-01-01T00:00:00Z")), "malformed"),
        ("token-ada", with("assignment", json!("c/other")), "missing"),
        ("token-homeless", request(1), "no-home"),
        ("token-ada", with("padding", json!("x".repeat(20_000))), "too-long"),
    ] {
        let problem = problem(bench.post(&server, token, &body).send().await.unwrap()).await;
        assert_eq!(problem.code.id(), code, "{body}: {}", problem.message);
    }
    let not_json = bench.client().post(format!("{}/jobs", server.base)).body("{");
    let not_json = not_json.header("authorization", "token token-ada").send().await.unwrap();
    assert_eq!(problem(not_json).await.code.id(), "malformed");
    let method = bench.client().delete(format!("{}/jobs", server.base)).send().await.unwrap();
    assert_eq!(problem(method).await.code.id(), "method");
    assert_eq!(bench.fake.names("requests").len(), 0);
}
