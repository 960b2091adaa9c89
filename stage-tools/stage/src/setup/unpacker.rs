//! The process that reads the zip. It has no signing key, no claim of a student and no other way out: whoever takes it over
//! by what it reads can write a tree, and say something about it.
//!
//! Setup starts its own program again, before it confines itself and can start nothing more, and asks it once the snapshot
//! is there. What comes back is believed no more than the zip: the tree is looked at again by Setup itself.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, ExitCode, Stdio};

use assay_contract::configuration::SubmissionRules;
use assay_contract::result::Refusal;
use assay_contract::{Exit, Volume, layout};
use assay_untrusted::{Error, Kind, zip};
use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use super::{STAGE, rules};
use crate::confine::{HARDENED, Reach};
use crate::documents::{DOCUMENT_CAP, Mounted};
use crate::error::StageError;

/// The hidden subcommand under which the stage tool runs itself to unpack.
pub(crate) const SUBCOMMAND: &str = "unpack";

/// The longest sentence to the student that is handed on, in characters.
const MESSAGE_CHARS: usize = 500;

/// What is to be unpacked, on standard input.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    /// The zip, in `raw-submissions`.
    snapshot: String,
    /// The most that it may unpack to, in bytes.
    unpacked_bytes: u64,
    /// The most files that it may hold.
    files: u64,
}

/// What came of it, on standard output.
#[derive(Debug, Serialize, Deserialize)]
enum Reply {
    /// It is the tree `submission/tree`; these entries were ignored.
    Unpacked { ignored: Vec<String> },
    /// The zip breaks the rules.
    Refused { code: String, message: String },
    /// Reading or writing failed.
    Failed(String),
}

/// What was unpacked, as Setup saw it itself.
#[derive(Debug)]
pub(super) struct Unpacked {
    /// The paths of all files, sorted.
    pub(super) files: Vec<String>,
    /// Names of entries that were ignored.
    pub(super) ignored: Vec<String>,
}

/// The process, waiting for its order; none in a build without hardening, where Setup reads the zip itself.
#[derive(Debug)]
pub(super) struct Unpacker {
    child: Option<Child>,
}

impl Unpacker {
    /// Starts the process, which may read `snapshots`, a folder of `raw-submissions`.
    pub(super) fn start(snapshots: &str) -> Result<Unpacker, StageError> {
        if !HARDENED {
            return Ok(Unpacker { child: None });
        }
        let child = Command::new("/proc/self/exe")
            .args([SUBCOMMAND, snapshots])
            // The key is a variable.
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed(format!("cannot be started: {error}")))?;
        Ok(Unpacker { child: Some(child) })
    }

    /// Begins to unpack the snapshot to `submission/tree`. Until that is finished, nothing that is relied on may be written to
    /// `submission`: the process can write there too.
    pub(super) fn begin(
        mut self,
        snapshot: String,
        rules: &SubmissionRules,
    ) -> Result<Unpacking, StageError> {
        let order = Order { snapshot, unpacked_bytes: rules.unpacked_bytes, files: u64::from(rules.files) };
        if let Some(child) = &mut self.child {
            give(child, &order)?;
        }
        Ok(Unpacking { unpacker: self, order })
    }
}

/// A zip that is being unpacked.
#[derive(Debug)]
pub(super) struct Unpacking {
    unpacker: Unpacker,
    order: Order,
}

impl Unpacking {
    /// Waits until the zip is unpacked. One that is refused leaves nothing of itself.
    pub(super) fn finish(
        mut self,
        rules: &SubmissionRules,
        raw: &Mounted,
        submission: &Mounted,
    ) -> Result<Result<Unpacked, Refusal>, StageError> {
        let reply = match &mut self.unpacker.child {
            Some(child) => hear(child)?,
            None => unpack(&self.order, raw, submission),
        };
        match reply {
            Reply::Unpacked { ignored } => Ok(Ok(Unpacked { files: files(submission, rules)?, ignored })),
            Reply::Refused { code, message } => {
                let plain = |text: &str| !text.chars().any(char::is_control);
                if !plain(&code) || !plain(&message) {
                    return Err(failed("refused the zip in words that cannot be shown".into()));
                }
                submission.clear(layout::TREE)?;
                let message: String = message.chars().take(MESSAGE_CHARS).collect();
                Ok(Err(rules::refusal(code, message)))
            }
            Reply::Failed(why) => Err(failed(format!("cannot unpack: {}", why.escape_debug()))),
        }
    }
}

impl Drop for Unpacker {
    fn drop(&mut self) {
        // Nothing to unpack: without an order it ends.
        if let Some(child) = &mut self.child {
            drop(child.stdin.take());
            // With one it may be about to reply, which nobody hears.
            drop(child.stdout.take());
            let _gone = child.wait();
        }
    }
}

/// Gives the process its order.
fn give(child: &mut Child, order: &Order) -> Result<(), StageError> {
    let order = serde_json::to_vec(order).map_err(|error| failed(error.to_string()))?;
    // Its standard input is closed with it, which is the end of the order.
    child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(&order)).map_err(lost)
}

/// Waits for the reply of the process, and until it is gone: before that the tree is not looked at.
fn hear(child: &mut Child) -> Result<Reply, StageError> {
    let mut reply = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(DOCUMENT_CAP).read_to_end(&mut reply).map_err(lost)?;
    }
    let status = child.wait().map_err(lost)?;
    if !status.success() {
        return Err(failed(format!("ended too early: {status}")));
    }
    serde_json::from_slice(&reply)
        .map_err(|error| failed(format!("said something else than it should: {error}")))
}

fn lost(error: std::io::Error) -> StageError {
    failed(format!("ended too early: {error}"))
}

fn failed(why: String) -> StageError {
    StageError::new(Exit::Io, STAGE, format!("the process that reads the zip {why}"))
}

/// The files of the tree, which must be as a tree is that was unpacked: plain files of one name, and folders.
fn files(submission: &Mounted, rules: &SubmissionRules) -> Result<Vec<String>, StageError> {
    let budget = zip::Budget::new(rules.unpacked_bytes, u64::from(rules.files));
    let walk = assay_untrusted::Budget {
        entries: budget.entries,
        depth: budget.depth,
        bytes: budget.unpacked_bytes,
    };
    let wrong = |error: Error| submission.error(Exit::Io, layout::TREE, error);
    let mut files = Vec::new();
    for entry in assay_untrusted::walk(&submission.root, layout::TREE, walk).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        match (entry.kind, entry.mode, entry.links, entry.path.to_str()) {
            (Kind::Directory, 0o755, _, Some(_)) => {}
            (Kind::Regular, 0o644 | 0o755, 1, Some(path)) => files.push(path.to_owned()),
            _ => return Err(failed("left something else than files and folders".into())),
        }
    }
    if u64::try_from(files.len()).is_ok_and(|count| count > budget.files) {
        return Err(failed("left more files than there may be".into()));
    }
    Ok(files)
}

/// The process itself: confines itself, waits for its order, and does it.
pub(crate) fn run(snapshots: &str) -> ExitCode {
    // It must not outlive the stage.
    let _best_effort = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    match carry_out(snapshots) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            crate::warn(&error);
            ExitCode::from(error.exit.code())
        }
    }
}

fn carry_out(snapshots: &str) -> Result<(), StageError> {
    let raw = Mounted::open(STAGE, Volume::RawSubmissions)?;
    let submission = Mounted::open(STAGE, Volume::Submission)?;
    Reach::default().reads(&raw, snapshots).writes(&submission, "").confine(STAGE)?;

    let mut order = Vec::new();
    let lost = |error: std::io::Error| failed(format!("lost its stage: {error}"));
    std::io::stdin().take(DOCUMENT_CAP).read_to_end(&mut order).map_err(lost)?;
    if order.is_empty() {
        return Ok(());
    }
    let order: Order = serde_json::from_slice(&order).map_err(|error| failed(error.to_string()))?;
    let reply =
        serde_json::to_vec(&unpack(&order, &raw, &submission)).map_err(|error| failed(error.to_string()))?;
    std::io::stdout().write_all(&reply).map_err(lost)
}

fn unpack(order: &Order, raw: &Mounted, submission: &Mounted) -> Reply {
    let Order { snapshot, unpacked_bytes, files } = order;
    let budget = zip::Budget::new(*unpacked_bytes, *files);
    let unpacked = raw
        .root
        .open_file(snapshot)
        .map_err(zip::Failure::Failed)
        .and_then(|opened| zip::unpack(&opened.file, &submission.root, layout::TREE, &budget));
    match unpacked {
        Ok(unpacked) => Reply::Unpacked { ignored: unpacked.ignored },
        Err(zip::Failure::Refused(refusal)) => {
            Reply::Refused { code: refusal.code().to_owned(), message: refusal.to_string() }
        }
        Err(zip::Failure::Failed(error)) => Reply::Failed(error.to_string()),
    }
}
