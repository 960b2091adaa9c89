//! Receipts: only what was signed is believed, in the one form that it has, and it is read back as it was.
//!
//! The first byte decides: any text, a receipt of any statement and the same after some damage, any payload signed by
//! someone who holds the key, or key files.

use std::sync::LazyLock;

use arbitrary::{Arbitrary as _, Result, Unstructured};
use assay_contract::answers::Mode;
use assay_contract::configuration::Network;
use assay_contract::receipts::{CasesCounted, Concluded, Received, Statement, Ticket};
use assay_contract::{AssignmentId, Digest, Fault, JobId, StudentId, Verdict};
use assay_receipt::{
    MAX_BYTES, PAYLOAD_TYPE, PublicKey, ReceiptError, SigningKey, read_unchecked, sign, verify,
};
use data_encoding::BASE64;
use ed25519_dalek::Signer as _;

use crate::edit::{Edit, apply};
use crate::text;

const SEED: [u8; 32] = [7; 32];
static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_seed(SEED));
/// A stranger's key, and the one that signs.
static KEYS: LazyLock<[PublicKey; 2]> =
    LazyLock::new(|| [SigningKey::from_seed([8; 32]).public(), KEY.public()]);

/// Checks one input.
pub fn check(data: &[u8]) {
    let Some((mode, rest)) = data.split_first() else { return };
    let mut u = Unstructured::new(rest);
    match mode % 4 {
        0 => {
            // Nobody signed anything: whatever this is, it is not believed.
            assert!(verify(rest, &*KEYS).is_err());
            drop(read_unchecked(rest));
        }
        1 => drop(signed_and_damaged(&mut u)),
        2 => signed_by_hand(rest),
        _ => keys(rest),
    }
}

fn signed_and_damaged(u: &mut Unstructured<'_>) -> Result<()> {
    let statement = match u.arbitrary::<u8>()? % 4 {
        1 | 3 => received(u)?,
        2 => ticket(u)?,
        _ => concluded(u)?,
    };
    let receipt = match sign(&statement, &KEY) {
        Ok(receipt) => receipt,
        Err(error) => {
            assert_eq!(error, ReceiptError::TooLong);
            return Ok(());
        }
    };
    assert!(receipt.len() <= MAX_BYTES && receipt.ends_with("}\n") && receipt.lines().count() == 1);
    let verified = verify(receipt.as_bytes(), &*KEYS).unwrap();
    assert_eq!((&verified.statement, verified.key_id), (&statement, KEYS[1].id()));
    assert_eq!(read_unchecked(receipt.as_bytes()).as_ref(), Ok(&statement));
    assert_eq!(sign(&verified.statement, &KEY).as_ref(), Ok(&receipt));
    assert!(verify(receipt.as_bytes(), &KEYS[..1]).is_err(), "believed with another key");

    let mut damaged = receipt.clone().into_bytes();
    apply(&mut damaged, &Vec::<Edit>::arbitrary(u)?);
    if damaged != receipt.as_bytes() {
        assert!(verify(&damaged, &KEYS[1..]).is_err(), "{}", String::from_utf8_lossy(&damaged));
        drop(read_unchecked(&damaged));
    }
    Ok(())
}

/// An envelope as someone with the key could make it by hand: what is accepted is what `sign` writes.
fn signed_by_hand(payload: &[u8]) {
    let mut message = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
    message.extend_from_slice(payload);
    let signature = ed25519_dalek::SigningKey::from_bytes(&SEED).sign(&message).to_bytes();
    let text = format!(
        "{{\"payload\":\"{}\",\"payloadType\":\"{PAYLOAD_TYPE}\",\"signatures\":[{{\"keyid\":\"{}\",\"sig\":\"{}\"}}]}}\n",
        BASE64.encode(payload),
        KEYS[1].id(),
        BASE64.encode(&signature),
    );
    match verify(text.as_bytes(), &KEYS[1..]) {
        Ok(verified) => {
            assert_eq!(sign(&verified.statement, &KEY), Ok(text));
            assert_eq!(serde_json::to_vec(&verified.statement).unwrap(), payload);
        }
        Err(error) => {
            let known = matches!(error, ReceiptError::Statement | ReceiptError::Form | ReceiptError::TooLong);
            assert!(known, "signed, and not believed for another reason: {error}");
        }
    }
}

/// Key files have one form, and no error repeats what is in them.
fn keys(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(key) = PublicKey::from_pem(&text) {
        assert_eq!(PublicKey::from_pem(&key.to_pem()).as_ref(), Ok(&key));
        assert_eq!(PublicKey::from_bytes(&key.to_bytes()).as_ref(), Ok(&key));
    }
    if let Ok(key) = SigningKey::from_pem(&text) {
        assert_eq!(SigningKey::from_pem(&key.to_pem()).unwrap().public(), key.public());
        assert!(!format!("{key:?}").contains(&*key.to_pem()));
    }
    if let Some(bytes) = bytes.first_chunk::<32>()
        && let Ok(key) = PublicKey::from_bytes(bytes)
    {
        assert_eq!(key.to_bytes(), *bytes);
        // The coordinate is below the prime 2^255 - 19; the highest bit is the other one's sign.
        let prime: Vec<u8> = [&[0x7f][..], &[0xff; 30], &[0xed]].concat();
        let mut coordinate: Vec<u8> = bytes.iter().rev().copied().collect();
        coordinate[0] &= 0x7f;
        assert!(coordinate < prime, "one key, two spellings");
        assert_eq!(PublicKey::from_pem(&key.to_pem()), Ok(key));
    }
}

fn received(u: &mut Unstructured<'_>) -> Result<Statement> {
    Ok(Statement::Received(Received {
        job: JobId::new(text::label(u, 63)?).unwrap(),
        assignment: assignment(u)?,
        revision: digest(u)?,
        student: student(u)?,
        digest: digest(u)?,
        size_bytes: u.arbitrary()?,
        handed_in: text::hostile(u)?,
        late_seconds: u.arbitrary()?,
        refused: if u.arbitrary()? { Some(text::hostile(u)?) } else { None },
    }))
}

fn concluded(u: &mut Unstructured<'_>) -> Result<Statement> {
    Ok(Statement::Concluded(Concluded {
        job: JobId::new(text::label(u, 63)?).unwrap(),
        assignment: assignment(u)?,
        revision: digest(u)?,
        student: student(u)?,
        digest: digest(u)?,
        received: if u.arbitrary()? { Some(digest(u)?) } else { None },
        mode: Mode::Sealed,
        network: if u.arbitrary()? { Network::None } else { Network::Loopback },
        cases: *u.choose(&[CasesCounted::All, CasesCounted::Shown])?,
        verdict: *u.choose(&Verdict::ALL)?,
        fault: *u.choose(&[None, Some(Fault::Student), Some(Fault::Author), Some(Fault::System)])?,
        thousandths: u.arbitrary()?,
        max_thousandths: u.arbitrary()?,
        private_result: if u.arbitrary()? { Some(digest(u)?) } else { None },
    }))
}

fn ticket(u: &mut Unstructured<'_>) -> Result<Statement> {
    Ok(Statement::Ticket(Ticket {
        job: JobId::new(text::label(u, 63)?).unwrap(),
        assignment: assignment(u)?,
        student: student(u)?,
        digest: digest(u)?,
        handed_in: text::hostile(u)?,
    }))
}

fn assignment(u: &mut Unstructured<'_>) -> Result<AssignmentId> {
    Ok(AssignmentId::new(format!("{}/{}", text::label(u, 20)?, text::label(u, 30)?)).unwrap())
}

fn student(u: &mut Unstructured<'_>) -> Result<StudentId> {
    let label = text::label(u, 63)?;
    StudentId::new(label).or_else(|_| Ok(StudentId::new("ada").unwrap()))
}

fn digest(u: &mut Unstructured<'_>) -> Result<Digest> {
    Ok(Digest::new(text::digest(u)?).unwrap())
}
