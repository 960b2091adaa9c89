//! Bearing a cluster's bad moments: jobs and pods outlive them, and whoever waits for one need not notice.

use std::time::Duration;

use tokio::time::sleep;

use crate::error::ClusterError;

/// How often in a row the cluster may fail to answer somebody who waits.
const MISSES: u32 = 20;
/// After an answer that did not come.
const PAUSE: Duration = Duration::from_secs(1);

/// How much more is borne of errors that may pass.
#[derive(Debug)]
pub struct Patience {
    limit: u32,
    misses: u32,
}

impl Default for Patience {
    /// As much as whoever looks again and again needs.
    fn default() -> Patience {
        Patience::of(MISSES)
    }
}

impl Patience {
    /// Bears so many failures in a row.
    #[must_use]
    pub const fn of(limit: u32) -> Patience {
        Patience { limit, misses: 0 }
    }

    /// Takes an answer; `None`, after a pause, where it failed in a way that may pass. Then ask again.
    ///
    /// # Errors
    /// What will not pass, and what did not for too long.
    pub async fn bear<T>(&mut self, answer: Result<T, ClusterError>) -> Result<Option<T>, ClusterError> {
        match answer {
            Ok(answer) => {
                self.misses = 0;
                Ok(Some(answer))
            }
            Err(error) if error.is_passing() && self.misses < self.limit => {
                self.misses += 1;
                sleep(PAUSE).await;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rights::Right;

    fn silent() -> Result<(), ClusterError> {
        Err(ClusterError::Silent { right: Right::GET_JOB, after: PAUSE })
    }

    #[tokio::test(start_paused = true)]
    async fn failures_in_a_row_are_counted_and_an_answer_forgives_them() {
        let mut patience = Patience::of(2);
        for _ in 0..3 {
            assert!(patience.bear(silent()).await.unwrap().is_none());
            assert!(patience.bear(silent()).await.unwrap().is_none());
            assert!(patience.bear(Ok(())).await.unwrap().is_some());
        }
        assert!(patience.bear(silent()).await.unwrap().is_none());
        assert!(patience.bear(silent()).await.unwrap().is_none());
        assert!(patience.bear(silent()).await.is_err());
        assert!(Patience::default().bear::<()>(Err(ClusterError::Unauthorised)).await.is_err());
    }
}
