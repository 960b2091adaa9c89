//! Publish: writes a revision, its answers first, then its configuration. The schedule, which holds for jobs of all
//! revisions, is replaced by a request of its own, after the revision's template.
//!
//! Each side grows in a directory without a name and takes its name in one step, when everything has arrived and fits
//! together; what has a name is never changed. A run that is killed leaves unfinished directories, which a later one
//! removes. The order matters: a configuration that is there has its answers.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use assay_contract::answers::Answers;
use assay_contract::configuration::{Configuration, Schedule};
use assay_contract::duties::{Answer, DEADLINE_SECONDS, Left, PART_CAP, Part, Place, Publish, Reschedule};
use assay_contract::{API_VERSION, AssignmentId, Digest, Duty, Exit, layout};
use assay_untrusted::{Error, remove_tree, rename_dir};
use serde::de::DeserializeOwned;

use super::receive;
use crate::documents::{DOCUMENT_CAP, Mounted, digest};
use crate::error::StageError;

const DUTY: Duty = Duty::Publish;

/// Nobody may change what is published, its owner included.
const FILE_MODE: u32 = 0o444;
const FOLDER_MODE: u32 = 0o555;

pub(super) fn publish(
    request: &Publish,
    input: &mut impl Read,
    private: &Mounted,
    configuration: &Mounted,
) -> Result<Answer, StageError> {
    check_parts(request)?;
    let mut answers = Side::begin(request, Place::Answers, private)?;
    let mut rules = Side::begin(request, Place::Configuration, configuration)?;
    let mut schedule = None;
    for part in &request.parts {
        match part.place {
            Place::Answers | Place::AnswerFile => answers.receive(part, input)?,
            Place::Configuration | Place::ConfigurationFile => rules.receive(part, input)?,
            Place::Schedule => schedule = Some(receive_schedule(&part.digest, part.bytes, input)?),
        }
    }
    let schedule = schedule.ok_or_else(|| wrong("a schedule is missing"))?;
    answers.check::<Answers>(request, |answers| {
        let named = answers.cases.iter().flat_map(|case| [&case.stdout, &case.stdin]);
        named.flatten().cloned().collect()
    })?;
    rules.check::<Configuration>(request, |configuration| {
        let inputs = configuration.test.cases.iter().filter_map(|case| case.stdin.as_ref());
        inputs.chain(configuration.overlay.iter().map(|file| &file.content)).cloned().collect()
    })?;
    let answers = answers.finish::<Answers>()?;
    let rules = rules.finish::<Configuration>()?;
    let schedule = lay_schedule(&request.assignment, &schedule, configuration)?;
    Ok(Answer::Published { answers, configuration: rules, schedule })
}

/// Replaces the schedule, from now on for all revisions.
pub(super) fn reschedule(
    request: &Reschedule,
    input: &mut impl Read,
    configuration: &Mounted,
) -> Result<Answer, StageError> {
    let Reschedule { api_version: _, assignment, digest, bytes } = request;
    let schedule = receive_schedule(digest, *bytes, input)?;
    let left = match lay_schedule(assignment, &schedule, configuration)? {
        Left::Kept => {
            configuration.replace(&schedule_of(assignment), &schedule)?;
            Left::Replaced
        }
        left => left,
    };
    Ok(Answer::Rescheduled { schedule: left })
}

fn wrong(why: impl Into<String>) -> StageError {
    StageError::new(Exit::DocumentDamaged, DUTY, why)
}

/// Each document once, each content once, nothing too large; before a byte of them is read.
fn check_parts(request: &Publish) -> Result<(), StageError> {
    let mut seen = BTreeSet::new();
    for Part { place, digest, bytes } in &request.parts {
        let cap = match place {
            Place::Answers | Place::Configuration | Place::Schedule => DOCUMENT_CAP,
            Place::AnswerFile | Place::ConfigurationFile => PART_CAP,
        };
        if *bytes > cap {
            let name = place.name(digest);
            return Err(wrong(format!("{name} has {bytes} bytes; at most {cap} can be published")));
        }
        if !seen.insert((*place, place.name(digest))) {
            return Err(wrong(format!("{} is announced twice", place.name(digest))));
        }
    }
    Ok(())
}

/// A document with the id of what it belongs to, and a title that is no part of a revision.
trait OfRevision: DeserializeOwned + PartialEq {
    fn is_of(&self, request: &Publish) -> bool;
    fn without_title(self) -> Self;
}

impl OfRevision for Configuration {
    fn is_of(&self, request: &Publish) -> bool {
        (&self.assignment, &self.revision) == (&request.assignment, &request.revision)
            && self.api_version == API_VERSION
    }
    fn without_title(self) -> Self {
        Configuration { title: String::new(), ..self }
    }
}

impl OfRevision for Answers {
    fn is_of(&self, request: &Publish) -> bool {
        (&self.assignment, &self.revision) == (&request.assignment, &request.revision)
            && self.api_version == API_VERSION
    }
    fn without_title(self) -> Self {
        Answers { title: String::new(), ..self }
    }
}

/// One side of a revision, unfinished; dropping it removes it.
struct Side<'a> {
    volume: &'a Mounted,
    /// Where it is until it is finished.
    unfinished: PathBuf,
    /// Where it belongs.
    target: String,
    parts: Vec<&'a Part>,
}

impl<'a> Side<'a> {
    fn begin(request: &'a Publish, document: Place, volume: &'a Mounted) -> Result<Side<'a>, StageError> {
        let target = document.folder(&request.assignment, &request.revision);
        let parent = target.rsplit_once('/').map_or("", |(parent, _)| parent);
        volume.folders(parent)?;
        let failed = |error: Error| volume.error(Exit::Io, parent, error);
        // Nobody who began earlier than that is alive.
        volume.root.sweep_unfinished(parent, Duration::from_secs(DEADLINE_SECONDS)).map_err(failed)?;
        let unfinished = volume.root.unfinished_dir(parent).map_err(failed)?;
        let side = Side { volume, unfinished, target, parts: Vec::new() };
        volume.folders(&side.path(layout::FILES))?;
        Ok(side)
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.unfinished.display())
    }

    fn receive(&mut self, part: &'a Part, input: &mut impl Read) -> Result<(), StageError> {
        let path = self.path(&part.place.name(&part.digest));
        receive(input, (&part.digest, part.bytes), self.volume, &path, FILE_MODE)?;
        self.parts.push(part);
        Ok(())
    }

    /// The document's part: the one that is not named by its content.
    fn document(&self) -> Result<&'a Part, StageError> {
        let is_document = |part: &&&Part| matches!(part.place, Place::Answers | Place::Configuration);
        let found = self.parts.iter().find(is_document);
        found.copied().ok_or_else(|| wrong(format!("the document of {} is missing", self.target)))
    }

    /// Holds the document against the request, and the contents that it names against those that came.
    fn check<T: OfRevision>(
        &self,
        request: &Publish,
        named: impl Fn(&T) -> BTreeSet<Digest>,
    ) -> Result<(), StageError> {
        let part = self.document()?;
        let name = part.place.name(&part.digest);
        let document: T = self.volume.read(&self.path(&name))?;
        if !document.is_of(request) {
            return Err(wrong(format!("{name} is of another assignment or revision")));
        }
        let files = self.parts.iter().filter(|other| other.place != part.place);
        let came: BTreeSet<Digest> = files.map(|part| part.digest.clone()).collect();
        let named = named(&document);
        match named.symmetric_difference(&came).next() {
            None => Ok(()),
            Some(digest) if came.contains(digest) => {
                Err(wrong(format!("{name} does not name the content {digest}")))
            }
            Some(digest) => Err(wrong(format!("{name} names the content {digest}, which did not come"))),
        }
    }

    /// Gives it its name, or finds the same there.
    fn finish<T: OfRevision>(self) -> Result<Left, StageError> {
        let failed = |error: Error| self.volume.error(Exit::Io, &self.target, error);
        let root = &self.volume.root;
        if root.kind(&self.target).map_err(failed)?.is_none() {
            // From inside to outside: who cannot write a directory cannot add to it either.
            for folder in [self.path(layout::FILES), self.unfinished.display().to_string()] {
                root.dir(&folder).and_then(|dir| dir.set_mode(FOLDER_MODE)).map_err(failed)?;
            }
            match rename_dir(root, &self.unfinished, &self.target) {
                Ok(()) => {
                    let parent = self.unfinished.parent().unwrap_or(&self.unfinished);
                    root.dir(parent).and_then(|parent| parent.sync()).map_err(failed)?;
                    return Ok(Left::New);
                }
                // Somebody was first.
                Err(Error::Conflict { .. }) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        self.compare::<T>().map(|()| Left::Same)
    }

    /// What is published must be what came; the title alone may differ, which is no part of a revision.
    fn compare<T: OfRevision>(&self) -> Result<(), StageError> {
        for part in &self.parts {
            let name = part.place.name(&part.digest);
            let path = format!("{}/{name}", self.target);
            let there = self.volume.read_bytes(&path, PART_CAP)?;
            if digest(DUTY, &there)? == part.digest {
                continue;
            }
            let is_document = matches!(part.place, Place::Answers | Place::Configuration);
            let same = is_document && {
                let came: T = self.volume.read(&self.path(&name))?;
                serde_json::from_slice::<T>(&there)
                    .is_ok_and(|there| there.without_title() == came.without_title())
            };
            if !same {
                let why = "this revision is published with another content; it is not overwritten";
                return Err(self.volume.error(Exit::DocumentDamaged, &path, why).hint(
                    "publish with the version of Assay that published it, or change the assignment's `salt`",
                ));
            }
        }
        Ok(())
    }
}

impl Drop for Side<'_> {
    fn drop(&mut self) {
        // Gone already if it was finished; otherwise a later run removes what this one cannot.
        let _ = remove_tree(&self.volume.root, &self.unfinished);
    }
}

fn receive_schedule(announced: &Digest, size: u64, input: &mut impl Read) -> Result<Vec<u8>, StageError> {
    if size > DOCUMENT_CAP {
        return Err(wrong(format!("the schedule has {size} bytes; at most {DOCUMENT_CAP} can be published")));
    }
    let mut bytes = Vec::new();
    input
        .by_ref()
        .take(size)
        .read_to_end(&mut bytes)
        .map_err(|error| wrong(format!("the schedule cannot be read: {error}")))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length < size) {
        return Err(StageError::new(Exit::Interrupted, DUTY, super::message::ENDED_EARLY));
    }
    if digest(DUTY, &bytes)? != *announced {
        return Err(wrong(super::message::DAMAGED));
    }
    let schedule: Schedule =
        serde_json::from_slice(&bytes).map_err(|error| wrong(format!("the schedule is none: {error}")))?;
    if schedule.api_version == API_VERSION {
        Ok(bytes)
    } else {
        Err(wrong("the schedule is of another version"))
    }
}

/// The schedule stands beside the revisions, and holds for all of them.
fn schedule_of(assignment: &AssignmentId) -> String {
    format!("{}/{}", layout::assignment_dir(assignment), layout::SCHEDULE)
}

/// Writes the schedule where there is none yet.
fn lay_schedule(assignment: &AssignmentId, bytes: &[u8], volume: &Mounted) -> Result<Left, StageError> {
    let path = schedule_of(assignment);
    match volume.root.read(&path, DOCUMENT_CAP) {
        Ok(there) if there == bytes => Ok(Left::Same),
        Ok(_) => Ok(Left::Kept),
        Err(Error::Missing { .. }) => volume.replace(&path, bytes).map(|()| Left::New),
        Err(error) => Err(volume.error(Exit::Io, &path, error)),
    }
}
