//! What the commands that need a cluster share: connecting, waiting, being told to stop.

use assay_cluster::{Cluster, ClusterError, Options};
use assay_contract::Exit;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::args::InCluster;
use crate::commands;
use crate::error::CliError;

/// A cluster that answers.
pub(crate) struct Session {
    runtime: Runtime,
    pub(crate) cluster: Cluster,
}

impl Session {
    /// Connects as the command line says.
    pub(crate) fn connect(args: &InCluster) -> Result<Session, CliError> {
        let InCluster { context, namespace, operator } = args;
        let operator = operator.as_deref().map(commands::operator_file).transpose()?;
        let options = Options { context: context.clone(), namespace: namespace.clone(), operator };
        let runtime = runtime()?;
        let cluster = runtime.block_on(Cluster::connect(options)).map_err(failed)?;
        Ok(Session { runtime, cluster })
    }

    /// Awaits what the cluster does.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = Result<T, ClusterError>>) -> Result<T, CliError> {
        self.runtime.block_on(work).map_err(failed)
    }

    /// The same for what knows its own errors.
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
}

/// What waits for a cluster's answers.
pub(crate) fn runtime() -> Result<Runtime, CliError> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::io("cannot wait for a cluster", error))
}

/// Comes when somebody tells this program to stop.
pub(crate) async fn stop() {
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    let (Ok(mut interrupt), Ok(mut terminate)) = (interrupt, terminate) else {
        // Then a signal ends this program as it would any other, and the pod's deadline ends the pod.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// An error of the cluster for whoever typed the command.
pub(crate) fn failed(error: ClusterError) -> CliError {
    let hint = error.hint();
    let failed = CliError::new(error.exit(), causes(&error));
    if hint.is_empty() || error.exit() == Exit::Bug { failed } else { failed.hint(hint) }
}

/// An error and its causes; those of the HTTP stack repeat theirs.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}
