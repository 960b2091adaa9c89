//! `kubectl`, for what a test must see or do that Assay's own commands do not.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::{Outcome, outcome};

/// `kubectl` in the cluster for tests.
#[derive(Debug, Clone)]
pub struct Kubectl {
    namespace: Option<String>,
    kubeconfig: Option<PathBuf>,
}

impl Kubectl {
    /// In `namespace`, as the cluster's administrator.
    #[must_use]
    pub fn new(namespace: &str) -> Self {
        Self { namespace: Some(namespace.into()), ..Self::anywhere() }
    }

    /// The same for objects that say themselves where they are.
    #[must_use]
    pub fn anywhere() -> Self {
        Self { namespace: None, kubeconfig: std::env::var_os(crate::KUBECONFIG).map(PathBuf::from) }
    }

    /// The same as whoever a kubeconfig is of.
    #[must_use]
    pub fn with(self, kubeconfig: &Path) -> Self {
        Self { kubeconfig: Some(kubeconfig.into()), ..self }
    }

    /// Runs it.
    ///
    /// # Errors
    /// If it cannot be started; how it ended is in the outcome.
    pub fn run(&self, args: &[&str], input: &str) -> Result<Outcome, String> {
        let mut command = self.command();
        command.args(args);
        outcome(command, input.as_bytes())
    }

    /// How it is started, for what runs beside a test.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new("kubectl");
        if let Some(kubeconfig) = &self.kubeconfig {
            command.env("KUBECONFIG", kubeconfig);
        }
        if let Some(namespace) = &self.namespace {
            command.args(["--namespace", namespace]);
        }
        command
    }

    /// What it prints, if it succeeds.
    ///
    /// # Errors
    /// If it does not.
    pub fn ok(&self, args: &[&str]) -> Result<String, String> {
        self.run(args, "")?.ok()
    }

    /// An object, or a list of all that match: `args` as after `kubectl get`.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn get(&self, args: &[&str]) -> Result<Value, String> {
        let text = self.ok(&[&["get", "--output", "json"], args].concat())?;
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }

    /// The objects of a list.
    ///
    /// # Errors
    /// If they cannot be listed.
    pub fn list(&self, args: &[&str]) -> Result<Vec<Value>, String> {
        Ok(self.get(args)?["items"].as_array().cloned().unwrap_or_default())
    }

    /// Applies a manifest.
    ///
    /// # Errors
    /// If the API server refuses it.
    pub fn apply(&self, manifest: &str) -> Result<(), String> {
        self.run(&["apply", "--filename", "-"], manifest)?.ok().map(drop)
    }

    /// Asks again and again until `ready` has an answer.
    ///
    /// # Errors
    /// If `ready` fails, or has no answer within `patience`; `what` says for what was waited.
    pub fn until<T>(
        &self,
        what: &str,
        patience: Duration,
        mut ready: impl FnMut(&Self) -> Result<Option<T>, String>,
    ) -> Result<T, String> {
        let start = Instant::now();
        loop {
            if let Some(answer) = ready(self)? {
                return Ok(answer);
            }
            if start.elapsed() > patience {
                return Err(format!("not within {patience:?}: {what}"));
            }
            std::thread::sleep(Duration::from_secs(1));
        }
    }
}
