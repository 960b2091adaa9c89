//! Asking the hub who a token belongs to.
//!
//! `GET <api>/user` with the caller's own token: the hub answers with the user, their groups and the token's scopes, or 403 for
//! any token that is none (JupyterHub 5 and 6). So this server needs no token of its own, and one that was revoked a moment
//! ago is refused. The scope is compared as it stands: a wider one is an administrator's, not a student's server's.

use std::collections::BTreeSet;
use std::time::Duration;

use assay_contract::queue::SCOPE;
use reqwest::StatusCode;
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::{User, name};
use crate::settings;

/// The longest that the hub may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// The longest answer of the hub, in bytes.
const LONGEST: usize = 1 << 20;
/// How many requests ask the hub at once; it does one thing at a time.
const AT_ONCE: usize = 16;

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
    room: Semaphore,
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
            room: Semaphore::new(AT_ONCE),
        })
    }

    /// Whose token it is. The hub is asked each time: it answers within milliseconds, and an answer that was remembered would
    /// outlive the token.
    ///
    /// # Errors
    /// Where the token is not good for this, or the hub cannot be asked.
    pub(crate) async fn owner(&self, token: &str) -> Result<User, HubError> {
        // The reason without the address: that is the operator's, not the student's.
        let unavailable = |error: reqwest::Error| HubError::Unavailable(error.without_url().to_string());
        let busy = || HubError::Unavailable("too many ask it at once".into());
        let _room = tokio::time::timeout(ANSWER, self.room.acquire())
            .await
            .map_err(|_| busy())?
            .map_err(|_| busy())?;
        let mut answer = self
            .client
            .get(&self.address)
            .header("authorization", format!("token {token}"))
            .header("accept", "application/json")
            .send()
            .await
            .map_err(unavailable)?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unavailable)? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST {
                return Err(HubError::Unavailable("its answer is too long".into()));
            }
        }
        self.judge(status, &body)
    }

    /// What an answer says of a token.
    fn judge(&self, status: StatusCode, body: &[u8]) -> Result<User, HubError> {
        match status {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(HubError::Unknown),
            other => return Err(HubError::Unavailable(format!("it answered {}", other.as_u16()))),
        }
        let owner = serde_json::from_slice(body)
            .map_err(|error| HubError::Unavailable(format!("its answer is not a hub's: {error}")))?;
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
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;

    fn hub() -> Hub {
        let settings = settings::Hub { api: "http://hub".into(), staff_group: "assay-staff-{course}".into() };
        Hub::new(&settings).unwrap()
    }

    /// What JupyterHub 5.5.0 and 6.1.1 themselves answered for tokens of all kinds.
    #[test]
    fn real_hubs_are_understood() {
        let recorded: BTreeMap<String, BTreeMap<String, Value>> =
            serde_json::from_str(include_str!("../../tests/fixtures/hub-answers.json")).unwrap();
        let expected = |label: &str| match label {
            "server-token"
            | "server-token-bearer"
            | "server-token-through-proxy"
            | "server-token-after-group-removed" => Ok("ada.lovelace@example.edu"),
            // Made by their users for this service, or with all that they have themselves.
            "assay-only" | "inherit-token" | "inherit-token-default" | "oauth-assay-service" => Ok("bob"),
            "named-server-token" | "before-crash" | "expiring-before" | "revoke-before" => Ok("bob"),
            // The hub lets them live: docs/src/operators/jupyterhub.md has the hook that does not.
            "crashed-server-token" | "stopped-after-hub-restart" => Ok("bob"),
            "carol" => Ok("carol"),
            "digits" => Ok("1234567"),
            "renamed" => Ok("renamed7"),
            "admin-narrow" => Ok("root-admin"),
            "service-own-token" | "other-service-token" | "admin-service-token" => Err(HubError::Service),
            "access-services-all-admin"
            | "admin-inherit"
            | "narrow-read-users"
            | "no-scopes"
            | "oauth-other-service"
            | "other-service-scope"
            | "self" => Err(HubError::Scope),
            "access-services-all-as-user"
            | "deleted-users-token"
            | "empty"
            | "expired"
            | "garbage"
            | "identify"
            | "named-stopped-token"
            | "none"
            | "oauth-after-logout"
            | "revoked"
            | "stopped-server-token" => Err(HubError::Unknown),
            other => panic!("nothing is expected of {other}"),
        };
        for (label, answers) in &recorded {
            for (version, answer) in answers {
                let status = StatusCode::from_u16(answer["status"].as_u64().unwrap() as u16).unwrap();
                let judged = hub().judge(status, answer["body"].to_string().as_bytes());
                let name = judged.clone().map(|user| user.name.to_lowercase());
                assert_eq!(name, expected(label).map(str::to_owned), "{label}, {version}");
                let staff = judged.is_ok_and(|user| user.staff_of.contains("comp10002"));
                assert_eq!(staff, answer["body"]["groups"].to_string().contains("comp10002"), "{label}");
            }
        }
    }

    #[test]
    fn what_is_no_hubs_answer_lets_nobody_in() {
        for (status, body) in
            [(502, "bad gateway"), (200, "<html>"), (200, "[]"), (200, ""), (302, ""), (500, "{}")]
        {
            let judged = hub().judge(StatusCode::from_u16(status).unwrap(), body.as_bytes());
            assert!(matches!(judged, Err(HubError::Unavailable(_))), "{status} {body}: {judged:?}");
        }
        for body in ["{}", r#"{"kind":"user"}"#, r#"{"kind":"user","name":null,"scopes":[]}"#] {
            assert!(hub().judge(StatusCode::OK, body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn staff_are_those_of_groups_that_name_a_course() {
        let said = r#"{"kind":"user","name":"ada","groups":["assay-staff-c","assay-staff-","x"],
            "scopes":["access:services!service=assay"]}"#;
        let user = hub().judge(StatusCode::OK, said.as_bytes()).unwrap();
        assert_eq!(user.staff_of.iter().map(String::as_str).collect::<Vec<_>>(), ["c"]);
    }
}
