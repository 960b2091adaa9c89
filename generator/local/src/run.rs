//! Runs a job from its first stage to its last.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use assay_contract::configuration::Network;
use assay_contract::facts;
use assay_contract::result::{StageEnd, StageStatus};
use assay_contract::{JobId, Output, Stage, Volume, layout};
use assay_core::plan::StagePlan;

use crate::error::EngineError;
use crate::facts::{Known, MAX_OUTPUT, believed, skipped};
use crate::job::{Capabilities, Cause, Event, Job, Run, StageRun};
use crate::keep::Keeping;
use crate::order::{self, Laid};
use crate::root::stage_root;
use crate::session::Session;
use crate::toolchain::Toolchain;
use crate::users::{self, Mapping};
use crate::wire::{Ended, How, Order, Prepare, Reply, Request};

/// The largest document that is taken out of a volume, in bytes.
const MAX_DOCUMENT: u64 = 64 << 20;
/// The most that one volume may hold, in bytes; less where the machine has little memory.
const MAX_VOLUME: u64 = 2 << 30;
/// The longest line of a stage that is passed on, in characters.
const MAX_LINE: usize = 1_000;

/// Runs `job`, telling `on_event` what happens.
///
/// # Errors
/// If this machine cannot isolate, if the job is not of one piece, or if the engine itself fails. A stage that fails is
/// no error: it is in the [`Run`]. However this ends, no process, mount or temporary file of the job is left.
pub fn run(job: Job<'_>, on_event: &mut dyn FnMut(Event)) -> Result<Run, EngineError> {
    let toolchain = match &job.rootfs {
        None => Toolchain::host(&job.toolchain_folders)?,
        Some(_) if !job.toolchain_folders.is_empty() => {
            return Err(EngineError::Job("toolchain folders are of this machine; an image brings its own"));
        }
        Some(folder) => Toolchain::rootfs(folder)?,
    };
    let laid = order::laid(&job)?;
    let keeping = job.keep.as_deref().map(Keeping::new).transpose()?;
    let (mut session, lacks) = settle(&job.job, &toolchain, order::owners(&job.plan))?;
    session.command(&Request::Tool, job.tool)?;
    for Laid { volume, path, bytes } in laid {
        session.command(&Request::Lay { volume, path }, &bytes)?;
    }
    let mut conductor = Conductor {
        session,
        known: Known {
            job: job.job.clone(),
            assignment: job.plan.assignment.clone(),
            revision: job.plan.revision.clone(),
            student: job.student.clone(),
            digest: job.digest.clone(),
            handed_in: job.handed_in.clone(),
            ends: Vec::new(),
            outputs: BTreeMap::new(),
        },
        on_event,
    };
    let mut stages = Vec::new();
    for plan in &job.plan.stages {
        stages.push(conductor.stage(plan, &job, &toolchain)?);
    }
    let mut run = Run {
        stages,
        private_result: conductor.document(Volume::Results, layout::PRIVATE_RESULT.into())?,
        student_result: conductor.document(Volume::Results, layout::STUDENT_RESULT.into())?,
        student_page: conductor.document(Volume::Student, page_path(&job))?,
        received: conductor.document(Volume::RawSubmissions, received_path(&job))?,
        concluded: conductor.document(Volume::PrivateResults, job_path(&job, layout::CONCLUDED))?,
        case_outputs: conductor.document(Volume::PrivateResults, job_path(&job, layout::CASE_OUTPUTS))?,
        outputs: BTreeMap::new(),
        lacks,
        toolchain: toolchain.kind(),
        not_kept: Vec::new(),
    };
    if let Some(mut keeping) = keeping {
        conductor.keep(&mut keeping)?;
        run.not_kept = keeping.finish();
    }
    run.outputs = conductor.known.outputs;
    Ok(run)
}

/// What this machine can do; tried, not guessed.
///
/// # Errors
/// If it cannot isolate; the error says what mends it.
pub fn probe() -> Result<Capabilities, EngineError> {
    let toolchain = Toolchain::host(&[])?;
    let job = JobId::new("probe").map_err(|_| EngineError::Ended)?;
    let owners = Volume::ALL.map(|volume| (volume, 0)).into();
    let (session, lacks) = settle(&job, &toolchain, owners)?;
    drop(session);
    let kernel = rustix::system::uname().release().to_string_lossy().into_owned();
    Ok(Capabilities { kernel, users: users::choose().users(), lacks })
}

fn received_path(job: &Job<'_>) -> String {
    let folder = layout::snapshots_dir(&job.plan.assignment, &job.student);
    format!("{folder}/{}", layout::snapshot_receipt(&job.job))
}

fn page_path(job: &Job<'_>) -> String {
    format!("{}/{}", layout::student_job_dir(&job.plan.assignment, &job.job), layout::STUDENT_PAGE)
}

fn job_path(job: &Job<'_>, name: &str) -> String {
    format!("{}/{name}", layout::job_dir(&job.plan.assignment, &job.student, &job.job))
}

/// A session whose volumes are there and empty, and what this machine lacks.
fn settle(
    job: &JobId,
    toolchain: &Toolchain,
    owners: Vec<(Volume, u32)>,
) -> Result<(Session, Vec<String>), EngineError> {
    let mapping = users::choose();
    let workspace = order::workspace(toolchain, is_plain_folder)?.to_owned();
    let mut session = Session::open(job, &mapping)?;
    let info = rustix::system::sysinfo();
    let memory = info.totalram.saturating_mul(info.mem_unit.into());
    let prepare = Prepare {
        workspace,
        single_user: matches!(mapping, Mapping::Single { .. }),
        volume_bytes: MAX_VOLUME.min(memory / 4),
        owners,
    };
    let mut lacks: Vec<String> = mapping.lack().into_iter().collect();
    lacks.extend(session.prepare(prepare)?);
    lacks.push("memory and CPU of a stage as a whole: only those of each build and case are limited".into());
    Ok((session, lacks))
}

/// A folder and no link to one: the mount table names what a link leads to.
fn is_plain_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

/// Takes the stages through one after another.
struct Conductor<'a> {
    session: Session,
    known: Known,
    on_event: &'a mut dyn FnMut(Event),
}

impl Conductor<'_> {
    fn stage(
        &mut self,
        plan: &StagePlan,
        job: &Job<'_>,
        toolchain: &Toolchain,
    ) -> Result<StageRun, EngineError> {
        let stage = plan.stage;
        let run = match skipped(stage, &self.known) {
            Some(status) => StageRun { end: end(stage, status, None), wall: Duration::ZERO, cause: None },
            None => self.run_stage(plan, job, toolchain)?,
        };
        self.known.ends.push(run.end.clone());
        for output in facts::outputs(stage) {
            let value = self.output(*output)?;
            self.known.outputs.insert(*output, value);
        }
        (self.on_event)(Event::Ended(run.clone()));
        Ok(run)
    }

    fn run_stage(
        &mut self,
        plan: &StagePlan,
        job: &Job<'_>,
        toolchain: &Toolchain,
    ) -> Result<StageRun, EngineError> {
        let stage = plan.stage;
        let network = match stage {
            Stage::Verify => job.configuration.build.as_ref().map_or(Network::None, |build| build.network),
            Stage::Test => job.configuration.test.network,
            Stage::Setup | Stage::Results | Stage::Finalise => Network::None,
        };
        let order = Order {
            root: stage_root(plan, toolchain, network),
            arguments: self.known.arguments(stage),
            signing_key: stage.holds_key().then(|| job.signing_key.clone()),
        };
        self.session.send(&Request::Run(Box::new(order)), &[])?;
        let mut lines = Lines::default();
        loop {
            match self.session.answer()? {
                (Reply::Started, _) => (self.on_event)(Event::Started(stage)),
                (Reply::Output, bytes) => {
                    lines.take(&bytes, &mut |text| (self.on_event)(Event::Line { stage, text }));
                }
                (Reply::Ended(ended), _) => {
                    lines.end(&mut |text| (self.on_event)(Event::Line { stage, text }));
                    return Ok(self.ended(stage, ended));
                }
                _ => return Err(EngineError::Ended),
            }
        }
    }

    fn ended(&mut self, stage: Stage, ended: Ended) -> StageRun {
        let Ended { how, wall_ms, dropped_bytes } = ended;
        if dropped_bytes > 0 {
            let text = format!("{stage} wrote more than is passed on: {dropped_bytes} bytes were dropped");
            (self.on_event)(Event::Odd(text));
        }
        let (status, exit, cause) = match how {
            How::Exited(0) => (StageStatus::Succeeded, Some(0), None),
            How::Exited(code) => (StageStatus::Failed, Some(code), None),
            // As a container runtime counts.
            How::Signalled(signal) => {
                (StageStatus::Failed, Some(signal.saturating_add(128)), Some(Cause::Signal(signal)))
            }
            How::Deadline => (StageStatus::Failed, Some(128 + 9), Some(Cause::Deadline)),
            How::NotStarted(failure) => {
                let error = std::io::Error::from_raw_os_error(failure.errno);
                (StageStatus::Error, None, Some(Cause::NotStarted(format!("{}: {error}", failure.what))))
            }
        };
        StageRun { end: end(stage, status, exit), wall: Duration::from_millis(wall_ms), cause }
    }

    /// The value of an output, or `none`.
    fn output(&mut self, output: Output) -> Result<String, EngineError> {
        let path = output.path();
        let inside =
            path.strip_prefix(&format!("{}/", layout::VOLUMES_ROOT)).and_then(|path| path.split_once('/'));
        let Some((volume, path)) =
            inside.and_then(|(id, path)| Some((Volume::from_id(id)?, path.to_owned())))
        else {
            return Err(EngineError::Job("an output lies outside the volumes"));
        };
        let Some(bytes) = self.take(volume, path, MAX_OUTPUT)? else { return Ok(facts::NONE.into()) };
        let value = believed(output, &bytes);
        if value.is_none() {
            let text =
                format!("{} left `{}` with a value that it cannot have", output.stage(), output.name());
            (self.on_event)(Event::Odd(text));
        }
        Ok(value.unwrap_or_else(|| facts::NONE.into()))
    }

    fn document(&mut self, volume: Volume, path: String) -> Result<Option<Vec<u8>>, EngineError> {
        self.take(volume, path, MAX_DOCUMENT)
    }

    fn take(&mut self, volume: Volume, path: String, cap: u64) -> Result<Option<Vec<u8>>, EngineError> {
        let name = format!("{volume}/{path}");
        self.session.send(&Request::Take { volume, path, cap }, &[])?;
        match self.session.answer()? {
            (Reply::Taken, bytes) => Ok(Some(bytes)),
            (Reply::Absent, _) => Ok(None),
            (Reply::Refused { why }, _) => {
                (self.on_event)(Event::Odd(format!("{name} was not read: {why}")));
                Ok(None)
            }
            _ => Err(EngineError::Ended),
        }
    }

    fn keep(&mut self, keeping: &mut Keeping) -> Result<(), EngineError> {
        for volume in Volume::ALL {
            keeping.volume(volume)?;
            self.session.send(&Request::Walk { volume }, &[])?;
            loop {
                match self.session.answer()? {
                    (Reply::Folder { path }, _) => keeping.folder(volume, &path)?,
                    (Reply::File { path, executable }, bytes) => {
                        keeping.file(volume, &path, executable, &bytes)?
                    }
                    (Reply::LeftOut { path, why }, _) => keeping.leave_out(volume, &path, &why),
                    (Reply::Done { .. }, _) => break,
                    _ => return Err(EngineError::Ended),
                }
            }
        }
        Ok(())
    }
}

/// How a stage ended; here is no cluster that could tell more.
fn end(stage: Stage, status: StageStatus, exit: Option<u8>) -> StageEnd {
    StageEnd { stage, status, exit, cause: assay_contract::Cause::None }
}

/// Cuts a stage's output into lines that are safe to print.
#[derive(Default)]
struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    fn take(&mut self, bytes: &[u8], tell: &mut dyn FnMut(String)) {
        for byte in bytes {
            if *byte == b'\n' {
                tell(printable(&std::mem::take(&mut self.begun)));
            } else if self.begun.len() <= 4 * MAX_LINE {
                self.begun.push(*byte);
            }
        }
    }

    fn end(&mut self, tell: &mut dyn FnMut(String)) {
        if !self.begun.is_empty() {
            tell(printable(&std::mem::take(&mut self.begun)));
        }
    }
}

/// Text that a terminal shows and does not obey; cut with a mark where it is long.
fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut shown = String::new();
    for (index, c) in text.chars().enumerate() {
        if index == MAX_LINE {
            shown.push('…');
            break;
        }
        match c {
            '"' | '\'' | '\\' | '\t' => shown.push(c),
            c => shown.extend(c.escape_debug()),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(portions: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut told) = (Lines::default(), Vec::new());
        for portion in portions {
            lines.take(portion, &mut |line| told.push(line));
        }
        lines.end(&mut |line| told.push(line));
        told
    }

    #[test]
    fn lines_do_not_depend_on_how_output_arrives() {
        assert_eq!(lines(&[b"one\nt", b"wo\n", b"three"]), ["one", "two", "three"]);
        assert_eq!(lines(&[b"\n"]), [""]);
    }

    #[test]
    fn terminals_obey_nothing() {
        assert_eq!(lines(&[b"\x1b]52;c;x\x07 \xe2\x80\xae\r"]), ["\\u{1b}]52;c;x\\u{7} \\u{202e}\\r"]);
    }

    proptest! {
        #[test]
        fn no_line_holds_a_control_character(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
            for line in lines(&[&bytes]) {
                prop_assert!(!line.chars().any(|c| c.is_control() && c != '\t'));
            }
        }
    }
}
