//! Being told to stop, where several things in turn must hear of it.

use tokio::sync::watch;

/// Whether somebody told us to stop.
#[derive(Debug, Clone)]
pub(super) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Whether that was so already.
    pub(super) fn has_come(&self) -> bool {
        *self.0.borrow()
    }

    /// Comes when it is.
    pub(super) async fn comes(&self) {
        if self.0.clone().wait_for(|told| *told).await.is_err() {
            // Nobody is left who could tell.
            std::future::pending().await
        }
    }
}

/// Does `work`, which goes on after `stop` came, and ends when it sees fit.
pub(super) async fn told_by<F: Future>(
    stop: impl Future<Output = ()>,
    work: impl FnOnce(Stop) -> F,
) -> F::Output {
    let (tell, told) = watch::channel(false);
    let mut work = std::pin::pin!(work(Stop(told)));
    tokio::select! {
        // Who was told before the next job begins is not to begin it by chance.
        biased;
        () = stop => {
            tell.send_replace(true);
            work.await
        }
        done = &mut work => done,
    }
}
