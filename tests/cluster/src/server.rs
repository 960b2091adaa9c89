//! Argo Server, spoken to as a browser does: over HTTP, with the token of whoever looks.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::forward::Forward;
use crate::program::outcome;

/// A way to Argo Server; closed when this is dropped.
#[derive(Debug)]
pub struct Server {
    forward: Forward,
    token: String,
}

/// What the server said.
#[derive(Debug)]
pub struct Answer {
    /// The code of HTTP.
    pub code: u16,
    /// The body.
    pub text: String,
}

impl Answer {
    /// The body as JSON, if the request succeeded.
    ///
    /// # Errors
    /// What the server said, if it did not.
    pub fn ok(self) -> Result<Value, String> {
        if self.code != 200 {
            return Err(format!("Argo Server answers {}: {}", self.code, self.text));
        }
        serde_json::from_str(&self.text).map_err(|error| format!("{error}: {}", self.text))
    }

    /// Whether it was refused, with those words.
    ///
    /// # Errors
    /// What the server said, if it was not.
    pub fn refused(self, words: &str) -> Result<(), String> {
        let said: Value = serde_json::from_str(&self.text).unwrap_or_default();
        if self.code >= 400 && said["message"].as_str().is_some_and(|message| message.contains(words)) {
            return Ok(());
        }
        Err(format!("not refused with {words:?}: {} {}", self.code, self.text))
    }
}

impl Server {
    /// Opens a way to the server for whoever has `token`.
    ///
    /// # Errors
    /// If there is no Argo Server in namespace `argo`.
    pub fn open(token: &str) -> Result<Self, String> {
        // Not by the API server's own proxy, which keeps the token to itself.
        Ok(Self { forward: Forward::open("argo", "service/argo-server", 2746)?, token: token.into() })
    }

    /// Asks for `path`, which begins behind `/api/v1/`.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn get(&self, path: &str) -> Result<Answer, String> {
        self.ask("GET", path, None)
    }

    /// The same by another method, with a body.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn send(&self, method: &str, path: &str, body: &Value) -> Result<Answer, String> {
        self.ask(method, path, Some(body))
    }

    /// Follows a path that tells of an object whenever it changes, until `enough`.
    ///
    /// # Errors
    /// If it ends before.
    pub fn watch(&self, path: &str, mut enough: impl FnMut(&Value) -> bool) -> Result<(), String> {
        let mut command = self.curl(path);
        command.args(["--no-buffer", "--header", "Accept: text/event-stream"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("curl cannot be started: {error}"))?;
        let mut stdin = child.stdin.take().ok_or("no standard input")?;
        stdin.write_all(self.token().as_bytes()).map_err(|error| error.to_string())?;
        drop(stdin);
        let lines = BufReader::new(child.stdout.take().ok_or("no standard output")?).lines();
        let mut last = String::new();
        let found = lines.map_while(Result::ok).any(|line| {
            let told = line.strip_prefix("data: ").and_then(|data| serde_json::from_str::<Value>(data).ok());
            last = line;
            told.is_some_and(|told| enough(&told["result"]["object"]))
        });
        drop(child.kill());
        drop(child.wait());
        if found { Ok(()) } else { Err(format!("{path} ends with {last:?}")) }
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer, String> {
        let mut command = self.curl(path);
        command.args(["--write-out", "\n%{http_code}", "--request", method]);
        if let Some(body) = body {
            command.args(["--header", "Content-Type: application/json", "--data-raw", &body.to_string()]);
        }
        let said = outcome(command, self.token().as_bytes())?.ok()?;
        let (text, code) = said.rsplit_once('\n').ok_or("curl says nothing")?;
        let code = code.parse().map_err(|error| format!("{error}: {code}"))?;
        Ok(Answer { code, text: text.to_owned() })
    }

    /// What asks for a path; it is told the token by its standard input, since lists of processes show arguments.
    fn curl(&self, path: &str) -> Command {
        let mut command = Command::new("curl");
        // The server's certificate is one that it made itself.
        command.args(["--silent", "--show-error", "--insecure", "--globoff", "--max-time", "900"]);
        command.args(["--header", "@-"]);
        command.arg(format!("https://{}/api/v1/{}", self.forward.address, path.replace(' ', "%20")));
        command
    }

    fn token(&self) -> String {
        format!("Authorization: Bearer {}\n", self.token)
    }
}
