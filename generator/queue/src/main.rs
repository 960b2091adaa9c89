//! `assay-queue`: arguments, secrets, start and end of the queue server, nothing else.

use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs};

use assay_cluster::{Cluster, Options};
use assay_contract::Exit;
use assay_queue::Parts;
use assay_queue::id::{Ids, LEAST_SECRET};
use assay_queue::identity::Hub;
use assay_queue::settings::{ID_SECRET, Settings, TICKET_KEY};
use assay_receipt::SigningKey;
use clap::Parser;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use zeroize::Zeroizing;

/// Takes hand-ins of students, and starts their jobs in a fair order.
#[derive(Debug, Parser)]
#[command(name = "assay-queue", version)]
struct Arguments {
    /// The operator's settings of this server; all defaults without it
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// The jobs' namespace; otherwise assay-jobs, or the operator's
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
}

/// Why the server does not run: a code and a sentence.
struct Failed {
    exit: Exit,
    message: String,
}

impl Failed {
    fn new(exit: Exit, message: impl Into<String>) -> Failed {
        Failed { exit, message: message.into() }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "cannot start");
            return ExitCode::from(Exit::Io.code());
        }
    };
    match runtime.block_on(run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed { exit, message }) => {
            tracing::error!(message, "cannot serve");
            ExitCode::from(exit.code())
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Failed> {
    let Arguments { settings, namespace } = arguments;
    let settings = read_settings(settings)?;
    let key = SigningKey::from_pem(&secret(TICKET_KEY)?)
        .map_err(|error| Failed::new(Exit::Key, format!("{TICKET_KEY} holds no signing key: {error}")))?;
    let ids = Ids::new(Zeroizing::new(secret(ID_SECRET)?.as_bytes().to_vec()))
        .ok_or_else(|| Failed::new(Exit::Key, format!("{ID_SECRET} is shorter than {LEAST_SECRET} bytes")))?;
    let hub = settings
        .hub
        .as_ref()
        .map(Hub::new)
        .transpose()
        .map_err(|error| Failed::new(Exit::Io, format!("cannot make connections: {error}")))?;
    let options = Options { context: None, namespace, operator: None };
    let cluster = Cluster::connect(options)
        .await
        .map_err(|error| Failed::new(error.exit(), format!("{error}; {}", error.hint())))?;
    let (listener, observed) = (bind(settings.listen).await?, bind(settings.observe).await?);
    let closing = stopping()?;

    let parts = Parts { settings, cluster, hub, ids, key };
    tracing::info!(listen = ?listener.local_addr(), observe = ?observed.local_addr(), "serving");
    assay_queue::run(parts, listener, observed, closing).await;
    tracing::info!("ended");
    Ok(())
}

fn read_settings(path: Option<PathBuf>) -> Result<Settings, Failed> {
    let Some(path) = path else { return Ok(Settings::default()) };
    let text = fs::read_to_string(&path).map_err(|error| {
        Failed::new(Exit::OperatorInvalid, format!("cannot read {}: {error}", path.display()))
    })?;
    Settings::parse(&text)
        .map_err(|error| Failed::new(Exit::OperatorInvalid, format!("{}: {error}", path.display())))
}

fn secret(name: &str) -> Result<Zeroizing<String>, Failed> {
    env::var(name).map(Zeroizing::new).map_err(|_| {
        Failed::new(Exit::Key, format!("{name} is not set; deploy/components/queue says what goes in it"))
    })
}

async fn bind(address: std::net::SocketAddr) -> Result<TcpListener, Failed> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Failed::new(Exit::Io, format!("cannot listen on {address}: {error}")))
}

/// Is cancelled when somebody tells this program to stop.
fn stopping() -> Result<CancellationToken, Failed> {
    let listen =
        |kind| signal(kind).map_err(|error| Failed::new(Exit::Io, format!("cannot hear signals: {error}")));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let closing = CancellationToken::new();
    let told = closing.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        told.cancel();
    });
    Ok(closing)
}
