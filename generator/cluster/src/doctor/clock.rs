//! Clocks: the API server's, which it tells in every answer, against this machine's and the nodes'.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use kube::Client;

use super::catalogue::CLOCK;
use super::check::{Check, Definition};

/// The longest that an answer may take.
const ANSWER: Duration = Duration::from_secs(10);
/// What a student would not notice.
const SMALL_MS: i64 = 2_000;
/// What changes who is late.
const LARGE_MS: i64 = 30_000;
/// The API server tells whole seconds.
const SECOND_MS: i64 = 1_000;

/// A stretch of the API server's time, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    from: i64,
    until: i64,
}

/// The beginning of a [`Window`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Begun(i64);

impl Window {
    /// Begins a stretch now; `None` where the API server does not tell its time.
    pub(super) async fn begin(client: &Client) -> Option<Begun> {
        Some(Begun(told(client).await?))
    }

    /// How far a time lies outside of it, in milliseconds; negative before it, 0 within.
    pub(super) fn distance(self, unix_ms: i64) -> i64 {
        if unix_ms < self.from { unix_ms - self.from } else { (unix_ms - self.until).max(0) }
    }
}

impl Begun {
    pub(super) async fn end(self, client: &Client) -> Option<Window> {
        Some(Window { from: self.0, until: told(client).await? + SECOND_MS })
    }
}

pub(super) async fn check(client: &Client) -> Check {
    let before = Timestamp::now().as_millisecond();
    let Some(theirs) = told(client).await else {
        return CLOCK.not_checked("the API server does not tell its time");
    };
    let after = Timestamp::now().as_millisecond();
    // Its clock stood somewhere in this second when it answered, between our asking and our hearing.
    let ours = Window { from: before - SECOND_MS, until: after };
    judge(&CLOCK, -ours.distance(theirs))
}

/// What it means that a clock is `ahead_ms` ahead of the API server's.
pub(super) fn judge(definition: &'static Definition, ahead_ms: i64) -> Check {
    let seconds = ahead_ms.abs() / 1000;
    let found = format!("{seconds} s {}", if ahead_ms < 0 { "behind" } else { "ahead" });
    match ahead_ms.abs() {
        0..=SMALL_MS => definition.ok("to the second"),
        ahead if ahead <= LARGE_MS => definition.warning(found),
        _ => definition.problem(found),
    }
}

/// The `Date` of an answer of the API server, in milliseconds since 1970.
async fn told(client: &Client) -> Option<i64> {
    let request = http::Request::get("/version").body(kube::client::Body::empty()).ok()?;
    let answer = tokio::time::timeout(ANSWER, client.send(request)).await.ok()?.ok()?;
    date(answer.headers().get(http::header::DATE)?.to_str().ok()?)
}

fn date(text: &str) -> Option<i64> {
    Some(rfc2822::parse(text).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn the_date_of_an_answer_is_read() {
        assert_eq!(date("Thu, 01 Jan 1970 00:00:01 GMT"), Some(1000));
        assert_eq!(date("now"), None);
    }

    #[test]
    fn a_clock_is_wrong_only_outside_of_the_window() {
        let window = Window { from: 1000, until: 5000 };
        assert_eq!([0, 1000, 5000, 6500].map(|at| window.distance(at)), [-1000, 0, 0, 1500]);
        assert_eq!(judge(&CLOCK, 1999).outcome, Outcome::Ok);
        assert_eq!(judge(&CLOCK, -3000).found, "3 s behind");
        assert_eq!(judge(&CLOCK, 31_000).outcome, Outcome::Problem);
    }
}
