//! One queue server, from its parts to its end: it hears, moves requests on, and serves.

use std::sync::Arc;

use assay_cluster::Cluster;
use assay_cluster::watch::{self, Change};
use assay_receipt::SigningKey;
use futures_util::{Stream, StreamExt};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::board::Board;
use crate::dispatch::Dispatcher;
use crate::http::{Server, observe, router};
use crate::id::Ids;
use crate::identity::Hub;
use crate::metrics::Metrics;
use crate::serve::serve;
use crate::settings::Settings;

/// Connections to health, readiness and metrics.
const OBSERVERS: usize = 64;

/// What a server is made of; each was checked where it was made.
#[derive(Debug)]
pub struct Parts {
    /// The operator's settings.
    pub settings: Settings,
    /// The cluster.
    pub cluster: Cluster,
    /// The hub, if there is one.
    pub hub: Option<Hub>,
    /// What makes jobs' ids.
    pub ids: Ids,
    /// The key that signs tickets.
    pub key: SigningKey,
}

/// Serves clients on `listener` and the cluster on `observed`, until it is told to stop and all answers are out.
pub async fn run(parts: Parts, listener: TcpListener, observed: TcpListener, closing: CancellationToken) {
    let (board, metrics) = (Arc::new(Board::default()), Arc::new(Metrics::default()));
    let Parts { settings, cluster, hub, ids, key } = parts;
    let connections = settings.limits.connections;
    let dispatcher = Dispatcher::new(cluster.clone(), board.clone(), metrics.clone(), settings.clone());
    let hearing = async {
        tokio::join!(
            hear(watch::requests(&cluster), &board, Board::hear_request),
            hear(watch::jobs(&cluster), &board, Board::hear_job),
            hear(watch::templates(&cluster), &board, Board::hear_template),
        )
    };
    let server =
        Server::new(settings, cluster.clone(), hub, board.clone(), ids, key, metrics, closing.clone());
    let serving = async {
        tokio::join!(
            serve(listener, router(server.clone()), connections, closing.clone()),
            serve(observed, observe(server.clone()), OBSERVERS, closing.clone()),
            dispatcher.run(closing.clone()),
            server.forget_quiet_callers(),
        )
    };
    // Hearing has no end of its own.
    tokio::select! {
        _ = serving => {}
        _ = hearing => {}
    }
}

/// Takes what a stream says, for as long as it says something.
async fn hear<T>(changes: impl Stream<Item = Change<T>>, board: &Board, take: impl Fn(&Board, Change<T>)) {
    let mut changes = std::pin::pin!(changes);
    while let Some(change) = changes.next().await {
        if let Change::Deaf(error) = &change {
            tracing::warn!(%error, hint = error.hint(), "nothing is heard from the cluster");
        }
        take(board, change);
    }
}
