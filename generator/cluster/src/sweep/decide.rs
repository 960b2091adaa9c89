//! What is to be done about a job that was received and has no conclusion. Pure: no cluster, no clock.

use jiff::{SignedDuration, Timestamp};

/// How often a job is started again before a person has to look.
pub const TRIES: u32 = 3;

/// What the cluster knows of a job's Workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing: it never was, was deleted, or ended long ago.
    Gone,
    /// It runs, or waits for its turn.
    Alive,
    /// It is being deleted.
    Going {
        /// Since when.
        since: Timestamp,
    },
    /// It ended, and left no conclusion.
    Ended {
        /// When; `None` where it does not say.
        at: Option<Timestamp>,
        /// How often it was started again before.
        tries: u32,
        /// The object, so that this one is deleted and no other.
        uid: String,
        /// Its version, so that it is not deleted once it has changed.
        version: String,
    },
}

impl Found {
    /// Whether somebody is at work on the job, or was a moment ago.
    pub(super) fn is_at_work(&self) -> bool {
        matches!(self, Found::Alive | Found::Going { .. })
    }
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nothing, for now; and why.
    Leave(&'static str),
    /// Start it again, for the nth time.
    Again(u32),
    /// Nothing that a program should do.
    Human(&'static str),
}

/// The times that a decision depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) now: Timestamp,
    /// When the job was handed in; `None` where its receipt does not say it as a time.
    pub(super) handed_in: Option<Timestamp>,
    /// What is younger than this is left alone.
    pub(super) young: SignedDuration,
    /// How long after a job's end Argo removes its pods. It does so by their names, whose ever they are then, and those of
    /// its next run have the same.
    pub(super) pods: SignedDuration,
}

pub(super) fn decide(found: &Found, times: &Times) -> Decision {
    let Times { now, handed_in, young, pods } = *times;
    // A time that is yet to come was set by hand, and says nothing about age.
    let is_within = |at: Option<Timestamp>, age| {
        at.is_some_and(|at| (SignedDuration::ZERO..age).contains(&now.duration_since(at)))
    };
    let is_young = |at| is_within(at, young);
    match found {
        Found::Alive => Decision::Leave("it runs, or waits for its turn"),
        Found::Going { since } if now.duration_since(*since) < young => {
            Decision::Leave("its Workflow is being deleted")
        }
        Found::Going { .. } => Decision::Human("its Workflow is deleted and does not go; see its finalizers"),
        _ if is_young(handed_in) => Decision::Leave("it was handed in a moment ago"),
        // Finalise may have concluded it after the pod looked; storage may show that late, too.
        Found::Ended { at, .. } if is_young(*at) => Decision::Leave("it ended a moment ago"),
        Found::Ended { at, .. } if is_within(*at, pods) => {
            Decision::Leave("Argo has yet to remove its pods, by names that those of its next run will have")
        }
        Found::Ended { tries, .. } if *tries >= TRIES => Decision::Human(
            "it was started again as often as is sensible; once its Workflow is deleted, it is tried anew",
        ),
        Found::Ended { tries, .. } => Decision::Again(tries + 1),
        Found::Gone => Decision::Again(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000;

    fn at(minutes_ago: i64) -> Option<Timestamp> {
        Some(Timestamp::from_second(NOW - minutes_ago * 60).unwrap())
    }

    fn ended(minutes_ago: Option<i64>, tries: u32) -> Found {
        Found::Ended { at: minutes_ago.and_then(at), tries, uid: "u".into(), version: "1".into() }
    }

    #[test]
    fn every_state_has_its_decision() {
        let (leave, human) = (Decision::Leave(""), Decision::Human(""));
        // What the cluster knows, minutes since the hand-in, what is to be done.
        for (found, handed_in, expected) in [
            (Found::Alive, 60, leave),
            (Found::Alive, 1, leave),
            (Found::Going { since: at(1).unwrap() }, 60, leave),
            (Found::Going { since: at(10).unwrap() }, 60, human),
            (Found::Gone, 60, Decision::Again(1)),
            (Found::Gone, 9, leave),
            (Found::Gone, 10, Decision::Again(1)),
            (Found::Gone, -60, Decision::Again(1)),
            (ended(Some(30), 0), 60, Decision::Again(1)),
            (ended(Some(30), 2), 60, Decision::Again(3)),
            (ended(Some(30), 3), 60, human),
            (ended(Some(30), 9), 60, human),
            (ended(Some(1), 0), 60, leave),
            (ended(Some(1), 3), 60, leave),
            (ended(None, 0), 60, Decision::Again(1)),
            // Its pods are kept for 15 minutes.
            (ended(Some(14), 0), 60, leave),
            (ended(Some(14), 3), 60, leave),
            (ended(Some(15), 0), 60, Decision::Again(1)),
        ] {
            let times = Times {
                now: Timestamp::from_second(NOW).unwrap(),
                handed_in: at(handed_in),
                young: SignedDuration::from_mins(10),
                pods: SignedDuration::from_mins(15),
            };
            let decided = match decide(&found, &times) {
                Decision::Leave(_) => leave,
                Decision::Human(_) => human,
                again => again,
            };
            assert_eq!(decided, expected, "{found:?}, {handed_in} minutes ago");
        }
    }

    #[test]
    fn a_job_without_a_time_is_not_young() {
        let now = Timestamp::from_second(NOW).unwrap();
        let times =
            Times { now, handed_in: None, young: SignedDuration::from_mins(10), pods: SignedDuration::ZERO };
        assert_eq!(decide(&Found::Gone, &times), Decision::Again(1));
    }
}
