//! Read: gives what was concluded about a job. It writes nothing.

use assay_contract::duties::{Answer, Document, PART_CAP, Read};
use assay_contract::gradebook::GradebookEntry;
use assay_contract::{AssignmentId, Duty, Exit, JobId, layout};
use assay_untrusted::Error;

use super::Reply;
use crate::documents::{Mounted, digest};
use crate::error::StageError;

/// The largest entry of a gradebook, in bytes.
const ENTRY_CAP: u64 = 64 << 10;

pub(super) fn read(request: &Read, private: &Mounted) -> Result<Reply, StageError> {
    let Read { api_version: _, assignment, job } = request;
    let (documents, parts) = of_job(assignment, job, private)?
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
    let Some(entry) = entry(assignment, job, private)? else { return Ok(Vec::new()) };
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

fn entry(
    assignment: &AssignmentId,
    job: &JobId,
    private: &Mounted,
) -> Result<Option<GradebookEntry>, StageError> {
    let path = format!("{}/{}", layout::gradebook_dir(assignment), layout::gradebook_entry(job));
    let bytes = match private.root.read(&path, ENTRY_CAP) {
        Ok(bytes) => bytes,
        Err(Error::Missing { .. }) => return Ok(None),
        Err(error) => return Err(private.error(Exit::DocumentDamaged, &path, error)),
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| private.error(Exit::DocumentDamaged, &path, error))
}
