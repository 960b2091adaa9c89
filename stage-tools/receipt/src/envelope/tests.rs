use assay_contract::answers::Mode;
use assay_contract::configuration::Network;
use assay_contract::receipts::{CasesCounted, Concluded, Received};
use assay_contract::{AssignmentId, Digest, Fault, JobId, StudentId, Verdict};
use proptest::prelude::*;

use super::*;

fn key() -> SigningKey {
    SigningKey::from_seed([7; 32])
}

fn digest(hex_digit: char) -> Digest {
    Digest::new(hex_digit.to_string().repeat(64)).unwrap()
}

fn received() -> Received {
    Received {
        job: JobId::new("wordcount-k3x9").unwrap(),
        assignment: AssignmentId::new("comp10002/wordcount").unwrap(),
        revision: digest('a'),
        student: StudentId::new("ada").unwrap(),
        digest: digest('b'),
        size_bytes: 9_007_199_254_740_993,
        handed_in: "2026-03-16T12:59:00Z".into(),
        late_seconds: 0,
        refused: None,
    }
}

fn concluded() -> Concluded {
    Concluded {
        job: JobId::new("wordcount-k3x9").unwrap(),
        assignment: AssignmentId::new("comp10002/wordcount").unwrap(),
        revision: digest('a'),
        student: StudentId::new("ada").unwrap(),
        digest: digest('b'),
        received: Some(digest('c')),
        mode: Mode::Sealed,
        network: Network::None,
        cases: CasesCounted::All,
        verdict: Verdict::WrongOutput,
        fault: Some(Fault::Student),
        thousandths: 6_250,
        max_thousandths: 10_000,
        private_result: Some(digest('d')),
    }
}

fn receipt() -> String {
    sign(&Statement::Received(received()), &key()).unwrap()
}

fn check(text: &str) -> Result<Verified, ReceiptError> {
    verify(text.as_bytes(), &[key().public()])
}

/// An envelope with a good signature over any bytes, as someone with the key could make it.
fn signed(payload: &[u8]) -> String {
    render(payload, key().public().id(), &key().sign(&signed_bytes(payload)))
}

#[test]
fn what_is_signed_is_read_back() {
    for statement in [Statement::Received(received()), Statement::Concluded(concluded())] {
        let text = sign(&statement, &key()).unwrap();
        assert_eq!(sign(&statement, &key()).unwrap(), text);
        assert!(text.ends_with("}\n") && text.lines().count() == 1);
        assert_eq!(check(&text), Ok(Verified { statement, key_id: key().public().id() }));
    }
}

#[test]
fn a_receipt_can_be_found_without_a_key_and_is_not_thereby_believed() {
    let forged = receipt().replacen("\"sig\":\"", "\"sig\":\"AAAA", 1);
    assert_eq!(read_unchecked(forged.as_bytes()), Ok(Statement::Received(received())));
    assert!(check(&forged).is_err());
    assert_eq!(read_unchecked(b"{}"), Err(ReceiptError::Malformed { line: 1, column: 2 }));
    assert_eq!(read_unchecked(signed(b"{}").as_bytes()), Err(ReceiptError::Statement));
}

#[test]
fn receipts_keep_their_bytes() {
    assert_eq!(receipt(), include_str!("golden/received.json"));
    let concluded = sign(&Statement::Concluded(concluded()), &key()).unwrap();
    assert_eq!(concluded, include_str!("golden/concluded.json"));
}

#[test]
fn the_signed_bytes_are_those_of_dsse() {
    assert_eq!(signed_bytes(b"{}"), b"DSSEv1 37 application/vnd.assay.receipt.v1+json 2 {}");
}

#[test]
fn other_payload_types_are_refused_also_with_a_good_signature() {
    for other in ["application/vnd.assay.receipt.v0+json", "application/json", ""] {
        assert_eq!(check(&receipt().replace(PAYLOAD_TYPE, other)), Err(ReceiptError::PayloadType));
    }
}

#[test]
fn unknown_repeated_and_missing_fields_are_refused() {
    let text = receipt();
    for changed in [
        text.replacen('{', "{\"extra\":1,", 1),
        text.replacen('{', "{\"payload\":\"\",", 1),
        text.replace("\"keyid\"", "\"keyid\":\"\",\"keyid\""),
        text.replace("\"keyid\"", "\"cert\":\"\",\"keyid\""),
        text.replace("payloadType", "payloadtype"),
        text.replace("[{", "[[{"),
        "[".repeat(60_000),
        "null".into(),
        String::new(),
        format!("\u{feff}{text}"),
        format!("{text}{text}"),
    ] {
        assert!(matches!(check(&changed), Err(ReceiptError::Malformed { .. })), "{changed:.80}");
    }
}

#[test]
fn a_receipt_has_one_signature() {
    let text = receipt();
    let (_, signature) = text.trim_end().split_once(":[").unwrap();
    let signature = signature.strip_suffix("]}").unwrap();
    let none = text.replace(signature, "");
    let two = text.replace(signature, &format!("{signature},{signature}"));
    assert_eq!(check(&none), Err(ReceiptError::Signatures { count: 0 }));
    assert_eq!(check(&two), Err(ReceiptError::Signatures { count: 2 }));
}

#[test]
fn base64_has_one_spelling() {
    let text = receipt();
    let Envelope { payload, signatures, .. } = serde_json::from_str(&text).unwrap();
    let sig = &signatures[0].sig;
    // 64 bytes leave four unused bits in the last digit before the padding.
    let loose = sig.replace("==", "").chars().next_back().unwrap();
    let next = char::from(u8::try_from(u32::from(loose) + 1).unwrap());
    for changed in
        [sig.replace("==", ""), sig.replace(&format!("{loose}=="), &format!("{next}==")), format!("{sig} ")]
    {
        assert_eq!(
            check(&text.replace(sig, &changed)),
            Err(ReceiptError::Encoding { field: "sig" }),
            "{changed}"
        );
    }
    let url_safe = format!("-_{}", &payload[2..]);
    for changed in [url_safe, format!("{payload}="), payload[1..].to_owned()] {
        let error = check(&text.replace(&payload, &changed));
        assert_eq!(error, Err(ReceiptError::Encoding { field: "payload" }), "{changed}");
    }
    let id = key().public().id().to_string();
    let upper = check(&text.replace(&id, &id.to_uppercase()));
    assert_eq!(upper, Err(ReceiptError::Encoding { field: "keyid" }));
}

#[test]
fn another_form_is_refused_also_with_a_good_signature() {
    let canonical = serde_json::to_string(&Statement::Received(received())).unwrap();
    let changes: [(&str, &str); 6] = [
        (",", ", "),
        ("\"late-seconds\":0", "\"late-seconds\": 0"),
        ("ada", "\\u0061da"),
        (",\"refused\":null", ""),
        ("\"refused\":null}", "\"refused\":null}\n"),
        ("\"job\":\"wordcount-k3x9\",", ""),
    ];
    for (from, to) in changes {
        let mut changed = canonical.replacen(from, to, 1);
        assert_ne!(changed, canonical);
        if to.is_empty() && from.starts_with("\"job\"") {
            changed = changed.replace("\"refused\":null", "\"refused\":null,\"job\":\"wordcount-k3x9\"");
        }
        assert_eq!(check(&signed(changed.as_bytes())), Err(ReceiptError::Form), "{changed}");
    }
    let spaced = receipt().replace("\":\"", "\": \"");
    assert_eq!(check(&spaced), Err(ReceiptError::Form));
    assert_eq!(check(receipt().trim_end()), Err(ReceiptError::Form));
}

#[test]
fn statements_of_no_known_kind_are_refused_also_with_a_good_signature() {
    let canonical = serde_json::to_string(&Statement::Received(received())).unwrap();
    for (from, to) in [
        ("\"received\"", "\"revoked\""),
        (":0,", ":0.0,"),
        (":0,", ":-0,"),
        (":0,", ":1e999,"),
        (":0,", ":NaN,"),
        (":0,", ":0,\"late-seconds\":0,"),
        ("\"refused\"", "\"mark\":1,\"refused\""),
        ("ada", "../ada"),
    ] {
        let changed = canonical.replacen(from, to, 1);
        assert_ne!(changed, canonical);
        assert_eq!(check(&signed(changed.as_bytes())), Err(ReceiptError::Statement), "{changed}");
    }
    assert_eq!(check(&signed(b"\xff")), Err(ReceiptError::Statement));
}

#[test]
fn keys_that_are_not_trusted_are_refused() {
    let other = SigningKey::from_seed([8; 32]);
    let text = receipt();
    let key_id = key().public().id();
    assert_eq!(verify(text.as_bytes(), &[]), Err(ReceiptError::UnknownKey { key_id }));
    assert_eq!(verify(text.as_bytes(), &[other.public()]), Err(ReceiptError::UnknownKey { key_id }));
    // The id is not signed: naming a trusted key does not help a signature by another.
    let renamed = text.replace(&key_id.to_string(), &other.public().id().to_string());
    let expected = Err(ReceiptError::Signature { key_id: other.public().id() });
    assert_eq!(verify(renamed.as_bytes(), &[other.public(), key().public()]), expected);
}

#[test]
fn a_key_that_replaced_another_leaves_old_receipts_valid() {
    let newer = SigningKey::from_seed([8; 32]).public();
    assert!(verify(receipt().as_bytes(), &[newer, key().public()]).is_ok());
}

#[test]
fn another_submissions_signature_does_not_carry_over() {
    let other = Received { digest: digest('e'), ..received() };
    let other = sign(&Statement::Received(other), &key()).unwrap();
    let payload = |text: &str| serde_json::from_str::<Envelope>(text).unwrap().payload;
    let mixed = receipt().replace(&payload(&receipt()), &payload(&other));
    assert_eq!(check(&mixed), Err(ReceiptError::Signature { key_id: key().public().id() }));
}

#[test]
fn long_texts_are_refused_before_they_are_parsed_and_never_written() {
    assert_eq!(check(&" ".repeat(MAX_BYTES + 1)), Err(ReceiptError::TooLong));
    let long = Received { refused: Some("x".repeat(MAX_BYTES)), ..received() };
    assert_eq!(sign(&Statement::Received(long), &key()), Err(ReceiptError::TooLong));
}

#[test]
fn a_flipped_bit_in_any_byte_is_noticed() {
    let text = receipt().into_bytes();
    let trusted = [key().public()];
    for at in 0..text.len() {
        let mut changed = text.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(verify(&changed, &trusted).is_err(), "byte {at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(verify(&bytes, &[key().public()]).is_err());
    }

    #[test]
    fn any_signed_text_that_is_accepted_is_what_would_be_written(
        refused in proptest::option::of(".{0,40}"),
        late_seconds in any::<u64>(),
    ) {
        let statement = Statement::Received(Received { refused, late_seconds, ..received() });
        let text = sign(&statement, &key()).unwrap();
        prop_assert_eq!(check(&text).unwrap().statement, statement);
    }
}
