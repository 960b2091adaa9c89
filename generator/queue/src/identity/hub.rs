//! Asking the hub who a token belongs to.
//!
//! `GET <api>/user` with the caller's own token: the hub answers with the user and the token's scopes, or 403. So this
//! server needs no token of its own, and a token that was revoked a moment ago is refused.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use assay_contract::queue::SCOPE;
use reqwest::StatusCode;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{User, name};
use crate::settings;

/// The longest that the hub may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// How long an answer is believed by those who only look; whoever hands in is asked for anew.
const BELIEVED: Duration = Duration::from_secs(10);
/// The most answers that are remembered.
const REMEMBERED: usize = 10_000;
/// The longest answer of the hub, in bytes.
const LONGEST: usize = 1 << 20;

/// Why a token is not good, or whether it is cannot be known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HubError {
    /// The hub does not know the token, or not any more.
    #[error("the hub does not know this token")]
    Unknown,
    /// The token is a service's.
    #[error("this token belongs to a service, not to a user")]
    Service,
    /// The token may not be used here.
    #[error("this token lacks the scope {SCOPE}")]
    Scope,
    /// The user's name can be no student's.
    #[error("the name of this user can be no student's")]
    Name,
    /// The hub does not answer, or not as a hub does.
    #[error("the hub cannot be asked: {0}")]
    Unavailable(String),
}

/// What a hub says of a token's owner. Fields that it may leave out are as if they were empty.
#[derive(Debug, Deserialize)]
struct Owner {
    kind: Option<String>,
    name: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    scopes: Vec<String>,
}

/// A hub.
pub struct Hub {
    client: reqwest::Client,
    address: String,
    staff_group: (String, String),
    /// By the SHA-256 of tokens.
    remembered: Mutex<HashMap<[u8; 32], (Instant, User)>>,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Hub {
    /// The hub of the settings.
    ///
    /// # Errors
    /// If this machine cannot make connections at all.
    pub fn new(settings: &settings::Hub) -> Result<Hub, reqwest::Error> {
        // The TLS of this program has no provider of its own; that another part set one before is no matter.
        let _set_before = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(ANSWER)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        let (before, after) = settings.staff_group.split_once("{course}").unwrap_or_default();
        Ok(Hub {
            client,
            address: format!("{}/user", settings.api),
            staff_group: (before.to_owned(), after.to_owned()),
            remembered: Mutex::default(),
        })
    }

    /// Whose token it is. `anew` asks the hub whatever it said a moment ago.
    ///
    /// # Errors
    /// Where the token is not good for this, or the hub cannot be asked.
    pub(crate) async fn owner(&self, token: &str, anew: bool) -> Result<User, HubError> {
        let fingerprint: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if !anew && let Some(user) = self.recall(&fingerprint) {
            return Ok(user);
        }
        let user = self.ask(token).await.inspect_err(|_| self.forget(&fingerprint))?;
        self.remember(fingerprint, &user);
        Ok(user)
    }

    async fn ask(&self, token: &str) -> Result<User, HubError> {
        // The reason without the address: that is the operator's, not the student's.
        let unavailable = |error: reqwest::Error| HubError::Unavailable(error.without_url().to_string());
        let answer = self
            .client
            .get(&self.address)
            .header("authorization", format!("token {token}"))
            .header("accept", "application/json")
            .send()
            .await
            .map_err(unavailable)?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(HubError::Unknown),
            other => return Err(HubError::Unavailable(format!("it answered {}", other.as_u16()))),
        }
        if answer.content_length().is_some_and(|length| length > LONGEST as u64) {
            return Err(HubError::Unavailable("its answer is too long".into()));
        }
        let owner: Owner = answer.json().await.map_err(unavailable)?;
        self.user(owner)
    }

    fn user(&self, owner: Owner) -> Result<User, HubError> {
        let Owner { kind, name, groups, scopes } = owner;
        if kind.as_deref() != Some("user") {
            return Err(HubError::Service);
        }
        if !scopes.iter().any(|scope| scope == SCOPE) {
            return Err(HubError::Scope);
        }
        let name = name.ok_or(HubError::Scope)?;
        let student = name::student(&name).ok_or(HubError::Name)?;
        let (before, after) = &self.staff_group;
        let staff_of: BTreeSet<String> = groups
            .iter()
            .filter_map(|group| group.strip_prefix(before.as_str())?.strip_suffix(after.as_str()))
            .filter(|course| !course.is_empty())
            .map(str::to_owned)
            .collect();
        Ok(User { name, student, staff_of })
    }

    fn recall(&self, fingerprint: &[u8; 32]) -> Option<User> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, user) = remembered.get(fingerprint)?;
        (at.elapsed() < BELIEVED).then(|| user.clone())
    }

    fn remember(&self, fingerprint: [u8; 32], user: &User) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED {
            remembered.retain(|_, (at, _)| at.elapsed() < BELIEVED);
        }
        if remembered.len() < REMEMBERED {
            remembered.insert(fingerprint, (Instant::now(), user.clone()));
        }
    }

    fn forget(&self, fingerprint: &[u8; 32]) {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).remove(fingerprint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Result<User, HubError> {
        let settings = settings::Hub { api: "http://hub".into(), staff_group: "assay-staff-{course}".into() };
        Hub::new(&settings).unwrap().user(serde_json::from_str(text).unwrap())
    }

    #[test]
    fn a_users_token_of_this_service_is_good() {
        let user = said(
            r#"{"kind":"user","name":"ada","admin":false,"groups":["assay-staff-c","assay-staff-","x"],
                "scopes":["access:services!service=assay","read:users:groups!user=ada"],"token_id":"a1"}"#,
        )
        .unwrap();
        assert_eq!(user.name, "ada");
        assert_eq!(user.staff_of.iter().map(String::as_str).collect::<Vec<_>>(), ["c"]);
    }

    #[test]
    fn other_tokens_are_not() {
        for (text, error) in [
            (r#"{"kind":"service","name":"assay","scopes":["access:services!service=assay"]}"#, HubError::Service),
            (r#"{"name":"ada","scopes":["access:services!service=assay"]}"#, HubError::Service),
            (r#"{"kind":"user","name":"ada","scopes":["access:services!service=other"]}"#, HubError::Scope),
            (r#"{"kind":"user","name":"ada","scopes":["access:services"]}"#, HubError::Scope),
            (r#"{"kind":"user","name":"ada","admin":true}"#, HubError::Scope),
            (r#"{"kind":"user","scopes":["access:services!service=assay"]}"#, HubError::Scope),
            (r#"{"kind":"user","name":"answers","scopes":["access:services!service=assay"]}"#, HubError::Name),
        ] {
            assert_eq!(said(text), Err(error), "{text}");
        }
    }
}
