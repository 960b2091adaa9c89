use super::*;

/// The first key pair of RFC 8032, section 7.1.
const RFC_SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const RFC_PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

/// What `openssl pkey` writes for it.
const RFC_PRIVATE_PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
const RFC_PUBLIC_PEM: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";

fn bytes(hex: &str) -> [u8; 32] {
    HEXLOWER.decode(hex.as_bytes()).unwrap().try_into().unwrap()
}

fn rfc_key() -> SigningKey {
    SigningKey::from_seed(bytes(RFC_SEED))
}

#[test]
fn pem_files_of_openssl_are_read_and_written() {
    let key = SigningKey::from_pem(RFC_PRIVATE_PEM).unwrap();
    assert_eq!(key.public().to_bytes(), bytes(RFC_PUBLIC));
    assert_eq!(key.to_pem().as_str(), RFC_PRIVATE_PEM);
    assert_eq!(PublicKey::from_pem(RFC_PUBLIC_PEM).unwrap(), key.public());
    assert_eq!(key.public().to_pem(), RFC_PUBLIC_PEM);
}

#[test]
fn white_space_of_editors_and_environments_is_allowed() {
    let one_line = RFC_PRIVATE_PEM.replace('\n', " ");
    let crlf = format!("\u{20}\n{}", RFC_PRIVATE_PEM.replace('\n', "\r\n"));
    for text in [one_line, crlf] {
        assert_eq!(SigningKey::from_pem(&text).unwrap().public(), rfc_key().public());
    }
}

#[test]
fn other_kinds_of_key_are_refused() {
    let x25519 = RFC_PRIVATE_PEM.replace("K2VwBCIEI", "K2VuBCIEI");
    assert_ne!(x25519, RFC_PRIVATE_PEM);
    assert_eq!(SigningKey::from_pem(&x25519).unwrap_err(), KeyError::NotEd25519);
    assert!(matches!(SigningKey::from_pem(RFC_PUBLIC_PEM), Err(KeyError::NotPem { .. })));
    assert!(matches!(PublicKey::from_pem(RFC_PRIVATE_PEM), Err(KeyError::NotPem { .. })));
    for text in
        ["", "none", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----"]
    {
        assert!(SigningKey::from_pem(text).is_err(), "{text}");
    }
}

#[test]
fn cut_or_padded_keys_are_refused() {
    let der = data_encoding::BASE64.decode(RFC_PRIVATE_PEM.lines().nth(1).unwrap().as_bytes()).unwrap();
    for wrong in [&der[..47], &[der.as_slice(), &[0]].concat()] {
        let body = data_encoding::BASE64.encode(wrong);
        let text = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
        assert_eq!(SigningKey::from_pem(&text).unwrap_err(), KeyError::NotEd25519);
    }
}

/// All spellings of the eight points of small order: the curve's equation has no others.
const SMALL_ORDER: [&str; 14] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

#[test]
fn keys_of_small_order_are_refused() {
    for hex in SMALL_ORDER {
        assert_eq!(PublicKey::from_bytes(&bytes(hex)).unwrap_err(), KeyError::Unsafe, "{hex}");
    }
}

#[test]
fn second_spellings_of_points_are_refused() {
    // y = 3 + p has a spelling below 2^255 and lies on the curve, as y = 3 does.
    let low = "0300000000000000000000000000000000000000000000000000000000000000";
    let high = "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
    assert!(PublicKey::from_bytes(&bytes(low)).is_ok());
    assert!(
        VerifyingKey::from_bytes(&bytes(high)).is_ok(),
        "the curve library takes it, so the check is ours"
    );
    assert_eq!(PublicKey::from_bytes(&bytes(high)).unwrap_err(), KeyError::Unsafe);
}

#[test]
fn bytes_off_the_curve_are_refused() {
    let off = "0200000000000000000000000000000000000000000000000000000000000000";
    assert_eq!(PublicKey::from_bytes(&bytes(off)).unwrap_err(), KeyError::Unsafe);
}

/// L, the order of the group, little-endian.
const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

fn plus_order(s: &[u8]) -> [u8; 32] {
    let mut sum = [0_u8; 32];
    let mut carry = 0_u16;
    for ((out, s), l) in sum.iter_mut().zip(s).zip(bytes(ORDER)) {
        let digit = u16::from(*s) + u16::from(l) + carry;
        *out = digit.to_le_bytes()[0];
        carry = digit >> 8;
    }
    assert_eq!(carry, 0);
    sum
}

#[test]
fn a_signature_has_one_s() {
    let key = rfc_key();
    let mut signature = key.sign(b"message");
    assert!(key.public().verifies(b"message", &signature));
    let larger = plus_order(&signature[32..]);
    signature[32..].copy_from_slice(&larger);
    assert!(!key.public().verifies(b"message", &signature));
}

#[test]
fn signatures_that_lax_rules_take_for_any_message_are_refused() {
    use ed25519_dalek::Verifier as _;
    // The identity as key and as R with S = 0 satisfies the bare equation for every message.
    let identity = bytes(SMALL_ORDER[2]);
    let mut signature = [0_u8; 64];
    signature[..32].copy_from_slice(&identity);
    let lax = VerifyingKey::from_bytes(&identity).unwrap();
    assert!(lax.verify(b"any message", &Signature::from_bytes(&signature)).is_ok());
    assert!(!PublicKey(lax).verifies(b"any message", &signature));
}

#[test]
fn small_order_r_is_refused_under_a_good_key() {
    for hex in SMALL_ORDER {
        let mut signature = rfc_key().sign(b"message");
        signature[..32].copy_from_slice(&bytes(hex));
        assert!(!rfc_key().public().verifies(b"message", &signature), "{hex}");
    }
}

#[test]
fn debug_and_errors_hold_no_key_material() {
    let key = rfc_key();
    let shown = format!("{key:?} {:?}", key.public());
    let broken = RFC_PRIVATE_PEM.replace("MC4C", "MC5C");
    let error = SigningKey::from_pem(&broken).unwrap_err();
    let shown = format!("{shown} {error} {error:?}");
    for secret in [RFC_SEED, &RFC_SEED[..8], RFC_PRIVATE_PEM.lines().nth(1).unwrap(), "157, 97, 177"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains("redacted"));
}

#[test]
fn key_ids_are_read_as_they_are_written() {
    let id = rfc_key().public().id();
    assert_eq!(id.to_string(), "21fe31dfa154a261");
    assert_eq!(KeyId::parse(&id.to_string()), Some(id));
    for text in ["", "21fe31dfa154a2610", "21FE31DFA154A261", "21fe31dfa154a26", "zzzzzzzzzzzzzzzz"] {
        assert_eq!(KeyId::parse(text), None, "{text}");
    }
}
