//! The CPU time of every process that was ever seen, gone ones included.
//!
//! A parent that ignores its children's ends makes the kernel forget what they used: nobody is told, and no counter has it.
//! What was seen of them is a bound that holds; what they used between two looks is estimated, as a profiler does. Such an
//! estimate counts only against a tree of which it is certain that it makes the kernel forget.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Clocks of the kernel that are compared here are rounded to its ticks, of 10 ms each.
const ROUNDING: Duration = Duration::from_millis(50);
/// Processes end while they are looked at, so a single look can miss what its next one finds.
const LOOKS_TO_BE_CERTAIN: u32 = 10;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    living: BTreeMap<Key, Entry>,
    gone: Entry,
    last_look: Option<Instant>,
    /// Looks in a row at which more had been seen than all counters had.
    short: u32,
}

/// A process: its pid, and when it started, since pids are used again.
pub(super) type Key = (i32, u64);

/// What is known of one process, or of several.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Entry {
    /// What it had used when it was last seen.
    seen: Duration,
    /// What it used if it went on between two looks as it was found at the latter.
    estimated: Duration,
}

impl Ledger {
    /// Enters a look at all of a tree's processes: what each has used by itself, and whether it was about to use more.
    pub(super) fn enter(&mut self, now: Instant, processes: impl IntoIterator<Item = (Key, Duration, bool)>) {
        let since =
            self.last_look.replace(now).map_or(Duration::ZERO, |last| now.saturating_duration_since(last));
        let mut before = std::mem::take(&mut self.living);
        for (key, used, running) in processes {
            let known = before.remove(&key).unwrap_or_default();
            let estimated = known.estimated + if running { since } else { Duration::ZERO };
            self.living.insert(key, Entry { seen: used.max(known.seen), estimated });
        }
        for entry in before.into_values() {
            self.gone.add(entry);
        }
    }

    /// What the tree has used, given what the kernel's `counted` of it.
    pub(super) fn used(&mut self, counted: Duration) -> Duration {
        let mut all = self.gone;
        for entry in self.living.values() {
            all.add(*entry);
        }
        let certain = self.short >= LOOKS_TO_BE_CERTAIN;
        if !certain {
            self.short = if all.seen > counted + ROUNDING { self.short + 1 } else { 0 };
        }
        counted.max(all.seen).max(if certain { all.estimated } else { Duration::ZERO })
    }
}

impl Entry {
    fn add(&mut self, one: Entry) {
        self.seen += one.seen;
        self.estimated += one.estimated.max(one.seen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// Looks every 5 ms at a parent and a child that has just run for 1 ms, another one each time; the last result.
    fn children(looks: u64, counted: impl Fn(u64) -> Duration) -> Duration {
        let start = Instant::now();
        let mut ledger = Ledger::default();
        let mut used = Duration::ZERO;
        for look in 0..looks {
            let child = 100 + i32::try_from(look).unwrap();
            ledger.enter(start + ms(5 * look), [((2, 1), ms(0), false), ((child, 7), ms(1), true)]);
            used = ledger.used(counted(look));
        }
        used
    }

    #[test]
    fn children_that_the_kernel_forgets_are_estimated_once_that_is_certain() {
        let used = children(400, |_| ms(0));
        assert!(used >= ms(1_900) && used <= ms(2_000), "{used:?}");
        assert_eq!(children(50, |_| ms(0)), ms(50), "not more than was seen");
    }

    #[test]
    fn children_that_are_collected_are_what_the_kernel_says() {
        // A look misses now and then what ends meanwhile.
        let used = children(400, |look| if look % 9 == 0 { ms(0) } else { ms(2 * look) });
        assert_eq!(used, ms(798));
    }

    #[test]
    fn a_pid_that_is_used_again_is_another_process() {
        let mut ledger = Ledger::default();
        let now = Instant::now();
        ledger.enter(now, [((9, 1), ms(30), true)]);
        ledger.enter(now, [((9, 2), ms(20), true)]);
        ledger.enter(now, []);
        assert_eq!(ledger.used(ms(0)), ms(50));
    }
}
