//! When a job should start: pure, from how long jobs took and how many come before it.
//!
//! As many jobs run as the cap lets run. The estimate lets each of them last as jobs lasted lately and gives every place that
//! becomes free to the next in order. It is for people who want to know whether to wait: it promises nothing, says how far
//! it can be off, and is never used to decide anything.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// How many of the last jobs tell how long one takes.
pub const REMEMBERED: usize = 100;
/// What a job takes until some have told.
const UNKNOWN: Duration = Duration::from_secs(60);
/// Nine of ten of a normal distribution are this many standard deviations around its mean.
const NINE_OF_TEN: f64 = 1.645;

/// How long jobs take, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// The mean.
    pub mean: f64,
    /// The standard deviation of one job.
    pub deviation: f64,
}

impl Pace {
    /// From how long the last jobs took; where none has told, a minute, which can be far off.
    #[must_use]
    pub fn of(lately: impl IntoIterator<Item = Duration>) -> Pace {
        let seconds: Vec<f64> = lately.into_iter().take(REMEMBERED).map(|took| took.as_secs_f64()).collect();
        if seconds.is_empty() {
            return Pace { mean: UNKNOWN.as_secs_f64(), deviation: UNKNOWN.as_secs_f64() };
        }
        let count = f64::from(u32::try_from(seconds.len()).unwrap_or(u32::MAX));
        let mean = seconds.iter().sum::<f64>() / count;
        let variance = seconds.iter().map(|took| (took - mean).powi(2)).sum::<f64>() / count;
        // Few jobs do not tell how jobs differ.
        Pace { mean, deviation: variance.sqrt().max(mean / count.sqrt()) }
    }
}

/// When a job should start, as times from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// The likely time.
    pub at: Duration,
    /// Nine of ten start from here on.
    pub earliest: Duration,
    /// And until here.
    pub latest: Duration,
}

/// When the job starts that `ahead` others come before, where those at work have been for `elapsed` and `cap` run at once;
/// `None` where none may run.
#[must_use]
pub fn estimate(ahead: usize, elapsed: &[Duration], cap: usize, pace: Pace) -> Option<Estimate> {
    if cap == 0 {
        return None;
    }
    // More places than jobs make no difference.
    let cap = cap.min(ahead.saturating_add(elapsed.len()).saturating_add(1));
    // When each place becomes free, in milliseconds from now: a heap of whole numbers, for floats have no order.
    let millis =
        |seconds: f64| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX).as_millis();
    let mut free: BinaryHeap<Reverse<u128>> = BinaryHeap::new();
    for elapsed in elapsed {
        // One that lasts longer than usual will still last a little.
        let rest = (pace.mean - elapsed.as_secs_f64()).max(pace.mean / 10.0);
        let from = if free.len() < cap { 0 } else { free.pop().map_or(0, |Reverse(at)| at) };
        free.push(Reverse(from + millis(rest)));
    }
    while free.len() < cap {
        free.push(Reverse(0));
    }
    let each = millis(pace.mean);
    for _ in 0..ahead {
        let Reverse(at) = free.pop()?;
        free.push(Reverse(at.saturating_add(each)));
    }
    let Reverse(at) = free.pop()?;
    let at = Duration::from_millis(u64::try_from(at).unwrap_or(u64::MAX));
    if at.is_zero() {
        return Some(Estimate { at, earliest: at, latest: at });
    }
    // So many jobs have to end, one after another, before a place is free.
    let in_a_row = f64::from(u32::try_from((ahead + elapsed.len()) / cap + 1).unwrap_or(u32::MAX));
    let off =
        Duration::try_from_secs_f64(NINE_OF_TEN * pace.deviation * in_a_row.sqrt()).unwrap_or(Duration::MAX);
    Some(Estimate { at, earliest: at.saturating_sub(off), latest: at.saturating_add(off) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    const STEADY: Pace = Pace { mean: 20.0, deviation: 0.0 };

    #[test]
    fn with_room_a_job_starts_at_once() {
        let now = estimate(0, &[secs(3)], 2, STEADY).unwrap();
        assert_eq!((now.at, now.earliest, now.latest), (secs(0), secs(0), secs(0)));
    }

    #[test]
    fn a_place_becomes_free_when_the_longest_is_over() {
        assert_eq!(estimate(0, &[secs(5), secs(15)], 2, STEADY).unwrap().at, secs(5));
        assert_eq!(estimate(1, &[secs(5), secs(15)], 2, STEADY).unwrap().at, secs(15));
        assert_eq!(estimate(2, &[secs(5), secs(15)], 2, STEADY).unwrap().at, secs(25));
        assert_eq!(
            estimate(0, &[secs(500)], 1, STEADY).unwrap().at,
            secs(2),
            "a slow one lasts a little longer"
        );
    }

    #[test]
    fn more_at_work_than_may_run_wait_too() {
        assert_eq!(estimate(0, &[secs(0), secs(0), secs(0)], 1, STEADY).unwrap().at, secs(60));
    }

    #[test]
    fn the_farther_away_the_farther_off() {
        let pace = Pace::of([10, 20, 30, 20].map(secs));
        assert_eq!(pace.mean, 20.0);
        let span = |ahead| {
            let there = estimate(ahead, &[secs(0)], 1, pace).unwrap();
            assert!(there.earliest <= there.at && there.at <= there.latest);
            there.latest - there.earliest
        };
        assert!(span(10) > span(1));
    }

    #[test]
    fn where_nothing_runs_nothing_is_expected() {
        assert_eq!(estimate(0, &[], 0, STEADY), None);
    }

    #[test]
    fn no_numbers_overflow() {
        let pace = Pace { mean: f64::MAX, deviation: f64::MAX };
        let far = estimate(1_000, &[Duration::MAX], 1, pace);
        assert!(far.is_some_and(|far| far.latest >= far.at));
        let slow = Pace::of([Duration::MAX]);
        assert!(estimate(5, &[secs(0)], 1, slow).is_some());
    }
}
