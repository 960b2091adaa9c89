//! In which order requests come, and which of them start now: pure, from what is known.
//!
//! Staff come first, for they try something. Then students take turns: whoever has fewer jobs at work comes before whoever
//! has more, and among equals who handed in first. So a student who hands in a hundred times waits behind everybody's
//! first. A cooldown delays a start and costs no place: nobody's turn is given away, others start meanwhile. When a
//! submission was handed in is never looked at but for this order; lateness is Setup's, by the ticket.

use std::collections::BTreeMap;

use assay_contract::{AssignmentId, JobId, StudentId};
use jiff::{SignedDuration, Timestamp};

/// A request that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The job that it becomes.
    pub job: JobId,
    /// Which assignment.
    pub assignment: AssignmentId,
    /// Whose.
    pub student: StudentId,
    /// When it was handed in.
    pub handed_in: Timestamp,
    /// Whether staff handed it in.
    pub staff: bool,
}

/// What is at work already, and how much may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AtWork {
    /// Jobs of each student that have started and are not over.
    pub of_student: BTreeMap<StudentId, usize>,
    /// When a student's last job of an assignment started.
    pub last: BTreeMap<(StudentId, AssignmentId), Timestamp>,
}

impl AtWork {
    /// How many jobs that is.
    #[must_use]
    pub fn jobs(&self) -> usize {
        self.of_student.values().sum()
    }
}

/// How much may be at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Jobs, in the cluster.
    pub jobs: usize,
    /// Jobs of one student; one runs, the next has its snapshot taken.
    pub per_student: usize,
}

/// A request in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Which.
    pub waiting: Waiting,
    /// Before when it does not start, whatever its place.
    pub not_before: Option<Timestamp>,
}

/// All that wait, in the order in which they are to start. `cooldown` is an assignment's.
#[must_use]
pub fn order(
    mut waiting: Vec<Waiting>,
    at_work: &AtWork,
    now: Timestamp,
    cooldown: impl Fn(&AssignmentId) -> SignedDuration,
) -> Vec<Placed> {
    waiting.sort_by(|a, b| (a.handed_in, &a.job).cmp(&(b.handed_in, &b.job)));
    let mut turns = at_work.of_student.clone();
    let mut last = at_work.last.clone();
    let mut placed: Vec<(usize, Placed)> = Vec::with_capacity(waiting.len());
    for waiting in waiting {
        let turn = turns.entry(waiting.student.clone()).or_default();
        let rank = *turn;
        *turn += 1;
        let of_both = (waiting.student.clone(), waiting.assignment.clone());
        let cooldown = cooldown(&waiting.assignment);
        let not_before = last
            .get(&of_both)
            .filter(|_| cooldown.is_positive())
            .and_then(|last| last.checked_add(cooldown).ok());
        // At the soonest it starts now, however long ago it was handed in.
        last.insert(of_both, not_before.map_or(now, |at| at.max(now)));
        placed.push((rank, Placed { waiting, not_before }));
    }
    // Stable: who handed in first stays first among equals.
    placed.sort_by_key(|(rank, placed)| (!placed.waiting.staff, *rank));
    placed.into_iter().map(|(_, placed)| placed).collect()
}

/// Which of `placed` start now.
#[must_use]
pub fn start_now<'a>(placed: &'a [Placed], at_work: &AtWork, room: Room, now: Timestamp) -> Vec<&'a Placed> {
    let mut of_student = at_work.of_student.clone();
    let mut left = room.jobs.saturating_sub(at_work.jobs());
    let mut starting = Vec::new();
    for place in placed {
        if left == 0 {
            break;
        }
        let mine = of_student.entry(place.waiting.student.clone()).or_default();
        if *mine < room.per_student && place.not_before.is_none_or(|at| at <= now) {
            *mine += 1;
            left -= 1;
            starting.push(place);
        }
    }
    starting
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn request(job: &str, student: &str, second: i64) -> Waiting {
        Waiting {
            job: JobId::new(job).unwrap(),
            assignment: AssignmentId::new("c/a").unwrap(),
            student: StudentId::new(student).unwrap(),
            handed_in: at(second),
            staff: false,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn names(placed: &[Placed]) -> Vec<&str> {
        placed.iter().map(|placed| placed.waiting.job.as_str()).collect()
    }

    fn none(_: &AssignmentId) -> SignedDuration {
        SignedDuration::ZERO
    }

    #[test]
    fn a_flood_of_one_waits_behind_everybodys_first() {
        let mut waiting: Vec<_> = (0..5).map(|n| request(&format!("flood-{n}"), "eve", n)).collect();
        waiting.push(request("ada", "ada", 100));
        waiting.push(request("bob", "bob", 101));
        let placed = order(waiting, &AtWork::default(), at(0), none);
        assert_eq!(names(&placed), ["flood-0", "ada", "bob", "flood-1", "flood-2", "flood-3", "flood-4"]);
    }

    #[test]
    fn who_has_a_job_at_work_comes_after_who_has_none() {
        let at_work = AtWork {
            of_student: BTreeMap::from([(StudentId::new("eve").unwrap(), 1)]),
            last: BTreeMap::new(),
        };
        let placed = order(vec![request("eve", "eve", 1), request("ada", "ada", 9)], &at_work, at(0), none);
        assert_eq!(names(&placed), ["ada", "eve"]);
    }

    #[test]
    fn staff_come_first_and_take_turns_among_themselves() {
        let mut waiting = vec![request("ada", "ada", 1), request("tutor", "tutor", 9)];
        waiting[1].staff = true;
        assert_eq!(names(&order(waiting, &AtWork::default(), at(0), none)), ["tutor", "ada"]);
    }

    #[test]
    fn a_cooldown_delays_and_holds_up_nobody_else() {
        let minute = |_: &AssignmentId| SignedDuration::from_mins(1);
        let last = (StudentId::new("ada").unwrap(), AssignmentId::new("c/a").unwrap());
        let at_work = AtWork { of_student: BTreeMap::new(), last: BTreeMap::from([(last, at(100))]) };
        let waiting =
            vec![request("ada-1", "ada", 110), request("ada-2", "ada", 111), request("bob", "bob", 112)];
        let placed = order(waiting, &at_work, at(110), minute);
        assert_eq!(names(&placed), ["ada-1", "bob", "ada-2"]);
        assert_eq!(placed[0].not_before, Some(at(160)));
        assert_eq!(placed[1].not_before, None, "a first run does not wait");
        assert_eq!(placed[2].not_before, Some(at(220)), "a minute after the first one starts");
        let room = Room { jobs: 9, per_student: 9 };
        let starts = |now| start_now(&placed, &at_work, room, at(now)).len();
        assert_eq!([starts(159), starts(160), starts(219), starts(220)], [1, 2, 2, 3]);
    }

    #[test]
    fn a_cooldown_holds_also_where_the_queue_was_longer() {
        let minute = |_: &AssignmentId| SignedDuration::from_mins(1);
        let waiting = vec![request("ada-1", "ada", 1), request("ada-2", "ada", 2)];
        let placed = order(waiting, &AtWork::default(), at(3_600), minute);
        assert_eq!(placed[0].not_before, None);
        assert_eq!(
            placed[1].not_before,
            Some(at(3_660)),
            "a minute after the first one starts, not after it was handed in"
        );
    }

    #[test]
    fn no_more_start_than_there_is_room_for() {
        let waiting: Vec<_> = (0..4).map(|n| request(&format!("j-{n}"), "ada", n)).collect();
        let placed = order(waiting, &AtWork::default(), at(0), none);
        let starting = |room| start_now(&placed, &AtWork::default(), room, at(9)).len();
        assert_eq!(starting(Room { jobs: 3, per_student: 2 }), 2);
        assert_eq!(starting(Room { jobs: 1, per_student: 2 }), 1);
        assert_eq!(starting(Room { jobs: 0, per_student: 2 }), 0);
    }

    proptest! {
        /// Whatever comes in whatever order: everybody keeps a place, one place each, whoever else hands in; and nobody's
        /// nth waits behind anybody's later one.
        #[test]
        fn all_are_placed_once_and_turns_are_kept(
            requests in proptest::collection::vec((0_u8..5, 0_i64..50, any::<bool>()), 0..40)
        ) {
            let waiting: Vec<_> = requests.iter().enumerate().map(|(n, (student, second, staff))| Waiting {
                staff: *staff,
                ..request(&format!("j-{n}"), &format!("s{student}"), *second)
            }).collect();
            let placed = order(waiting.clone(), &AtWork::default(), at(0), none);
            let mut shuffled = waiting.clone();
            shuffled.reverse();
            prop_assert_eq!(&order(shuffled, &AtWork::default(), at(0), none), &placed);
            let jobs: BTreeSet<_> = placed.iter().map(|placed| &placed.waiting.job).collect();
            prop_assert_eq!(jobs.len(), waiting.len());
            let first_student = placed.iter().position(|placed| !placed.waiting.staff).unwrap_or(placed.len());
            prop_assert!(placed[first_student..].iter().all(|placed| !placed.waiting.staff));
            // Starting one by one empties the queue, whatever the room.
            let room = Room { jobs: 1, per_student: 1 };
            let mut left = waiting;
            while !left.is_empty() {
                let placed = order(left.clone(), &AtWork::default(), at(0), none);
                let started = start_now(&placed, &AtWork::default(), room, at(100));
                prop_assert_eq!(started.len(), 1);
                let job = started[0].waiting.job.clone();
                left.retain(|waiting| waiting.job != job);
            }
        }
    }
}
