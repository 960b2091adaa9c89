//! The two PEM files that a receipt key comes in, as OpenSSL writes them.
//!
//! Both have a fixed DER prefix before 32 bytes of key, so they are compared and not parsed: every other algorithm,
//! curve, version or attribute differs from the prefix and is refused. Never keeps decoded bytes that are not wiped.

use data_encoding::BASE64;
use zeroize::Zeroizing;

use crate::KeyError;

/// One kind of PEM file.
pub(crate) struct Kind {
    label: &'static str,
    prefix: &'static [u8],
}

const KEY_LEN: usize = 32;

/// PKCS#8 (RFC 8410) version 1 without a public key: `openssl genpkey -algorithm ed25519`.
pub(crate) const PRIVATE: Kind = Kind {
    label: "PRIVATE KEY",
    prefix: &[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20],
};

/// SubjectPublicKeyInfo (RFC 8410): `openssl pkey -pubout`.
pub(crate) const PUBLIC: Kind = Kind {
    label: "PUBLIC KEY",
    prefix: &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00],
};

impl Kind {
    /// The 32 bytes of key in `text`; white space around and inside the body is allowed, as editors and environment
    /// variables add it.
    pub(crate) fn read(&self, text: &str) -> Result<Zeroizing<[u8; KEY_LEN]>, KeyError> {
        let not_pem = || KeyError::NotPem { label: self.label };
        let body = text
            .trim()
            .strip_prefix("-----BEGIN ")
            .and_then(|rest| rest.strip_prefix(self.label)?.strip_prefix("-----"))
            .and_then(|rest| rest.strip_suffix("-----")?.strip_suffix(self.label)?.strip_suffix("-----END "))
            .ok_or_else(not_pem)?;
        let body: Zeroizing<Vec<u8>> =
            Zeroizing::new(body.bytes().filter(|b| !b.is_ascii_whitespace()).collect());
        let der = Zeroizing::new(BASE64.decode(&body).map_err(|_| not_pem())?);
        let key = der.strip_prefix(self.prefix).ok_or(KeyError::NotEd25519)?;
        key.try_into().map(Zeroizing::new).map_err(|_| KeyError::NotEd25519)
    }

    /// `key` as a PEM file.
    pub(crate) fn write(&self, key: &[u8; KEY_LEN]) -> Zeroizing<String> {
        let der = Zeroizing::new([self.prefix, key].concat());
        let body = Zeroizing::new(BASE64.encode(&der));
        let label = self.label;
        Zeroizing::new(format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", body.as_str()))
    }
}
