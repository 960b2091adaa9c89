//! How long to wait between two tries, and for how long to try at all.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The longest that a server may make anybody wait for one more try.
const LONGEST_ASKED: Duration = Duration::from_secs(60);

/// How patient a client is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    /// The wait after the first try; it doubles from try to try.
    pub first: Duration,
    /// The longest wait that this client chooses by itself.
    pub longest: Duration,
    /// All waits together; no try begins after them.
    pub together: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(20),
            together: Duration::from_secs(180),
        }
    }
}

/// The waits so far.
#[derive(Debug)]
pub(crate) struct Waits<'a> {
    patience: &'a Patience,
    next: Duration,
    waited: Duration,
}

impl<'a> Waits<'a> {
    pub(crate) fn new(patience: &'a Patience) -> Waits<'a> {
        Waits { patience, next: patience.first, waited: Duration::ZERO }
    }

    /// How long to wait before the next try; `None` once patience is at its end. What the server asks for is waited at least,
    /// within bounds, and a little more: those who were sent away together must not come back together.
    pub(crate) fn next(&mut self, asked: Option<Duration>) -> Option<Duration> {
        let own = self.next + self.next.mul_f64(part() / 2.0);
        self.next = (self.next * 2).min(self.patience.longest);
        let wait = asked.map_or(own, |asked| asked.min(LONGEST_ASKED) + self.patience.first.mul_f64(part()));
        self.waited += wait;
        (self.waited <= self.patience.together).then_some(wait)
    }

    /// What was waited for has come: the next trouble is another one.
    pub(crate) fn begin_anew(&mut self) {
        *self = Waits::new(self.patience);
    }
}

/// A part of one, another one each time; no secret depends on it.
fn part() -> f64 {
    let bits = u32::try_from(RandomState::new().hash_one(()) >> 32).unwrap_or_default();
    f64::from(bits) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_bound_and_end() {
        let patience = Patience::default();
        let mut waits = Waits::new(&patience);
        let all: Vec<Duration> = std::iter::from_fn(|| waits.next(None)).collect();
        assert!(all.len() >= 8 && all.len() < 20, "{all:?}");
        assert!(all[0] >= Duration::from_secs(1) && all[0] < Duration::from_secs(2), "{all:?}");
        assert!(all.iter().all(|wait| *wait <= Duration::from_secs(30)), "{all:?}");
        assert!(all.iter().sum::<Duration>() <= patience.together);
    }

    #[test]
    fn a_server_is_given_the_time_that_it_asks_for_and_not_any_time() {
        let patience = Patience::default();
        let mut waits = Waits::new(&patience);
        let wait = waits.next(Some(Duration::from_secs(7))).unwrap();
        assert!(wait >= Duration::from_secs(7) && wait <= Duration::from_secs(8), "{wait:?}");
        let wait = waits.next(Some(Duration::from_secs(1 << 40))).unwrap();
        assert!(wait <= LONGEST_ASKED + patience.first, "{wait:?}");
    }
}
