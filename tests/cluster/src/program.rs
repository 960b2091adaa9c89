//! Runs programs and keeps all that they say.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

/// What a program said and how it ended.
#[derive(Debug)]
pub struct Outcome {
    /// What ran, for messages.
    pub line: String,
    /// Its exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Outcome {
    /// Standard output, if the program succeeded.
    ///
    /// # Errors
    /// All that it said, if it did not.
    pub fn ok(self) -> Result<String, String> {
        if self.code == Some(0) { Ok(self.stdout) } else { Err(self.to_string()) }
    }

    /// Standard output as JSON, however the program ended.
    ///
    /// # Errors
    /// If it is no JSON.
    pub fn json(&self) -> Result<Value, String> {
        serde_json::from_str(&self.stdout).map_err(|error| format!("{error}: {self}"))
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { line, code, stdout, stderr } = self;
        write!(f, "`{line}` ended with {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// Runs `command` with `input` as its standard input.
///
/// # Errors
/// If it cannot be started.
pub(crate) fn outcome(mut command: Command, input: &[u8]) -> Result<Outcome, String> {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    let line = words.join(" ");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("`{line}` cannot be started: {error}"))?;
    let mut stdin = child.stdin.take().ok_or("no standard input")?;
    let input = input.to_vec();
    // A thread, because a program may answer before it has read all.
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let ended = child.wait_with_output().map_err(|error| format!("`{line}`: {error}"))?;
    // A program that does not read all its input is no error here; how it ended tells.
    drop(writer.join());
    Ok(Outcome {
        line,
        code: ended.status.code(),
        stdout: String::from_utf8_lossy(&ended.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&ended.stderr).into_owned(),
    })
}
