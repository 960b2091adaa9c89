//! `assay receipt`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use assay_contract::answers::Mode;
use assay_contract::configuration::Network;
use assay_contract::receipts::{CasesCounted, Concluded, Received, Statement};
use assay_contract::{AssignmentId, Digest, Exit, JobId, StudentId, Verdict};
use assay_receipt::SigningKey;
use sha2::{Digest as _, Sha256};

use crate::session::Session;

const ZIP: &[u8] = b"PK\x05\x06 what was handed in";

fn sha256(bytes: &[u8]) -> Digest {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Digest::new(hex).unwrap()
}

fn received(refused: Option<&str>) -> Statement {
    Statement::Received(Received {
        job: JobId::new("job-1").unwrap(),
        assignment: AssignmentId::new("comp10002/wordcount").unwrap(),
        revision: sha256(b"revision"),
        student: StudentId::new("ada").unwrap(),
        digest: sha256(ZIP),
        size_bytes: 22,
        handed_in: "2026-03-10T01:02:03Z".into(),
        late_seconds: 0,
        refused: refused.map(str::to_owned),
    })
}

fn concluded() -> Statement {
    Statement::Concluded(Concluded {
        job: JobId::new("job-1").unwrap(),
        assignment: AssignmentId::new("comp10002/wordcount").unwrap(),
        revision: sha256(b"revision"),
        student: StudentId::new("ada").unwrap(),
        digest: sha256(ZIP),
        received: Some(sha256(b"received")),
        mode: Mode::Sealed,
        network: Network::None,
        cases: CasesCounted::All,
        verdict: Verdict::Passed,
        fault: None,
        thousandths: 9_500,
        max_thousandths: 10_000,
        private_result: Some(sha256(b"result")),
    })
}

/// A folder with keys, zips and receipts.
fn receipts() -> Session {
    let session = Session::new();
    let key = SigningKey::from_seed([7; 32]);
    session.write("course.pem", key.public().to_pem());
    session.write("other.pem", SigningKey::from_seed([8; 32]).public().to_pem());
    session.write("secret.pem", key.to_pem().as_bytes());
    session.write("wc.zip", ZIP);
    session.write("other.zip", b"PK something else");
    session.write("received.json", assay_receipt::sign(&received(None), &key).unwrap());
    session.write("refused.json", assay_receipt::sign(&received(Some("too-late")), &key).unwrap());
    session.write("concluded.json", assay_receipt::sign(&concluded(), &key).unwrap());
    session
}

#[test]
fn good_receipts_are_read_out() {
    let session = receipts();
    session.assay("receipt verify received.json --key course.pem").exits(Exit::Done);
    session.assay("receipt verify refused.json --key course.pem").exits(Exit::Done);
    session
        .assay("receipt verify concluded.json --key other.pem --key course.pem --zip wc.zip")
        .exits(Exit::Done);
    session.assay("receipt verify concluded.json --key course.pem --output json").exits(Exit::Done);
    session.golden("receipt-good");
}

#[test]
fn receipts_that_prove_nothing_are_refused() {
    let session = receipts();
    session.write("tampered.json", session.read("received.json").replacen("eyJ", "eyI", 1));
    session.write("cut.json", &session.read("received.json").as_bytes()[..100]);
    session.write("prose.json", "Dear tutor, I did hand this in.\n");
    session.write("empty.json", "");
    for line in [
        "received.json --key other.pem",
        "received.json --key course.pem --zip other.zip",
        "tampered.json --key course.pem",
        "cut.json --key course.pem",
        "prose.json --key course.pem",
        "empty.json --key course.pem",
    ] {
        assert_eq!(session.assay(&format!("receipt verify {line}")).exits(Exit::ReceiptInvalid).stdout, "");
    }
    session.golden("receipt-bad");
}

#[test]
fn one_changed_byte_breaks_a_receipt() {
    let session = receipts();
    let good = session.read("concluded.json").into_bytes();
    for at in (0..good.len()).step_by(23) {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        session.write("changed.json", &bytes);
        let ended = session.assay("receipt verify changed.json --key course.pem");
        assert!(ended.stdout.is_empty() && ended.code != Some(0), "byte {at}");
    }
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let session = receipts();
    session.assay("receipt verify received.json --key missing.pem").exits(Exit::Key);
    session.assay("receipt verify received.json --key wc.zip").exits(Exit::Key);
    // A secret key is none to give away; it is not taken, and not printed.
    session.assay("receipt verify received.json --key secret.pem").exits(Exit::Key);
    session.assay("receipt verify missing.json --key course.pem").exits(Exit::Io);
    session.assay("receipt verify received.json --key course.pem --zip missing.zip").exits(Exit::Io);
    session.golden("receipt-files");
}

#[test]
fn a_new_key_is_its_owners_alone() {
    let session = Session::new();
    let made = session.assay("receipt key private.pem").exits(Exit::Done);
    let mode = fs::metadata(session.path("private.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let key = SigningKey::from_pem(&session.read("private.pem")).unwrap();
    assert_eq!(made.stdout, key.public().to_pem());
    assert!(made.stderr.contains(&key.public().id().to_string()), "{}", made.stderr);
    assert!(!made.stdout.contains("PRIVATE") && !made.stderr.contains("PRIVATE"));
    // What it signs, the printed key checks.
    session.write("public.pem", made.stdout);
    session.write("received.json", assay_receipt::sign(&received(None), &key).unwrap());
    session.assay("receipt verify received.json --key public.pem").exits(Exit::Done);
}

#[test]
fn a_key_replaces_no_file_and_no_two_are_alike() {
    let session = Session::new();
    let first = session.assay("receipt key one.pem --output json").exits(Exit::Done).json();
    let second = session.assay("receipt key two.pem --output json").exits(Exit::Done).json();
    assert_ne!(first["key"], second["key"]);
    let before = session.read("one.pem");
    assert_eq!(session.assay("receipt key one.pem").exits(Exit::Io).stdout, "");
    assert_eq!(session.read("one.pem"), before);
}
