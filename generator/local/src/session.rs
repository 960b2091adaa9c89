//! The outer process's side: starts the gate, has its maps written, talks to the keeper, and waits until both are gone.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use assay_contract::JobId;

use crate::error::EngineError;
use crate::inside::{GATE, OWN_PROGRAM};
use crate::users::Mapping;
use crate::wire::{self, Prepare, Reply, Request};

/// A keeper that waits for requests. Dropping it ends every process of the job and waits for that.
pub(crate) struct Session {
    gate: Child,
    /// `None` once it is closed, which tells the keeper to end.
    requests: Option<ChildStdin>,
    replies: ChildStdout,
}

impl Session {
    /// Starts gate and keeper.
    ///
    /// The calling thread must live as long as the session: the kernel kills the gate when that thread ends.
    pub(crate) fn open(job: &JobId, mapping: &Mapping) -> Result<Session, EngineError> {
        let mut gate = Command::new(OWN_PROGRAM)
            .arg0(GATE)
            .arg(job.as_str())
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(engine("starting the engine's inner process"))?;
        let (Some(requests), Some(replies)) = (gate.stdin.take(), gate.stdout.take()) else {
            return Err(EngineError::Ended);
        };
        let mut session = Session { gate, requests: Some(requests), replies };
        session.map(mapping)?;
        Ok(session)
    }

    fn map(&mut self, mapping: &Mapping) -> Result<(), EngineError> {
        match self.next()? {
            (Reply::MapsWanted, _) => {}
            (Reply::Failed(failure), _) => return Err(EngineError::of(failure)),
            _ => return Err(EngineError::Ended),
        }
        mapping.write(self.gate.id()).map_err(engine("writing the maps of the user namespace"))?;
        let request = match mapping {
            Mapping::Range | Mapping::Subordinate { .. } => Request::Mapped,
            Mapping::Single { .. } => Request::MapYourself {
                uid: rustix::process::geteuid().as_raw(),
                gid: rustix::process::getegid().as_raw(),
            },
        };
        self.send(&request, &[])
    }

    /// Has the place made in which the job lives; what this machine lacks for it, in words.
    pub(crate) fn prepare(&mut self, prepare: Prepare) -> Result<Vec<String>, EngineError> {
        self.send(&Request::Prepare(prepare), &[])?;
        match self.next()? {
            (Reply::Done { lacks }, _) => Ok(lacks),
            (Reply::Failed(failure), _) => Err(EngineError::of(failure)),
            _ => Err(EngineError::Ended),
        }
    }

    /// Has something done that is only done or not.
    pub(crate) fn command(&mut self, request: &Request, blob: &[u8]) -> Result<(), EngineError> {
        self.send(request, blob)?;
        match self.answer()? {
            (Reply::Done { .. }, _) => Ok(()),
            _ => Err(EngineError::Ended),
        }
    }

    /// Sends a request whose answers are read with [`Session::answer`].
    pub(crate) fn send(&mut self, request: &Request, blob: &[u8]) -> Result<(), EngineError> {
        let requests = self.requests.as_mut().ok_or(EngineError::Ended)?;
        match wire::send(requests, request, blob) {
            // The gate or the keeper ended instead of reading: what it said before is the reason.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(match self.next()? {
                (Reply::Failed(failure), _) => EngineError::of(failure),
                _ => EngineError::Ended,
            }),
            other => other.map_err(engine("talking to the engine's inner process")),
        }
    }

    /// The next answer that is not a failure.
    pub(crate) fn answer(&mut self) -> Result<(Reply, Vec<u8>), EngineError> {
        match self.next()? {
            (Reply::Failed(failure), _) => Err(EngineError::of(failure)),
            other => Ok(other),
        }
    }

    fn next(&mut self) -> Result<(Reply, Vec<u8>), EngineError> {
        match wire::receive(&mut self.replies) {
            Ok(Some(reply)) => Ok(reply),
            Ok(None) => Err(EngineError::Ended),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(EngineError::Ended),
            Err(error) => Err(engine("talking to the engine's inner process")(error)),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.requests.take());
        // The keeper ends when its requests do, the gate when the keeper has, and the keeper only after every process
        // of the job. An error here means that there is nothing to wait for.
        let _gone = self.gate.wait();
    }
}

/// Makes an error of the engine, where what was being done is known.
fn engine(what: &'static str) -> impl FnOnce(io::Error) -> EngineError {
    move |source| EngineError::Engine { what: what.into(), source }
}
