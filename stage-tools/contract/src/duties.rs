//! What administrative pods are asked and what they answer, on their standard streams.
//!
//! A message is one line of JSON and then the bytes of its parts in the order in which the line names them, with nothing
//! in between or behind. The line gives each part's size and SHA-256: whoever reads holds the bytes against them and
//! believes nothing of a message that ends early. The pod stays until its input ends, so that an answer cannot be lost.

use serde::{Deserialize, Serialize};

use crate::receipts::Received;
use crate::{AssignmentId, Digest, Duty, JobId, StudentId, Volume, layout};

/// The longest line of JSON, in bytes: as long as the largest document.
pub const LINE_CAP: u64 = 16 << 20;
/// The largest part that belongs to an assignment, in bytes.
pub const PART_CAP: u64 = 64 << 20;
/// The largest zip that is handed in, in bytes: what an assignment can allow.
pub const ZIP_CAP: u64 = 1 << 30;
/// The most documents of one answer.
pub const DOCUMENTS_CAP: u64 = 10_000;
/// How long an administrative pod may live, in seconds; nothing of one that is older is at work.
pub const DEADLINE_SECONDS: u64 = 900;

/// What a pod is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "duty", rename_all = "kebab-case")]
pub enum Request {
    /// Of [`Duty::Publish`].
    Publish(Publish),
    /// Of [`Duty::Publish`], once the revision's template is there.
    Reschedule(Reschedule),
    /// Of [`Duty::HandIn`].
    HandIn(HandIn),
    /// Of [`Duty::Read`].
    Read(Read),
    /// Of [`Duty::Sweep`].
    Sweep(Sweep),
}

impl Request {
    /// Whose request it is.
    #[must_use]
    pub const fn duty(&self) -> Duty {
        match self {
            Request::Publish(_) | Request::Reschedule(_) => Duty::Publish,
            Request::HandIn(_) => Duty::HandIn,
            Request::Read(_) => Duty::Read,
            Request::Sweep(_) => Duty::Sweep,
        }
    }
}

/// Write a revision; its parts follow. A schedule that is there stays: it holds for jobs of other revisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Publish {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// Which assignment.
    pub assignment: AssignmentId,
    /// Which revision of it.
    pub revision: Digest,
    /// What follows; each document once, each content once on its side.
    pub parts: Vec<Part>,
}

/// Replace an assignment's schedule, for all its revisions; it follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reschedule {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// Which assignment.
    pub assignment: AssignmentId,
    /// The schedule's SHA-256.
    pub digest: Digest,
    /// Its size.
    pub bytes: u64,
}

/// A part of a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Part {
    /// What it is; where it goes follows from that.
    pub place: Place,
    /// Its SHA-256.
    pub digest: Digest,
    /// Its size.
    pub bytes: u64,
}

/// What a part of a revision is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// `answers.json`.
    Answers,
    /// A content that the answers name.
    AnswerFile,
    /// `configuration.json`.
    Configuration,
    /// A content that the configuration names.
    ConfigurationFile,
    /// `schedule.json`, beside the revisions: it can change without a new one.
    Schedule,
}

impl Place {
    /// The volume that it goes to.
    #[must_use]
    pub const fn volume(self) -> Volume {
        match self {
            Place::Answers | Place::AnswerFile => Volume::PrivateResults,
            Place::Configuration | Place::ConfigurationFile | Place::Schedule => {
                Volume::AssignmentConfiguration
            }
        }
    }

    /// The folder that it goes to, in its volume.
    #[must_use]
    pub fn folder(self, assignment: &AssignmentId, revision: &Digest) -> String {
        match self {
            Place::Answers | Place::AnswerFile => layout::answers_dir(assignment, revision),
            Place::Configuration | Place::ConfigurationFile => layout::revision_dir(assignment, revision),
            Place::Schedule => layout::assignment_dir(assignment),
        }
    }

    /// Its path in that folder; contents are named by their digest.
    #[must_use]
    pub fn name(self, digest: &Digest) -> String {
        match self {
            Place::Answers => layout::ANSWERS.into(),
            Place::Configuration => layout::CONFIGURATION.into(),
            Place::Schedule => layout::SCHEDULE.into(),
            Place::AnswerFile | Place::ConfigurationFile => format!("{}/{digest}", layout::FILES),
        }
    }

    /// Its path in its volume.
    #[must_use]
    pub fn path(self, assignment: &AssignmentId, revision: &Digest, digest: &Digest) -> String {
        format!("{}/{}", self.folder(assignment, revision), self.name(digest))
    }
}

/// Put a zip into the outbox of the student whose claim is mounted; the zip follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HandIn {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// The zip's SHA-256.
    pub digest: Digest,
    /// Its size.
    pub bytes: u64,
}

/// Give the documents of a job that there are: [`layout::PRIVATE_RESULT`], [`layout::STUDENT_RESULT`],
/// [`layout::CONCLUDED`]; nothing follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Read {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// Which assignment.
    pub assignment: AssignmentId,
    /// Which job.
    pub job: JobId,
}

/// List what was received and never concluded, of all assignments on the volumes; nothing follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sweep {
    /// [`crate::API_VERSION`].
    pub api_version: String,
}

/// What was received and never concluded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Swept {
    /// The statements of jobs that were received, at most [`DOCUMENTS_CAP`]. Nobody here has a key to check them by;
    /// Setup checks its own when it runs again.
    pub received: Vec<Received>,
    /// Snapshots that have no receipt, at most [`DOCUMENTS_CAP`]: Setup was stopped between the two. Those of which another
    /// job of the student has a receipt are left out.
    pub unsigned: Vec<Unsigned>,
    /// What could not be read, and why, at most [`DOCUMENTS_CAP`].
    pub unreadable: Vec<String>,
    /// How many of all three were left out beyond the caps.
    pub left_out: u64,
}

/// A snapshot that has no receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Unsigned {
    /// Of which assignment.
    pub assignment: AssignmentId,
    /// Whose.
    pub student: StudentId,
    /// Of which job.
    pub job: JobId,
    /// Its SHA-256.
    pub digest: Digest,
}

/// What a pod answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Answer {
    /// The revision is whole and in its place.
    Published {
        /// The answers.
        answers: Left,
        /// The configuration.
        configuration: Left,
        /// The schedule.
        schedule: Left,
    },
    /// The schedule is in its place.
    Rescheduled {
        /// The schedule.
        schedule: Left,
    },
    /// The zip is in the outbox.
    HandedIn {
        /// The zip.
        zip: Left,
    },
    /// Documents, which follow.
    Documents {
        /// What follows.
        documents: Vec<Document>,
    },
    /// What a sweep found.
    Swept(Swept),
    /// It could not be done, and nothing was half done.
    Failed {
        /// The exit code, one of [`crate::Exit`].
        exit: u8,
        /// Why, and what to do.
        message: String,
    },
}

/// What became of something that was to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Left {
    /// It is there now.
    New,
    /// It was there before, the same.
    Same,
    /// Something else was there before.
    Replaced,
    /// Something else was there before, and stays.
    Kept,
}

/// A document of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Document {
    /// Its file's name.
    pub name: String,
    /// Its SHA-256.
    pub digest: Digest,
    /// Its size.
    pub bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_goes_where_its_duty_may_write() {
        let places = [
            Place::Answers,
            Place::AnswerFile,
            Place::Configuration,
            Place::ConfigurationFile,
            Place::Schedule,
        ];
        for place in places {
            let access = Duty::Publish.access(place.volume());
            assert!(access.is_some_and(|access| !access.is_read_only()), "{place:?}");
        }
    }

    #[test]
    fn no_part_can_name_a_path_of_its_own() {
        let text = r#"{"place":"answers","digest":"../../x","bytes":1}"#;
        assert!(serde_json::from_str::<Part>(text).is_err());
        let text = r#"{"duty":"publish","api-version":"assay.dev/v1","assignment":"a/../b","revision":"","parts":[]}"#;
        assert!(serde_json::from_str::<Request>(text).is_err());
    }
}
