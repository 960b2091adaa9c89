//! Who asks, and what they may.
//!
//! With a hub, its word is all that counts: a token of this service's scope, of a user, unrevoked. Without one nobody is
//! known: then the digest of a zip in a student's own home is the proof for handing in, and a job's id, which cannot be
//! guessed, for looking at it. A token never reaches a log, an error or a metric.

mod hub;
mod name;

use std::collections::BTreeSet;

use assay_contract::{AssignmentId, StudentId};

pub use hub::Hub;
pub(crate) use hub::HubError;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A user of the hub.
    User(User),
    /// Nobody that is known; there is no hub.
    Anybody,
}

/// A user of the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    /// The name in the hub, as it is.
    pub(crate) name: String,
    /// The same as claims and labels carry it.
    pub(crate) student: StudentId,
    /// The courses whose staff they are.
    pub(crate) staff_of: BTreeSet<String>,
}

impl Caller {
    /// Whose jobs they are if nobody else is named.
    pub(crate) fn own(&self) -> Option<&StudentId> {
        match self {
            Caller::User(user) => Some(&user.student),
            Caller::Anybody => None,
        }
    }

    /// Whether they are staff of an assignment's course.
    pub(crate) fn is_staff(&self, assignment: &AssignmentId) -> bool {
        matches!(self, Caller::User(user) if user.staff_of.contains(assignment.course()))
    }

    /// Whether they may hand in for `student`, and see a job of theirs whose id they know.
    pub(crate) fn may_act_for(&self, assignment: &AssignmentId, student: &StudentId) -> bool {
        match self {
            Caller::User(user) => user.student == *student || self.is_staff(assignment),
            // The digest will prove it, or not; and nobody knows an id who was not given it.
            Caller::Anybody => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str, staff_of: &[&str]) -> Caller {
        Caller::User(User {
            name: name.into(),
            student: StudentId::new(name).unwrap(),
            staff_of: staff_of.iter().map(|course| (*course).to_owned()).collect(),
        })
    }

    #[test]
    fn students_reach_their_own_and_staff_their_courses() {
        let (ada, bob) = (StudentId::new("ada").unwrap(), StudentId::new("bob").unwrap());
        let (of_c, of_d) = (AssignmentId::new("c/a").unwrap(), AssignmentId::new("d/a").unwrap());
        for (caller, assignment, student, may) in [
            (user("ada", &[]), &of_c, &ada, true),
            (user("ada", &[]), &of_c, &bob, false),
            (user("tutor", &["c"]), &of_c, &bob, true),
            (user("tutor", &["c"]), &of_d, &bob, false),
            (user("ada", &["d"]), &of_c, &bob, false),
        ] {
            assert_eq!(caller.may_act_for(assignment, student), may, "{caller:?} {assignment} {student}");
        }
    }
}
