//! What the processes of a run say to each other: frames over pipes, each a JSON header and a blob.
//!
//! Both sides are this program. Blobs may hold anything that a student wrote; headers hold names and numbers, and where
//! they hold a name that a student chose, the receiver checks it again.

use std::ffi::OsString;
use std::io::{self, Read, Write};

use assay_contract::Volume;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::root::StageRoot;

/// The largest header, in bytes.
const MAX_HEADER: u32 = 8 << 20;
/// The largest blob, in bytes.
pub(crate) const MAX_BLOB: u64 = 1 << 30;

/// What the outer process asks of those inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Request {
    /// To the gate: the maps of its user namespace have been written.
    Mapped,
    /// To the gate: map this one user and group to 0 yourself.
    MapYourself { uid: u32, gid: u32 },
    /// Make the place in which the job lives.
    Prepare(Prepare),
    /// The blob is the stage tool.
    Tool,
    /// The blob is a file to lay into a volume; only before the first stage runs.
    Lay { volume: Volume, path: String },
    /// Run a stage.
    Run(Box<Order>),
    /// Send a file of a volume, if it is a plain one of at most `cap` bytes.
    Take { volume: Volume, path: String, cap: u64 },
    /// Send every file of a volume.
    Walk { volume: Volume },
}

/// The place in which the job lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Prepare {
    /// An empty-to-be folder of this machine over which the job's tmpfs is mounted, in its own mount namespace.
    pub(crate) workspace: String,
    /// Whether one user only could be mapped, so that each stage needs a user namespace of its own.
    pub(crate) single_user: bool,
    /// The most that one volume may hold, in bytes.
    pub(crate) volume_bytes: u64,
    /// The user that owns each volume's root.
    pub(crate) owners: Vec<(Volume, u32)>,
}

/// A stage to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    /// Its root, user and limits.
    pub(crate) root: StageRoot,
    /// Its command line, without the program.
    pub(crate) arguments: Vec<String>,
    /// The signing key, for the stages that hold it.
    pub(crate) signing_key: Option<String>,
}

/// What a stage's first process is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Birth {
    /// Where the job lives.
    pub(crate) workspace: String,
    /// See [`Prepare::single_user`].
    pub(crate) single_user: bool,
    /// What to run.
    pub(crate) order: Order,
}

/// What those inside answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Reply {
    /// From the gate: there is a user namespace that waits for its maps.
    MapsWanted,
    /// The request was carried out; what could not be had is named.
    Done { lacks: Vec<String> },
    /// The stage's program runs.
    Started,
    /// The blob is output of the stage.
    Output,
    /// The stage has ended and none of its processes lives.
    Ended(Ended),
    /// The blob is the file.
    Taken,
    /// There is no such file.
    Absent,
    /// There is something, and it is not a plain file of a fitting size.
    Refused { why: String },
    /// While walking: a folder.
    Folder { path: Vec<OsString> },
    /// While walking: a file; the blob is its content.
    File { path: Vec<OsString>, executable: bool },
    /// While walking: something that is not sent.
    LeftOut { path: Vec<OsString>, why: String },
    /// The request failed.
    Failed(Failure),
}

/// How a stage ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ended {
    /// In which way.
    pub(crate) how: How,
    /// Wall-clock time from its first process to its last, in milliseconds.
    pub(crate) wall_ms: u64,
    /// Bytes of output that were dropped.
    pub(crate) dropped_bytes: u64,
}

/// In which way a stage ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum How {
    Exited(u8),
    Signalled(u8),
    Deadline,
    NotStarted(Failure),
}

/// A step that failed inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// What was being done.
    pub(crate) step: Step,
    /// To what, in words.
    pub(crate) what: String,
    /// The system's error number; 0 where there is none.
    pub(crate) errno: i32,
}

/// The steps that are told apart, because different things mend them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Step {
    /// Making the user namespace.
    UserNamespace,
    /// Writing its maps.
    Maps,
    /// Making the other namespaces.
    Namespaces,
    /// Mounting the tmpfs that holds the job.
    Tmpfs,
    /// Mounting a fresh `/proc`.
    Proc,
    /// Building a stage's root.
    Root,
    /// Giving up rights.
    Rights,
    /// Starting a program.
    Start,
    /// Anything with files and pipes.
    Files,
}

impl Failure {
    pub(crate) fn new(step: Step, what: impl Into<String>, error: &io::Error) -> Failure {
        Failure { step, what: what.into(), errno: error.raw_os_error().unwrap_or(0) }
    }
}

/// Makes a [`Failure`] of an error, where what was being done is known.
pub(crate) trait During<T> {
    fn during(self, step: Step, what: impl Into<String>) -> Result<T, Failure>;
}

impl<T, E: Into<io::Error>> During<T> for Result<T, E> {
    fn during(self, step: Step, what: impl Into<String>) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(step, what, &error.into()))
    }
}

/// A frame's bytes.
pub(crate) fn encode(header: &impl Serialize, blob: &[u8]) -> io::Result<Vec<u8>> {
    let header = serde_json::to_vec(header)?;
    let header_len = u32::try_from(header.len()).ok().filter(|len| *len <= MAX_HEADER);
    let header_len = header_len.ok_or_else(|| io::Error::other("a header is too long"))?;
    let blob_len = blob.len() as u64;
    if blob_len > MAX_BLOB {
        return Err(io::Error::other("a file is too large to be handed over"));
    }
    let mut frame = Vec::with_capacity(12 + header.len() + blob.len());
    frame.extend_from_slice(&header_len.to_le_bytes());
    frame.extend_from_slice(&blob_len.to_le_bytes());
    frame.extend_from_slice(&header);
    frame.extend_from_slice(blob);
    Ok(frame)
}

/// Writes a frame.
pub(crate) fn send(to: &mut impl Write, header: &impl Serialize, blob: &[u8]) -> io::Result<()> {
    to.write_all(&encode(header, blob)?)?;
    to.flush()
}

/// Reads a frame; `None` where the other side closed the pipe between two frames.
///
/// Reads no byte beyond the frame, so that another process can read on.
pub(crate) fn receive<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<(T, Vec<u8>)>> {
    let mut first = [0; 1];
    loop {
        match from.read(&mut first) {
            Ok(0) => return Ok(None),
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let mut rest = [0; 11];
    from.read_exact(&mut rest)?;
    let header_len = u32::from_le_bytes([first[0], rest[0], rest[1], rest[2]]);
    let blob_len =
        u64::from_le_bytes([rest[3], rest[4], rest[5], rest[6], rest[7], rest[8], rest[9], rest[10]]);
    if header_len > MAX_HEADER || blob_len > MAX_BLOB {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame is too long"));
    }
    let header: T = serde_json::from_slice(&exactly(from, u64::from(header_len))?)?;
    Ok(Some((header, exactly(from, blob_len)?)))
}

fn exactly(from: &mut impl Read, len: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(len).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == len { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn frames_come_back_one_by_one(blobs in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..5)) {
            let mut stream = Vec::new();
            for blob in &blobs {
                send(&mut stream, &Reply::Taken, blob).unwrap();
            }
            let mut from = stream.as_slice();
            for blob in &blobs {
                let (reply, got): (Reply, _) = receive(&mut from).unwrap().unwrap();
                prop_assert_eq!(reply, Reply::Taken);
                prop_assert_eq!(&got, blob);
            }
            prop_assert!(receive::<Reply>(&mut from).unwrap().is_none());
        }

        #[test]
        fn a_stream_cut_anywhere_inside_a_frame_is_an_error(cut in 1_usize..20) {
            let whole = encode(&Reply::Absent, b"12345678").unwrap();
            prop_assume!(cut < whole.len());
            prop_assert!(receive::<Reply>(&mut &whole[..cut]).is_err());
        }
    }

    #[test]
    fn lengths_that_lie_are_refused_before_memory_is_taken() {
        let mut frame = encode(&Reply::Absent, b"").unwrap();
        frame[4..12].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(receive::<Reply>(&mut frame.as_slice()).is_err());
    }
}
