//! Floods and backlogs: who waits for whom, by the queue server's own order. That nothing is lost or doubled when servers die is
//! tested with the server itself (`generator/queue/tests/server/outages.rs`), and in a cluster.

use std::collections::BTreeMap;

use assay_contract::{AssignmentId, JobId, StudentId};
use assay_queue::order::{AtWork, Room, Waiting, order, start_now};
use jiff::{SignedDuration, Timestamp};
use libtest_mimic::Trial;

/// Jobs at once.
const CAP: usize = 4;

pub(super) fn trials() -> Vec<Trial> {
    trials![o2_others_wait_at_most_twice_as_long_beside_a_flood, o3_a_hundred_thousand_keep_their_places]
}

fn request(n: usize, student: &str, second: i64) -> Waiting {
    Waiting {
        job: JobId::new(format!("q-{n}")).unwrap(),
        assignment: AssignmentId::new("c/a").unwrap(),
        student: StudentId::new(student).unwrap(),
        handed_in: Timestamp::from_second(second).unwrap(),
        staff: false,
    }
}

/// How long each job of `whom` waits, in rounds of as many jobs as run at once, where each lasts a round.
fn waits(mut waiting: Vec<Waiting>, whom: impl Fn(&StudentId) -> bool) -> Vec<usize> {
    let room = Room { jobs: CAP, per_student: 1 };
    let now = Timestamp::from_second(1_000_000).unwrap();
    let mut waited = Vec::new();
    for round in 0.. {
        if !waiting.iter().any(|waiting| whom(&waiting.student)) {
            break;
        }
        let placed = order(waiting.clone(), &AtWork::default(), Timestamp::MIN, |_| SignedDuration::ZERO);
        let starting: Vec<&Waiting> = start_now(&placed, &AtWork::default(), room, now)
            .into_iter()
            .map(|placed| &placed.waiting)
            .collect();
        waited.extend(starting.iter().filter(|started| whom(&started.student)).map(|_| round));
        waiting.retain(|waiting| !starting.iter().any(|started| started.job == waiting.job));
    }
    waited.sort_unstable();
    waited
}

fn o2_others_wait_at_most_twice_as_long_beside_a_flood() {
    let others: Vec<Waiting> =
        (0..80).map(|n| request(n, &format!("student-{}", n % 40), 100 + n as i64)).collect();
    // All of it was there first.
    let flood: Vec<Waiting> = (0..10_000).map(|n| request(1_000 + n, "eve", 1)).collect();
    let is_other = |student: &StudentId| student.as_str() != "eve";
    let alone = waits(others.clone(), is_other);
    let beside = waits([flood, others].concat(), is_other);
    assert_eq!((alone.len(), beside.len()), (80, 80));
    let at = |waits: &[usize]| waits[waits.len() * 95 / 100];
    assert!(
        at(&beside) <= 2 * at(&alone),
        "the 95th of a hundred waits {} rounds instead of {}",
        at(&beside),
        at(&alone)
    );
    assert!(beside.last() <= alone.last().map(|last| last * 2).as_ref(), "nobody waits for the whole flood");
}

fn o3_a_hundred_thousand_keep_their_places() {
    let waiting: Vec<Waiting> =
        (0..100_000).map(|n| request(n, &format!("student-{}", n % 997), n as i64 / 100)).collect();
    let placed = order(waiting.clone(), &AtWork::default(), Timestamp::MIN, |_| SignedDuration::ZERO);
    assert_eq!(placed.len(), waiting.len());
    let mut turns: BTreeMap<&StudentId, (Timestamp, usize)> = BTreeMap::new();
    for placed in &placed {
        let turn = turns.entry(&placed.waiting.student).or_insert((Timestamp::MIN, 0));
        assert!(turn.0 <= placed.waiting.handed_in, "somebody's later one comes before their earlier one");
        *turn = (placed.waiting.handed_in, turn.1 + 1);
    }
    assert_eq!(turns.values().map(|(_, turns)| turns).sum::<usize>(), waiting.len());
    // A server that starts anew comes to the same order, whatever it hears of first.
    let mut otherwise = waiting;
    otherwise.reverse();
    assert_eq!(order(otherwise, &AtWork::default(), Timestamp::MIN, |_| SignedDuration::ZERO), placed);
    let room = Room { jobs: 100, per_student: 2 };
    assert_eq!(start_now(&placed, &AtWork::default(), room, Timestamp::now()).len(), room.jobs);
}
