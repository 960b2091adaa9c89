//! What administrative pods do: one request from standard input, one answer to standard output.
//!
//! A duty mounts its row of `assay_contract::administration` and nothing else. Nothing of a request is in its environment
//! or on its command line. What was only half received changes nothing, and what a request names is checked ids and
//! digests, never paths.

mod hand_in;
mod message;
mod publish;
mod read;
mod sweep;

use std::io::{self, Read, Write};

use assay_contract::duties::{Answer, Request, Sweep};
use assay_contract::{Duty, Exit, Volume};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::documents::Mounted;
use crate::error::StageError;

/// How long a pod that runs waits for its request; whoever asks is told of its start within a second.
const PATIENCE: Timespec = Timespec { tv_sec: 60, tv_nsec: 0 };

/// An answer and the bytes that follow it.
struct Reply {
    answer: Answer,
    parts: Vec<Vec<u8>>,
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Reply {
        Reply { answer, parts: Vec::new() }
    }
}

/// Does a duty: reads the request, answers it.
pub(crate) fn run(duty: Duty, args: &[String]) -> Result<Exit, StageError> {
    if !args.is_empty() {
        return Err(StageError::usage(format!("{duty} takes no options")).hint(crate::USAGE));
    }
    await_request(duty, &io::stdin())?;
    let mut input = io::BufReader::new(io::stdin().lock());
    let mut output = io::stdout().lock();
    let done = serve(duty, &mut input);
    let told = match &done {
        Ok(Reply { answer, parts }) => message::write(&mut output, answer, parts),
        Err(error) => {
            let failed = Answer::Failed { exit: error.exit.code(), message: error.to_string() };
            message::write(&mut output, &failed, &[])
        }
    };
    told.and_then(|()| output.flush())
        .map_err(|error| StageError::new(Exit::Io, duty, format!("the answer cannot be written: {error}")))?;
    // Whoever asked hangs up once the answer has arrived: a container that ends earlier can lose the end of its output.
    let _hung_up = io::copy(&mut input, &mut io::sink());
    done.map(|_| Exit::Done)
}

/// Whoever made this pod may be gone before it asks anything: then nobody is to wait for the pod's deadline.
fn await_request(duty: Duty, input: &impl std::os::fd::AsFd) -> Result<(), StageError> {
    let mut watched = [PollFd::new(input, PollFlags::IN)];
    match poll(&mut watched, Some(&PATIENCE)) {
        Ok(0) => {
            let message = format!("nobody asked anything for {} s", PATIENCE.tv_sec);
            Err(StageError::new(Exit::Interrupted, duty, message))
        }
        // Whatever is wrong with the input, reading it tells.
        Ok(_) | Err(_) => Ok(()),
    }
}

fn serve(duty: Duty, input: &mut impl io::BufRead) -> Result<Reply, StageError> {
    let request = message::read(duty, input)?;
    if request.duty() != duty {
        return Err(StageError::new(
            Exit::Usage,
            duty,
            format!("this is a request to {}, not to {duty}", request.duty()),
        ));
    }
    match &request {
        Request::Publish(request) => {
            let private = Mounted::open(duty, Volume::PrivateResults)?;
            let configuration = Mounted::open(duty, Volume::AssignmentConfiguration)?;
            publish::publish(request, input, &private, &configuration).map(Reply::from)
        }
        Request::Reschedule(request) => {
            let configuration = Mounted::open(duty, Volume::AssignmentConfiguration)?;
            publish::reschedule(request, input, &configuration).map(Reply::from)
        }
        Request::HandIn(request) => {
            hand_in::hand_in(request, input, &Mounted::open(duty, Volume::Student)?).map(Reply::from)
        }
        Request::Read(request) => read::read(request, &Mounted::open(duty, Volume::PrivateResults)?),
        Request::Sweep(Sweep { api_version: _ }) => {
            let raw = Mounted::open(duty, Volume::RawSubmissions)?;
            let private = Mounted::open(duty, Volume::PrivateResults)?;
            sweep::sweep(&raw, &private).map(Answer::Swept).map(Reply::from)
        }
    }
}

/// Takes the next `bytes` of the input into a file at `path`, which gets its name only if they are what was announced.
fn receive(
    input: &mut impl Read,
    announced: (&assay_contract::Digest, u64),
    volume: &Mounted,
    path: &str,
    mode: u32,
) -> Result<assay_untrusted::Published, StageError> {
    let (digest, bytes) = announced;
    let failed = |error: assay_untrusted::Error| volume.error(Exit::Io, path, error);
    let copied = assay_untrusted::receive_hashed(input.by_ref().take(bytes), &volume.root, path, bytes, mode)
        .map_err(failed)?;
    if copied.size() != bytes {
        return Err(volume.error(Exit::Interrupted, path, message::ENDED_EARLY));
    }
    if copied.sha256() != digest.as_str() {
        return Err(volume.error(Exit::DocumentDamaged, path, message::DAMAGED));
    }
    copied.commit().map_err(failed)
}

#[cfg(test)]
mod tests;
