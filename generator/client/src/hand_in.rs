//! Handing in: the same request under the same key until there is an answer that proves it, or it is clear that there is none.

use std::time::Duration;

use assay_contract::queue::{Accepted, HandInRequest, Standing};
use assay_contract::receipts::{Statement, Ticket};
use assay_contract::{API_VERSION, AssignmentId, Digest, InvalidId, RequestKey, StudentId};
use sha2::{Digest as _, Sha256};

use crate::error::ClientError;
use crate::http::{Client, parse};
use crate::patience::Waits;

/// What is handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Which assignment.
    pub assignment: AssignmentId,
    /// Whose submission; `None` is the caller's own.
    pub student: Option<StudentId>,
    /// The zip's SHA-256.
    pub digest: Digest,
    /// What makes it the same hand-in when it is sent again.
    pub key: RequestKey,
}

/// It was received: here is the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedIn {
    /// The ticket's bytes, as they are to be kept.
    pub ticket: String,
    /// What it says.
    pub says: Taken,
    /// Where the job stands.
    pub standing: Standing,
}

/// What a ticket says. Its signature is for `assay receipt verify`: who answers could bring a key of their own.
pub type Taken = Ticket;

/// It was not received, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotHandedIn {
    /// What became of it.
    pub fate: Fate,
    /// Why, as of the last try.
    pub error: ClientError,
    /// How often it was tried.
    pub tries: u32,
}

/// What became of a hand-in that has no ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was not received.
    NotReceived,
    /// It was sent, and no answer says what became of it. To send the same again is right and hands in once.
    Unclear,
}

/// Another try is to come.
#[derive(Debug)]
pub struct Retry<'a> {
    /// Why the last one was none.
    pub error: &'a ClientError,
    /// How long is waited now.
    pub wait: Duration,
}

/// The key of a hand-in. A zip has random bytes, so another hand-in has another key, and the same one the same wherever it is
/// sent again.
///
/// # Errors
/// Never: forty hexadecimal digits are a key.
pub fn key(assignment: &AssignmentId, digest: &Digest) -> Result<RequestKey, InvalidId> {
    let hash = Sha256::digest(format!("assay hand-in\n{assignment}\n{digest}"));
    RequestKey::new(hash.iter().take(20).map(|byte| format!("{byte:02x}")).collect::<String>())
}

impl Client {
    /// Hands in, and tries again under the same key for as long as that may help and patience lasts.
    ///
    /// # Errors
    /// If there is no ticket in the end; the error says whether it may have been received all the same.
    pub async fn hand_in(
        &self,
        order: &Order,
        on_retry: &mut dyn FnMut(Retry<'_>),
    ) -> Result<HandedIn, NotHandedIn> {
        let Order { assignment, student, digest, key } = order.clone();
        let request = HandInRequest { api_version: API_VERSION.into(), assignment, student, digest, key };
        let mut waits = Waits::new(&self.patience);
        let (mut tries, mut fate) = (0, Fate::NotReceived);
        loop {
            tries += 1;
            let (error, asked, again) = match self.post(&request).await {
                Ok(answer) => match proven(order, &answer) {
                    Ok(handed_in) => return Ok(handed_in),
                    // It may have been taken, and the answer spoilt on its way.
                    Err(error @ ClientError::Strange(_)) => {
                        fate = Fate::Unclear;
                        (error, None, true)
                    }
                    Err(error) => {
                        fate = Fate::Unclear;
                        (error, None, false)
                    }
                },
                Err(failure) => {
                    // Once something was sent and its answer lost, no later refusal says what became of that.
                    if matches!(failure.error, ClientError::Lost(_)) {
                        fate = Fate::Unclear;
                    }
                    let again = failure.error.may_pass();
                    (failure.error, failure.asked, again)
                }
            };
            let wait = if again { waits.next(asked) } else { None };
            let Some(wait) = wait else { return Err(NotHandedIn { fate, error, tries }) };
            on_retry(Retry { error: &error, wait });
            tokio::time::sleep(wait).await;
        }
    }
}

/// The answer, if it is a ticket for what was handed in.
fn proven(order: &Order, answer: &[u8]) -> Result<HandedIn, ClientError> {
    let Accepted { api_version: _, ticket, standing } = parse(answer)?;
    let statement = assay_receipt::read_unchecked(ticket.as_bytes())
        .map_err(|error| ClientError::Strange(format!("its ticket cannot be read: {error}")))?;
    let Statement::Ticket(says) = statement else {
        return Err(ClientError::Other("its ticket is another receipt"));
    };
    let Ticket { job, assignment, student, digest, handed_in } = &says;
    let what = if *assignment != order.assignment || standing.assignment != order.assignment {
        "another assignment"
    } else if *digest != order.digest || standing.digest != order.digest {
        "another submission"
    } else if *student != standing.student || order.student.as_ref().is_some_and(|named| named != student) {
        "another student"
    } else if *job != standing.job {
        "another job"
    } else if *handed_in != standing.handed_in {
        "another time"
    } else {
        return Ok(HandedIn { ticket, says, standing });
    };
    Err(ClientError::Other(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_hand_ins_own() {
        let of = |assignment: &str, digit: &str| {
            key(&AssignmentId::new(assignment).unwrap(), &Digest::new(digit.repeat(64)).unwrap()).unwrap()
        };
        assert_eq!(of("c/a", "1"), of("c/a", "1"));
        assert_ne!(of("c/a", "1"), of("c/a", "2"));
        assert_ne!(of("c/a", "1"), of("c/b", "1"));
    }
}
