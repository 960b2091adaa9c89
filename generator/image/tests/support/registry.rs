//! A real registry on loopback: Debian's `docker-registry`, with its storage in a folder of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;

/// `user:secret`, as htpasswd writes it.
const HTPASSWD: &str = "user:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n";

/// What a registry asks of whoever comes, and how it speaks.
#[derive(Clone, Copy, Default)]
pub(crate) struct Manner<'a> {
    /// Name and password: `user` and `secret`.
    pub(crate) login: bool,
    /// A certificate and its key, in PEM.
    pub(crate) tls: Option<(&'a Path, &'a Path)>,
}

/// A registry that runs until the value is gone.
pub(crate) struct Registry {
    child: Child,
    folder: TempDir,
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Registry {
    /// A registry for everybody, without TLS.
    pub(crate) fn start() -> Registry {
        Registry::with(Manner::default())
    }

    pub(crate) fn with(manner: Manner<'_>) -> Registry {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.yml");
        let storage = folder.path().join("storage");
        let mut text = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: '{}'}}}}\nhttp:\n  addr: 127.0.0.1:0\n",
            storage.display()
        );
        if let Some((certificate, key)) = manner.tls {
            text +=
                &format!("  tls: {{certificate: '{}', key: '{}'}}\n", certificate.display(), key.display());
        }
        if manner.login {
            let users = folder.path().join("htpasswd");
            fs::write(&users, HTPASSWD).unwrap();
            text += &format!("auth: {{htpasswd: {{realm: test, path: '{}'}}}}\n", users.display());
        }
        fs::write(&config, text).unwrap();
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(&config).stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null());
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("cannot run docker-registry: install Debian's package docker-registry: {error}")
        });
        let (told, address) = mpsc::channel();
        let log = BufReader::new(child.stderr.take().unwrap());
        // Read to the end, so that the registry never waits for a reader.
        thread::spawn(move || {
            let mut seen = String::new();
            for line in log.lines().map_while(Result::ok) {
                if let Some((_, rest)) = line.split_once("listening on ") {
                    let address = rest.split(['"', ',', ' ']).next().unwrap_or_default().to_owned();
                    let _nobody_waits = told.send(Ok(address));
                }
                seen.push_str(&line);
                seen.push('\n');
            }
            let _nobody_waits = told.send(Err(seen));
        });
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (access_log, seen) = (BufReader::new(child.stdout.take().unwrap()), Arc::clone(&requests));
        thread::spawn(move || {
            for line in access_log.lines().map_while(Result::ok) {
                seen.lock().unwrap().push(line);
            }
        });
        let address =
            address.recv().unwrap().unwrap_or_else(|log| panic!("docker-registry does not start:\n{log}"));
        Registry { child, folder, address, requests }
    }

    /// `127.0.0.1:<port>`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The file that holds a blob or manifest.
    pub(crate) fn file(&self, digest: &str) -> PathBuf {
        let hex = digest.strip_prefix("sha256:").unwrap();
        let blobs = self.folder.path().join("storage/docker/registry/v2/blobs/sha256");
        blobs.join(&hex[..2]).join(hex).join("data")
    }

    /// How many requests changed something, or tried to. `marker` is a path that nothing has asked for yet: once its request
    /// is in the log, all earlier ones are.
    pub(crate) fn writes(&self, marker: &str) -> usize {
        let request =
            format!("GET /{marker} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address);
        let mut stream = std::net::TcpStream::connect(&self.address).unwrap();
        std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
        std::io::Read::read_to_end(&mut stream, &mut Vec::new()).unwrap();
        loop {
            let requests = self.requests.lock().unwrap();
            if requests.iter().any(|line| line.contains(marker)) {
                let writes =
                    |line: &&String| ["\"POST ", "\"PUT ", "\"PATCH "].iter().any(|w| line.contains(w));
                return requests.iter().filter(writes).count();
            }
            drop(requests);
            thread::yield_now();
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It is gone already, or it goes now.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}
