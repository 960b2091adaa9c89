//! Read: gives what was concluded about a job, or the gradebook's entries. It writes nothing.

use assay_contract::duties::{Answer, DOCUMENTS_CAP, Document, PART_CAP, Read, Wanted};
use assay_contract::gradebook::GradebookEntry;
use assay_contract::{AssignmentId, Duty, Exit, JobId, StudentId, layout};
use assay_untrusted::{Error, Kind};

use super::Reply;
use crate::documents::{Mounted, digest};
use crate::error::StageError;

/// The largest entry of a gradebook, in bytes.
const ENTRY_CAP: u64 = 64 << 10;

pub(super) fn read(request: &Read, private: &Mounted) -> Result<Reply, StageError> {
    let Read { api_version: _, assignment, wanted } = request;
    let found = match wanted {
        Wanted::Job(job) => of_job(assignment, job, private)?,
        Wanted::Jobs(student) => entries(assignment, student.as_ref(), private)?,
    };
    let (documents, parts) = found
        .into_iter()
        .map(|(name, bytes)| {
            let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            Ok((Document { name, digest: digest(Duty::Read, &bytes)?, bytes: size }, bytes))
        })
        .collect::<Result<Vec<_>, StageError>>()?
        .into_iter()
        .unzip();
    Ok(Reply { answer: Answer::Documents { documents }, parts })
}

type Found = Vec<(String, Vec<u8>)>;

/// The documents of a job; none before it is concluded. Whose it is, the gradebook knows.
fn of_job(assignment: &AssignmentId, job: &JobId, private: &Mounted) -> Result<Found, StageError> {
    let name = layout::gradebook_entry(job);
    let Some((entry, _)) = entry(assignment, &name, private)? else { return Ok(Vec::new()) };
    let dir = layout::job_dir(assignment, &entry.student, job);
    let mut found = Found::new();
    for name in [layout::PRIVATE_RESULT, layout::STUDENT_RESULT, layout::CONCLUDED] {
        let path = format!("{dir}/{name}");
        match private.root.read(&path, PART_CAP) {
            Ok(bytes) => found.push((name.into(), bytes)),
            // Where Results failed there is only the receipt.
            Err(Error::Missing { .. }) => {}
            Err(error) => return Err(private.error(Exit::DocumentDamaged, &path, error)),
        }
    }
    Ok(found)
}

fn entries(
    assignment: &AssignmentId,
    student: Option<&StudentId>,
    private: &Mounted,
) -> Result<Found, StageError> {
    let gradebook = layout::gradebook_dir(assignment);
    let names = match private.root.list(&gradebook, DOCUMENTS_CAP) {
        Ok(names) => names,
        // Nothing was concluded yet.
        Err(Error::Missing { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(private.error(Exit::Io, &gradebook, error)),
    };
    let mut found = Found::new();
    for (name, kind) in names {
        // Unfinished entries of a job that runs have names of their own.
        let Some(name) = name.to_str().filter(|name| kind == Kind::Regular && name.ends_with(".json")) else {
            continue;
        };
        if let Some((entry, bytes)) = entry(assignment, name, private)?
            && student.is_none_or(|student| *student == entry.student)
        {
            found.push((name.to_owned(), bytes));
        }
    }
    Ok(found)
}

fn entry(
    assignment: &AssignmentId,
    name: &str,
    private: &Mounted,
) -> Result<Option<(GradebookEntry, Vec<u8>)>, StageError> {
    let path = format!("{}/{name}", layout::gradebook_dir(assignment));
    let bytes = match private.root.read(&path, ENTRY_CAP) {
        Ok(bytes) => bytes,
        Err(Error::Missing { .. }) => return Ok(None),
        Err(error) => return Err(private.error(Exit::DocumentDamaged, &path, error)),
    };
    let entry =
        serde_json::from_slice(&bytes).map_err(|error| private.error(Exit::DocumentDamaged, &path, error))?;
    Ok(Some((entry, bytes)))
}
