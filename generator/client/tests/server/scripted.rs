//! A server on loopback that does with each connection what its script says, and keeps what it was sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use assay_client::{Address, Client, Order, Patience, Token, key};
use assay_contract::queue::{Phase, Standing};
use assay_contract::receipts::{Statement, Ticket};
use assay_contract::{API_VERSION, AssignmentId, Digest, JobId, StudentId};
use assay_receipt::SigningKey;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What is done with one connection, once its request was read.
#[derive(Clone)]
pub(crate) enum Act {
    /// These bytes are written, and the connection is closed.
    Says(Vec<u8>),
    /// Nothing is written.
    Closes,
    /// These bytes are written, and then the others for ever.
    Endless(Vec<u8>, Vec<u8>),
}

/// The server.
pub(crate) struct Scripted {
    pub(crate) base: String,
    sent: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// One that plays its acts in turn, and the last for all others.
    pub(crate) async fn plays(acts: Vec<Act>) -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/services/assay", listener.local_addr().unwrap());
        let sent = Arc::new(Mutex::new(Vec::new()));
        let kept = sent.clone();
        tokio::spawn(async move {
            let mut played = 0;
            while let Ok((stream, _)) = listener.accept().await {
                let act = acts[played.min(acts.len() - 1)].clone();
                played += 1;
                // In turn: a client of these tests has one request at a time.
                play(stream, act, &kept).await;
            }
        });
        Scripted { base, sent }
    }

    /// A client that does not wait long.
    pub(crate) fn client(&self) -> Client {
        client(&self.base)
    }

    /// What was sent, request by request.
    pub(crate) fn sent(&self) -> Vec<String> {
        self.sent.lock().unwrap().clone()
    }
}

pub(crate) fn client(base: &str) -> Client {
    let patience = Patience {
        first: Duration::from_millis(10),
        longest: Duration::from_millis(40),
        together: Duration::from_millis(400),
    };
    Client::new(Address::parse(base).unwrap(), Some(&Token::new("very-secret").unwrap()), patience).unwrap()
}

async fn play(mut stream: TcpStream, act: Act, kept: &Mutex<Vec<String>>) {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    while !is_whole(&request) {
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(length) => request.extend_from_slice(&piece[..length]),
        }
    }
    kept.lock().unwrap().push(String::from_utf8(request).unwrap());
    match act {
        Act::Closes => {}
        Act::Says(bytes) => {
            let _gone = stream.write_all(&bytes).await;
            let _gone = stream.shutdown().await;
        }
        Act::Endless(first, then) => {
            let _gone = stream.write_all(&first).await;
            while stream.write_all(&then).await.is_ok() {}
        }
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.to_lowercase().split("content-length: ").nth(1).map_or(0, |rest| {
        rest.lines().next().unwrap().trim().parse().unwrap()
    });
    body.len() >= length
}

/// An answer of this status with these headers and this body.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Act {
    Act::Says(
        format!(
            "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}",
            body.len()
        )
        .into_bytes(),
    )
}

/// An answer that says what is wrong.
pub(crate) fn problem(status: u16, code: &str, headers: &str) -> Act {
    let body = json!({"api-version": API_VERSION, "code": code, "message": format!("it is {code}"), "hint": "wait",
        "fault": "system"});
    answer(status, headers, &body.to_string())
}

pub(crate) fn digest(letter: &str) -> Digest {
    Digest::new(letter.repeat(64)).unwrap()
}

pub(crate) fn order() -> Order {
    let assignment = AssignmentId::new("c/a").unwrap();
    let key = key(&assignment, &digest("1")).unwrap();
    Order { assignment, student: None, digest: digest("1"), key }
}

pub(crate) fn standing(job: &str, phase: Phase) -> Standing {
    Standing {
        api_version: API_VERSION.into(),
        job: JobId::new(job).unwrap(),
        assignment: AssignmentId::new("c/a").unwrap(),
        student: StudentId::new("ada").unwrap(),
        digest: digest("1"),
        handed_in: "2026-03-16T12:59:31Z".into(),
        phase,
        place: (phase == Phase::Waiting).then_some(3),
        expected: None,
        message: String::new(),
        stages: Vec::new(),
        verdict: None,
        fault: None,
        points: None,
    }
}

/// What is answered to [`order`], with this done to the ticket and to the answer.
pub(crate) fn accepted(ticket: impl FnOnce(&mut Ticket), change: impl FnOnce(&mut Value)) -> Act {
    let standing = standing("q-1", Phase::Waiting);
    let mut says = Ticket {
        job: standing.job.clone(),
        assignment: standing.assignment.clone(),
        student: standing.student.clone(),
        digest: standing.digest.clone(),
        handed_in: standing.handed_in.clone(),
    };
    ticket(&mut says);
    let ticket = assay_receipt::sign(&Statement::Ticket(says), &SigningKey::from_seed([3; 32])).unwrap();
    let mut body = json!({"api-version": API_VERSION, "ticket": ticket, "standing": standing});
    change(&mut body);
    answer(202, "", &body.to_string())
}

/// The answer to [`order`] as it should be.
pub(crate) fn taken() -> Act {
    accepted(|_| (), |_| ())
}
