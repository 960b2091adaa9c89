//! By which way a command goes, and who reads its help: the queue server where the environment names one, else the cluster.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use assay_client::home::Home;
use assay_client::{Address, Patience, Token};
use assay_contract::Exit;

use crate::args::{Reader, Routed, Via};
use crate::error::CliError;

/// The environment variable with the queue server's address.
pub(crate) const QUEUE: &str = "ASSAY_QUEUE";
/// The environment variables with the caller's token, the first that is there: one that was set on purpose, and the one that a
/// hub gives to every server.
const TOKENS: [&str; 2] = ["ASSAY_TOKEN", "JUPYTERHUB_API_TOKEN"];

/// The environment variable that says for how many seconds to try what does not work.
const PATIENCE: &str = "ASSAY_PATIENCE";

/// By which way a command goes.
pub(crate) enum Route {
    Queue(Address),
    Cluster,
}

/// The way that was asked for, or that the environment tells.
pub(crate) fn of(routed: &Routed) -> Result<Route, CliError> {
    let named = variable(QUEUE);
    match (routed.via, named) {
        (Some(Via::Cluster), _) | (None, None) => Ok(Route::Cluster),
        (Some(Via::Queue) | None, Some(text)) => address(&text).map(Route::Queue),
        (Some(Via::Queue), None) => Err(without_address()),
    }
}

/// The queue server's address, for commands that go no other way.
pub(crate) fn queue() -> Result<Address, CliError> {
    variable(QUEUE).map_or_else(|| Err(without_address()), |text| address(&text))
}

/// The caller's token; without a hub there is none.
pub(crate) fn token() -> Result<Option<Token>, CliError> {
    let Some((name, text)) = TOKENS.into_iter().find_map(|name| Some((name, variable(name)?))) else {
        return Ok(None);
    };
    let wrong = |error| CliError::new(Exit::Usage, format!("{name} cannot be used")).because(error);
    Token::new(&text).map(Some).map_err(wrong)
}

/// How long to try what does not work.
pub(crate) fn patience() -> Result<Patience, CliError> {
    let Some(text) = variable(PATIENCE) else { return Ok(Patience::default()) };
    let seconds = text.trim().parse().map_err(|_| {
        CliError::new(Exit::Usage, format!("{PATIENCE} cannot be used")).hint("write a number of seconds")
    })?;
    Ok(Patience { together: Duration::from_secs(seconds), ..Patience::default() })
}

/// The caller's home.
pub(crate) fn home() -> Result<Home, CliError> {
    let path = env::var_os("HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    path.map(Home::at).ok_or_else(|| CliError::new(Exit::Usage, "HOME does not say where your home is"))
}

/// A student has a queue server and no kubeconfig.
pub(crate) fn reader() -> Reader {
    let kubeconfig = env::var_os("KUBECONFIG").is_some_and(|paths| !paths.is_empty())
        || env::var_os("HOME").is_some_and(|home| PathBuf::from(home).join(".kube/config").exists());
    if variable(QUEUE).is_some() && !kubeconfig { Reader::Student } else { Reader::Staff }
}

fn address(text: &str) -> Result<Address, CliError> {
    Address::parse(text).map_err(|error| CliError::new(Exit::Usage, format!("{QUEUE} cannot be used")).because(error))
}

fn without_address() -> CliError {
    CliError::new(Exit::Usage, format!("{QUEUE} does not say where the queue server is"))
        .hint("ask who runs this installation; staff use `assay status --assignment` in the cluster")
}

/// A variable that is set, and to more than nothing.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.trim().is_empty())
}
