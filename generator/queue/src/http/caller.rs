//! Who sent a request, before anything else of it is looked at, and whether they ask too often.
//!
//! With a hub a user's requests are counted, whatever token they come with; without one, those of an address. The hub is asked by
//! so many requests at once and no more: whoever sends tokens that are none holds up others who are not known yet, and not the hub.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;

use assay_contract::StudentId;
use assay_contract::queue::ProblemCode;
use axum::extract::{ConnectInfo, FromRequestParts};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::Shared;
use super::problem::Trouble;
use crate::identity::Caller;
use crate::settings::Limits;

/// How often each caller may ask.
pub(super) struct Rates {
    limiter: DefaultKeyedRateLimiter<Key>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    User(StudentId),
    Address(IpAddr),
}

impl Rates {
    pub(super) fn new(limits: &Limits) -> Rates {
        let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_minute(at_least_one(limits.requests_per_minute))
            .allow_burst(at_least_one(limits.burst));
        Rates { limiter: RateLimiter::keyed(quota) }
    }

    /// Forgets those who have been quiet long enough.
    pub(super) fn forget(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }

    fn check(&self, key: &Key) -> Result<(), Trouble> {
        self.limiter.check_key(key).map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            Trouble::new(
                ProblemCode::TooMany,
                "you ask too often",
                "wait a moment; nothing that you handed in is lost",
            )
            .retry_after(wait.as_secs() + 1)
        })
    }
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, server: &Shared) -> Result<Caller, Trouble> {
        let address =
            parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
        let token = token(parts)?;
        let Some(hub) = &server.hub else {
            let address = address.ok_or_else(|| Trouble::bug("a connection without an address"))?;
            server.rates.check(&Key::Address(address))?;
            return Ok(Caller::Anybody);
        };
        let token = token.ok_or_else(|| {
            Trouble::new(
                ProblemCode::Unknown,
                "there is no token",
                "run this in your server of the hub, which has one in JUPYTERHUB_API_TOKEN",
            )
        })?;
        let user = hub.owner(&token).await?;
        server.rates.check(&Key::User(user.student.clone()))?;
        Ok(Caller::User(user))
    }
}

/// The token of a request, in either of the two words that are used for it.
fn token(parts: &Parts) -> Result<Option<String>, Trouble> {
    let Some(value) = parts.headers.get(AUTHORIZATION) else { return Ok(None) };
    let malformed = || {
        Trouble::new(
            ProblemCode::Malformed,
            "the header Authorization is not of the form `token <token>`",
            "send `Authorization: token <token>`",
        )
    };
    let text = value.to_str().map_err(|_| malformed())?;
    let (scheme, token) = text.split_once(' ').ok_or_else(malformed)?;
    let known = scheme.eq_ignore_ascii_case("token") || scheme.eq_ignore_ascii_case("bearer");
    let plain = !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic());
    if known && plain { Ok(Some(token.to_owned())) } else { Err(malformed()) }
}
