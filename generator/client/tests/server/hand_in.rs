//! Handing in: what is sent again, what is not, and what is said in the end.

use std::time::{Duration, Instant};

use assay_client::{ClientError, Fate, NotHandedIn};
use assay_contract::queue::ProblemCode;
use assay_contract::{AssignmentId, JobId, StudentId};
use serde_json::json;

use crate::scripted::{Act, Scripted, accepted, answer, client, digest, order, problem, taken};

/// Hands in; also how often it was tried again.
async fn hand_in(server: &Scripted) -> (Result<assay_client::HandedIn, NotHandedIn>, u32) {
    let mut again = 0;
    let result = server.client().hand_in(&order(), &mut |_| again += 1).await;
    (result, again)
}

#[tokio::test]
async fn a_ticket_is_what_is_received() {
    let server = Scripted::plays(vec![taken()]).await;
    let (handed_in, again) = hand_in(&server).await;
    let handed_in = handed_in.unwrap();
    assert_eq!((handed_in.says.job.as_str(), again), ("q-1", 0));
    assert!(handed_in.ticket.contains("payload"), "byte for byte: {}", handed_in.ticket);
    let sent = server.sent();
    assert!(sent[0].starts_with("POST /services/assay/v1/jobs HTTP/1.1\r\n"), "{}", sent[0]);
    assert!(sent[0].contains("authorization: token very-secret\r\n"), "{}", sent[0]);
    assert!(!sent[0].contains("\"student\""), "who it is, the token says: {}", sent[0]);
}

#[tokio::test]
async fn whatever_may_pass_is_tried_again_under_the_same_key() {
    let page = answer(502, "content-type: text/html\r\n", "<h1>Bad gateway</h1>");
    let server = Scripted::plays(vec![
        Act::Closes,
        Act::Says(b"HTTP/1.1 202 Acc".to_vec()),
        Act::Says(b"HTTP/1.1 202 X\r\ncontent-length: 5000\r\n\r\n{\"ticket\":".to_vec()),
        page,
        problem(503, "unavailable", ""),
        problem(429, "too-many", ""),
        answer(202, "", "{}"),
        taken(),
    ])
    .await;
    let (handed_in, again) = hand_in(&server).await;
    handed_in.unwrap();
    let sent = server.sent();
    assert_eq!((sent.len(), again), (8, 7));
    let bodies: Vec<_> = sent.iter().map(|request| request.split_once("\r\n\r\n").unwrap().1).collect();
    assert!(bodies.iter().all(|body| body == &bodies[0] && body.contains("\"key\"")), "{bodies:?}");
}

#[tokio::test]
async fn a_server_that_asks_for_time_is_given_it() {
    let server = Scripted::plays(vec![problem(503, "unavailable", "retry-after: 1\r\n"), taken()]).await;
    let mut waits = Vec::new();
    let patient = assay_client::Patience::default();
    let address = assay_client::Address::parse(&server.base).unwrap();
    let client = assay_client::Client::new(address, None, patient).unwrap();
    let began = Instant::now();
    client.hand_in(&order(), &mut |retry| waits.push(retry.wait)).await.unwrap();
    assert!(waits.len() == 1 && waits[0] >= Duration::from_secs(1), "{waits:?}");
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert!(!server.sent()[0].contains("authorization"), "without a token there is no header");
}

#[tokio::test]
async fn patience_ends_and_then_it_was_not_received() {
    let server = Scripted::plays(vec![problem(503, "unavailable", "")]).await;
    let not = hand_in(&server).await.0.unwrap_err();
    assert_eq!(not.fate, Fate::NotReceived);
    assert_eq!(not.error.code(), Some(ProblemCode::Unavailable));
    assert!(not.tries > 3, "{}", not.tries);
    // A port where nobody listens any more.
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let not = client(&nobody).hand_in(&order(), &mut |_| ()).await.unwrap_err();
    assert_eq!(not.fate, Fate::NotReceived);
    assert!(matches!(not.error, ClientError::Unreachable(_)), "{:?}", not.error);
}

#[tokio::test]
async fn once_an_answer_was_lost_nothing_says_that_it_was_not_received() {
    let server = Scripted::plays(vec![Act::Closes, problem(401, "unknown", "")]).await;
    let (result, again) = hand_in(&server).await;
    let not = result.unwrap_err();
    assert_eq!((not.fate, again), (Fate::Unclear, 1));
    assert_eq!(not.error.code(), Some(ProblemCode::Unknown));
    let server = Scripted::plays(vec![Act::Closes]).await;
    assert_eq!(hand_in(&server).await.0.unwrap_err().fate, Fate::Unclear);
}

#[tokio::test]
async fn what_will_not_pass_is_not_tried_again() {
    for (status, code) in [
        (400, "malformed"),
        (401, "unknown"),
        (403, "forbidden"),
        (404, "missing"),
        (405, "method"),
        (409, "no-home"),
        (413, "too-long"),
    ] {
        let server = Scripted::plays(vec![problem(status, code, "")]).await;
        let (result, again) = hand_in(&server).await;
        let not = result.unwrap_err();
        assert_eq!((not.fate, again), (Fate::NotReceived, 0), "{code}");
        assert_eq!((not.error.to_string(), not.error.hint()), (format!("it is {code}"), "wait"));
        assert!(not.error.is_final());
    }
    for act in [answer(404, "", "<h1>Not found</h1>"), answer(403, "", "{\"code\":\"no-such-code\"}")] {
        let server = Scripted::plays(vec![act]).await;
        let (result, again) = hand_in(&server).await;
        let not = result.unwrap_err();
        assert!(matches!(not.error, ClientError::Strange(_)), "{:?}", not.error);
        assert_eq!((not.fate, again), (Fate::NotReceived, 0));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_token_goes_nowhere_else() {
    let elsewhere = Scripted::plays(vec![taken()]).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("location: {}/v1/jobs\r\n", elsewhere.base);
        let server = Scripted::plays(vec![answer(status, &location, "")]).await;
        let not = hand_in(&server).await.0.unwrap_err();
        assert!(matches!(not.error, ClientError::Strange(_)), "{status}: {:?}", not.error);
        assert_eq!(server.sent().len(), 1, "{status}");
        let job = JobId::new("q-1").unwrap();
        let server = Scripted::plays(vec![answer(status, &location, "")]).await;
        server.client().standing(&job).await.unwrap_err();
        let server = Scripted::plays(vec![answer(status, &location, "")]).await;
        server.client().follow(&job, &mut |_| ()).await.unwrap_err();
    }
    assert_eq!(elsewhere.sent(), [""; 0]);
}

#[tokio::test]
async fn no_error_tells_the_token_or_what_a_server_babbles() {
    for act in [
        Act::Closes,
        answer(401, "", "very-secret \u{1b}[2J"),
        answer(202, "", "{\"very-secret\": \"\u{1b}[2J\"}"),
        answer(302, "location: http://very-secret/\r\n", ""),
    ] {
        let server = Scripted::plays(vec![act]).await;
        let not = hand_in(&server).await.0.unwrap_err();
        let told = format!("{not:?} {} {:?}", not.error, server.client());
        assert!(!told.contains("secret") && !told.contains('\u{1b}'), "{told}");
    }
}

#[tokio::test]
async fn an_endless_answer_is_left() {
    let head = b"HTTP/1.1 202 X\r\ncontent-type: application/json\r\n\r\n".to_vec();
    let server = Scripted::plays(vec![Act::Endless(head, vec![b' '; 1 << 16]), taken()]).await;
    let (result, _) = hand_in(&server).await;
    // Whether it was taken is not known; asking again tells.
    assert!(result.is_ok() || result.unwrap_err().fate == Fate::Unclear);
    let head = b"HTTP/1.1 400 X\r\n\r\n".to_vec();
    let server = Scripted::plays(vec![Act::Endless(head, vec![b' '; 1 << 16])]).await;
    let not = hand_in(&server).await.0.unwrap_err();
    assert!(matches!(not.error, ClientError::Strange(_)), "{:?}", not.error);
}

#[tokio::test]
async fn an_answer_about_something_else_proves_nothing() {
    let other_job = || JobId::new("q-2").unwrap();
    let lies: [(&str, Act); 7] = [
        ("another submission", accepted(|ticket| ticket.digest = digest("2"), |_| ())),
        ("another submission", accepted(|_| (), |body| body["standing"]["digest"] = json!("2".repeat(64)))),
        ("another assignment", accepted(|ticket| ticket.assignment = AssignmentId::new("c/b").unwrap(), |_| ())),
        ("another job", accepted(|ticket| ticket.job = other_job(), |_| ())),
        ("another student", accepted(|ticket| ticket.student = StudentId::new("eve").unwrap(), |_| ())),
        ("another time", accepted(|ticket| ticket.handed_in = "2026-03-17T00:00:00Z".into(), |_| ())),
        ("another assignment", accepted(|_| (), |body| body["standing"]["assignment"] = json!("c/b"))),
    ];
    for (what, act) in lies {
        let server = Scripted::plays(vec![act]).await;
        let (result, again) = hand_in(&server).await;
        let not = result.unwrap_err();
        assert_eq!(not.error, ClientError::Other(what));
        assert_eq!((not.fate, again), (Fate::Unclear, 0), "{what}");
    }
    for ticket in ["", "received!", "{}"] {
        let server = Scripted::plays(vec![accepted(|_| (), |body| body["ticket"] = json!(ticket))]).await;
        let not = hand_in(&server).await.0.unwrap_err();
        assert_eq!(not.fate, Fate::Unclear, "{ticket}");
    }
}
