//! Something dies or is away: nothing that was taken is lost or doubled, and whoever asks is told the truth.

use std::collections::BTreeSet;

use assay_contract::queue::{Phase, ProblemCode};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::bench::{Bench, problem, request, ticket};

#[tokio::test]
async fn without_the_cluster_nothing_is_said_to_be_taken_and_the_same_key_works_later() {
    let bench = Bench::new().await;
    let server = bench.server().await;
    bench.fake.is_down(true);
    let problem = problem(bench.post(&server, "token-ada", &request(1)).send().await.unwrap()).await;
    assert_eq!(problem.code, ProblemCode::Unavailable);
    assert!(problem.hint.contains("nothing is lost"), "{}", problem.hint);
    // Long enough for every watch to break, and nothing changes afterwards that a watch would tell.
    let readiness = async || {
        let ready = bench.client().get(format!("{}/readyz", server.observed)).send().await.ok()?;
        Some(ready.status().is_success())
    };
    bench.in_the_end("it is not ready", async || (readiness().await == Some(false)).then_some(())).await;
    bench.fake.is_down(false);
    bench.in_the_end("it is ready again", async || (readiness().await == Some(true)).then_some(())).await;
    let accepted = bench.hand_in(&server, "token-ada", 1).await;
    bench.started(ticket(&accepted).job.as_str()).await;
    assert_eq!(bench.fake.names("requests").len(), 1);
}

#[tokio::test]
async fn without_the_hub_nobody_is_let_in_and_jobs_go_on() {
    let bench = Bench::new().await;
    let server = bench.server_with(|settings| settings.paused = true).await;
    let accepted = bench.hand_in(&server, "token-ada", 1).await;
    server.ends().await;
    bench.hub.goes_away();
    let server = bench.server().await;
    bench.started(ticket(&accepted).job.as_str()).await;
    let problem = problem(bench.post(&server, "token-ada", &request(2)).send().await.unwrap()).await;
    assert_eq!(problem.code, ProblemCode::Unavailable);
    assert!(problem.message.contains("the hub"), "{}", problem.message);
}

#[tokio::test]
async fn a_server_that_knows_nothing_yet_says_so_instead_of_missing() {
    let bench = Bench::new().await;
    let job = {
        let server = bench.server().await;
        let job = ticket(&bench.hand_in(&server, "token-ada", 1).await).job.to_string();
        server.ends().await;
        job
    };
    bench.fake.is_down(true);
    let server = bench.server_at_once(|_| {}).await;
    for path in [format!("jobs/{job}"), "jobs".into()] {
        let url = format!("{}/{path}", server.base);
        let problem = problem(bench.get(&url, "token-ada").send().await.unwrap()).await;
        assert_eq!(problem.code, ProblemCode::Unavailable, "{path}: {}", problem.message);
    }
    let ready = bench.client().get(format!("{}/readyz", server.observed)).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    let alive = bench.client().get(format!("{}/healthz", server.observed)).send().await.unwrap();
    assert_eq!(alive.status(), 200);
}

#[tokio::test]
async fn servers_that_are_killed_lose_nothing_and_make_nothing_twice() {
    let bench = Bench::new().await;
    let mut servers = vec![bench.server().await, bench.server().await];
    let mut jobs = BTreeSet::new();
    for n in 0..40 {
        let student = ["token-ada", "token-bob", "token-eve"][n as usize % 3];
        // Every request is sent to both, as by a client that got no answer.
        for server in &servers {
            jobs.insert(ticket(&bench.hand_in(server, student, n).await).job.to_string());
        }
        if n % 10 == 9 {
            servers.remove(0).dies().await;
            servers.push(bench.server().await);
        }
        for (k, job) in bench.fake.names("workflows").into_iter().enumerate() {
            let over = bench.fake.object("workflows", &job).unwrap()["status"]["phase"].is_string();
            match (n % 3, over) {
                (0, false) => bench.concludes(&job, "passed", "10"),
                // Argo forgets jobs that are over, as soon as their conclusion was seen.
                (1, true) if k % 2 == 0 => {
                    let request = bench.fake.object("requests", &job).unwrap();
                    if request["status"]["progress"] == "Concluded" {
                        bench.fake.forget("workflows", &job);
                    }
                }
                _ => {}
            }
        }
    }
    assert_eq!(jobs.len(), 40);
    bench
        .eventually("all are concluded", async || {
            for job in bench.fake.names("workflows") {
                if !bench.fake.object("workflows", &job)?["status"]["phase"].is_string() {
                    bench.concludes(&job, "passed", "10");
                }
            }
            let requests = bench.fake.names("requests");
            let concluded = requests.iter().filter(|name| {
                bench
                    .fake
                    .object("requests", name)
                    .is_some_and(|there| there["status"]["progress"] == "Concluded")
            });
            (concluded.count() == 40).then_some(())
        })
        .await;
    for job in &jobs {
        assert_eq!(bench.fake.made("workflows", job), 1, "{job}");
    }
}

#[tokio::test]
async fn a_job_that_was_lost_between_two_steps_is_made() {
    let bench = Bench::new().await;
    let server = bench.server_with(|settings| settings.paused = true).await;
    let job = ticket(&bench.hand_in(&server, "token-ada", 1).await).job.to_string();
    server.ends().await;
    // A server claimed it, two minutes ago, and died before it made the job.
    let mut request = bench.fake.object("requests", &job).unwrap();
    let then = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(120);
    request["status"] = json!({"progress": "Started", "started": then.to_string()});
    bench.fake.put("requests", &job, request);
    bench.server().await;
    bench.started(&job).await;
}

#[tokio::test]
async fn a_job_that_argo_lost_without_a_verdict_is_no_conclusion() {
    let bench = Bench::new().await;
    let server = bench.server().await;
    let job = ticket(&bench.hand_in(&server, "token-ada", 1).await).job.to_string();
    bench.started(&job).await;
    bench.fake.argo_says(&job, json!({"phase": "Error", "message": "the node is gone", "nodes": {}}));
    let standing = bench
        .eventually("the student is told", async || {
            let standing = bench.standing(&server, "token-ada", &job).await;
            (!standing.message.is_empty()).then_some(standing)
        })
        .await;
    assert_eq!(standing.phase, Phase::Running);
    assert!(standing.message.contains("not your fault"), "{}", standing.message);
    assert!(!standing.message.contains("node"), "Argo's words are for tutors: {}", standing.message);
    // The sweeper makes it anew, under its own name; until then it is nobody's to make.
    bench
        .eventually("it was seen", async || {
            (bench.fake.object("requests", &job)?["status"]["seen"] == true).then_some(())
        })
        .await;
    let mut request = bench.fake.object("requests", &job).unwrap();
    let then = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(120);
    request["status"]["started"] = json!(then.to_string());
    bench.fake.put("requests", &job, request);
    bench.fake.forget("workflows", &job);
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(bench.fake.made("workflows", &job), 1, "the sweeper knows what a job leaves");
    bench.fake.put(
        "workflows",
        &job,
        json!({"spec": {"arguments": {"parameters": [{"name": "student", "value": "ada"}]}}}),
    );
    bench.concludes(&job, "passed", "10");
    bench
        .eventually("it is concluded", async || {
            let standing = bench.standing(&server, "token-ada", &job).await;
            (standing.phase == Phase::Concluded).then_some(())
        })
        .await;
}

#[tokio::test]
async fn an_end_lets_answers_out_and_what_was_taken_is_there() {
    let bench = Bench::new().await;
    let server = bench.server().await;
    let accepted = bench.hand_in(&server, "token-ada", 1).await;
    let job = ticket(&accepted).job.to_string();
    let stream = bench.get(&format!("{}/jobs/{job}/events", server.base), "token-ada").send().await.unwrap();
    server.ends().await;
    let text = stream.text().await.unwrap();
    assert!(text.contains("event: "), "a stream ends whole: {text}");
    assert!(bench.fake.object("requests", &job).is_some());
}

#[tokio::test]
async fn connections_that_only_wait_make_room() {
    let bench = Bench::new().await;
    let server = bench.server_with(|settings| settings.limits.connections = 2).await;
    let address = server.base.trim_start_matches("http://").split('/').next().unwrap().to_owned();
    // One says nothing, one says half of something, and neither goes on.
    let _silent = TcpStream::connect(&address).await.unwrap();
    let mut half = TcpStream::connect(&address).await.unwrap();
    half.write_all(b"POST /services/assay/v1/jobs HTTP/1.1\r\nHost: x\r\nAuthor").await.unwrap();
    bench.hand_in(&server, "token-ada", 1).await;
}
