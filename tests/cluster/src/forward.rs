//! Ways to ports in the cluster, by `kubectl port-forward`: they work from outside of any cluster.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::Kubectl;

/// A way to a port; closed when this is dropped.
#[derive(Debug)]
pub struct Forward {
    child: Child,
    /// Where it begins, on this machine: `127.0.0.1:port`.
    pub address: String,
}

impl Forward {
    /// Opens a way to a port of `target`, as `service/argo-server` or `pod/x`.
    ///
    /// # Errors
    /// If there is no such thing, or it does not run.
    pub fn open(namespace: &str, target: &str, port: u16) -> Result<Forward, String> {
        let mut command = Kubectl::new(namespace).command();
        command.args(["port-forward", target, &format!(":{port}"), "--address", "127.0.0.1"]);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("kubectl cannot be started: {error}"))?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no standard output")?).lines();
        let first = lines.next().and_then(Result::ok).unwrap_or_default();
        // It writes a line for each connection, and would wait if nobody read them.
        std::thread::spawn(move || lines.for_each(drop));
        let address = first.strip_prefix("Forwarding from ").and_then(|rest| rest.split_once(" ->"));
        let address = address.map(|(address, _)| address.to_owned()).unwrap_or_default();
        let forward = Forward { child, address };
        if forward.address.is_empty() { Err(format!("no way to {target}: {first:?}")) } else { Ok(forward) }
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        // Nobody is left to be told.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
