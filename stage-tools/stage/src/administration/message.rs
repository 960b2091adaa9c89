//! The form of requests and answers: a line of JSON, then the bytes that it announces.

use std::io::{self, BufRead, Read, Write};

use assay_contract::duties::{
    Answer, HandIn, LINE_CAP, Publish, Read as ReadRequest, Request, Reschedule, Sweep,
};
use assay_contract::{API_VERSION, Duty, Exit};

use crate::error::StageError;

/// Why nothing was done about a request that is not whole.
pub(super) const ENDED_EARLY: &str = "the request ended early; nothing was changed";
/// Why nothing was done about a request that is not what it says.
pub(super) const DAMAGED: &str = "what arrived is not what was announced; nothing was changed";

/// Reads the line of a request; its parts are next in `input`.
pub(super) fn read(duty: Duty, input: &mut impl BufRead) -> Result<Request, StageError> {
    let wrong = |exit, why: String| StageError::new(exit, duty, why);
    let mut line = Vec::new();
    input
        .take(LINE_CAP)
        .read_until(b'\n', &mut line)
        .map_err(|error| wrong(Exit::Io, format!("the request cannot be read: {error}")))?;
    if line.last() != Some(&b'\n') {
        return Err(wrong(Exit::Interrupted, ENDED_EARLY.into()));
    }
    let request: Request = serde_json::from_slice(&line).map_err(|error| {
        wrong(Exit::Usage, format!("the request is of no known form: {error}"))
            .hint("use `assay` and a stage image of the same version")
    })?;
    let (Request::Publish(Publish { api_version, .. })
    | Request::Reschedule(Reschedule { api_version, .. })
    | Request::HandIn(HandIn { api_version, .. })
    | Request::Read(ReadRequest { api_version, .. })
    | Request::Sweep(Sweep { api_version })) = &request;
    if api_version != API_VERSION {
        let found = api_version.chars().take(40).collect::<String>();
        return Err(wrong(Exit::Usage, format!("the request is of version `{}`", found.escape_debug()))
            .hint("use `assay` and a stage image of the same version"));
    }
    Ok(request)
}

/// Writes an answer and what follows it.
pub(super) fn write(output: &mut impl Write, answer: &Answer, parts: &[Vec<u8>]) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    output.write_all(&line)?;
    parts.iter().try_for_each(|part| output.write_all(part))
}
