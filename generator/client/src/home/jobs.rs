//! `.assay/<course>/<name>/<job>`: tickets, and what jobs delivered.

use std::fs;
use std::path::{Path, PathBuf};

use assay_contract::gradebook::Status;
use assay_contract::receipts::{Statement, Ticket};
use assay_contract::result::StudentResult;
use assay_contract::{AssignmentId, JobId, layout};
use serde::de::DeserializeOwned;

use super::{Home, HomeError, read, write};

/// The most folders of one kind that are looked through.
const MOST: usize = 10_000;

/// A job that this home knows of: one that it has a ticket of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What its ticket says.
    pub ticket: Ticket,
    /// Where it is kept.
    pub place: Place,
}

/// The folder of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which assignment.
    pub assignment: AssignmentId,
    /// Which job.
    pub job: JobId,
    folder: PathBuf,
}

impl Home {
    /// Keeps a ticket, byte for byte, on the disk; gives the file.
    ///
    /// # Errors
    /// If the home cannot take it.
    pub fn keep_ticket(&self, ticket: &str, says: &Ticket) -> Result<PathBuf, HomeError> {
        let folder = self.folder(&layout::student_job_dir(&says.assignment, &says.job))?;
        write(&folder, layout::TICKET, ticket.as_bytes())?;
        Ok(folder.join(layout::TICKET))
    }

    /// All jobs that this home has tickets of, the newest first.
    #[must_use]
    pub fn tickets(&self) -> Vec<Kept> {
        let places = self.places(None);
        let mut kept: Vec<Kept> = places
            .into_iter()
            .filter_map(|place| {
                let bytes = place.document(layout::TICKET).ok().flatten()?;
                let statement = assay_receipt::read_unchecked(&bytes).ok()?;
                let Statement::Ticket(ticket) = statement else { return None };
                let is_its = ticket.job == place.job && ticket.assignment == place.assignment;
                is_its.then_some(Kept { ticket, place })
            })
            .collect();
        // RFC 3339 in UTC and to the second: as text in the order of time.
        kept.sort_by(|a, b| b.ticket.handed_in.cmp(&a.ticket.handed_in));
        kept
    }

    /// The folder of a job, of whatever assignment; `None` where this home has none.
    #[must_use]
    pub fn place(&self, job: &JobId) -> Option<Place> {
        self.places(Some(job)).into_iter().next()
    }

    fn places(&self, wanted: Option<&JobId>) -> Vec<Place> {
        let mut places = Vec::new();
        for course in folders(&self.path(layout::STUDENT_DIR)) {
            for name in folders(&self.path(layout::STUDENT_DIR).join(&course)) {
                let Ok(assignment) = AssignmentId::new(format!("{course}/{name}")) else { continue };
                let of_it = self.path(layout::STUDENT_DIR).join(assignment.as_str());
                let jobs = match wanted {
                    Some(job) => vec![job.as_str().to_owned()],
                    None => folders(&of_it),
                };
                for job in jobs {
                    let folder = of_it.join(&job);
                    if let (Ok(job), true) = (JobId::new(job), folder.is_dir()) {
                        places.push(Place { assignment: assignment.clone(), job, folder });
                    }
                }
            }
        }
        places
    }
}

impl Place {
    /// A file in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The result that was delivered; `None` where none was.
    ///
    /// # Errors
    /// If it cannot be read, or is of another job or not of the form.
    pub fn result(&self) -> Result<Option<StudentResult>, HomeError> {
        let result: Option<StudentResult> = self.parsed(layout::STUDENT_RESULT)?;
        match result {
            Some(result) if result.conclusion.job != self.job => Err(self.other(layout::STUDENT_RESULT)),
            result => Ok(result),
        }
    }

    /// What Setup said; `None` where it said nothing.
    ///
    /// # Errors
    /// If it cannot be read, or is of another job or not of the form.
    pub fn status(&self) -> Result<Option<Status>, HomeError> {
        let status: Option<Status> = self.parsed(layout::STATUS)?;
        match status {
            Some(status) if status.job != self.job => Err(self.other(layout::STATUS)),
            status => Ok(status),
        }
    }

    fn document(&self, name: &str) -> Result<Option<Vec<u8>>, HomeError> {
        read(&self.path(name))
    }

    fn parsed<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, HomeError> {
        let Some(bytes) = self.document(name)? else { return Ok(None) };
        let wrong = |error: serde_json::Error| HomeError::new("use", &self.path(name), error.into());
        serde_json::from_slice(&bytes).map(Some).map_err(wrong)
    }

    fn other(&self, name: &str) -> HomeError {
        HomeError::new("use", &self.path(name), std::io::Error::other("it is of another job"))
    }
}

/// The names of the folders in a folder; none where there is no such folder.
fn folders(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten().take(MOST);
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

#[cfg(test)]
mod tests {
    use assay_contract::{Digest, StudentId};
    use assay_receipt::SigningKey;

    use super::*;

    fn ticket(job: &str, handed_in: &str) -> (String, Ticket) {
        let ticket = Ticket {
            job: JobId::new(job).unwrap(),
            assignment: AssignmentId::new("c/a").unwrap(),
            student: StudentId::new("ada").unwrap(),
            digest: Digest::new("0".repeat(64)).unwrap(),
            handed_in: handed_in.into(),
        };
        let key = SigningKey::from_seed([7; 32]);
        (assay_receipt::sign(&Statement::Ticket(ticket.clone()), &key).unwrap(), ticket)
    }

    #[test]
    fn the_newest_ticket_comes_first_and_what_is_none_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        assert_eq!(home.tickets(), []);
        for (job, at) in [("q-1", "2026-03-16T12:00:00Z"), ("q-3", "2026-03-16T14:00:00Z"), ("q-2", "2026-03-16T13:00:00Z")] {
            let (text, says) = ticket(job, at);
            home.keep_ticket(&text, &says).unwrap();
        }
        // A ticket of another job, text that is none, a folder whose name is no job's.
        let jobs = home.path(".assay/c/a");
        for (job, text) in [("q-9", ticket("q-1", "2027-01-01T00:00:00Z").0), ("q-8", "{}".into()), ("Q 8", String::new())] {
            fs::create_dir(jobs.join(job)).unwrap();
            fs::write(jobs.join(job).join("ticket.json"), text).unwrap();
        }
        let known: Vec<_> = home.tickets().into_iter().map(|kept| kept.place.job.to_string()).collect();
        assert_eq!(known, ["q-3", "q-2", "q-1"]);
        let place = home.place(&JobId::new("q-2").unwrap()).unwrap();
        assert_eq!(place.assignment.as_str(), "c/a");
        assert!(place.result().unwrap().is_none());
        fs::write(place.path("result.json"), "{}").unwrap();
        assert!(place.result().unwrap_err().to_string().contains("result.json"));
        assert!(home.place(&JobId::new("q-7").unwrap()).is_none());
    }
}
