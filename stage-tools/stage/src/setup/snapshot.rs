//! The snapshot: what was handed in, copied out of the student's reach.

use assay_contract::configuration::SubmissionRules;
use assay_contract::result::Refusal;
use assay_contract::{Exit, layout};
use assay_untrusted::Error;

use assay_rules::refusal;
use crate::args::JobFacts;
use crate::documents::Mounted;
use crate::error::StageError;

/// A snapshot that exists and has the right checksum.
pub(super) struct Snapshot {
    pub(super) size: u64,
}

/// Takes the snapshot, or finds the one that an earlier run of this job took.
///
/// The zip is opened once, hashed and copied in one pass; what is kept is what was hashed, whatever happens to the
/// student's file meanwhile.
pub(super) fn take(
    facts: &JobFacts,
    student: &Mounted,
    raw: &Mounted,
    rules: &SubmissionRules,
) -> Result<Result<Snapshot, Refusal>, StageError> {
    let dir = layout::snapshots_dir(&facts.assignment, &facts.student);
    let path = format!("{dir}/{}", layout::snapshot(&facts.job));
    if raw.holds(&path)? {
        let opened = raw.root.open_file(&path).map_err(|error| raw.error(Exit::Io, &path, error))?;
        return Ok(Ok(Snapshot { size: opened.size }));
    }
    let outbox = layout::outbox(&facts.digest);
    let opened = match student.root.open_file(&outbox) {
        Ok(opened) => opened,
        // The claim's storage, not the student.
        Err(error @ Error::Io { .. }) => return Err(student.error(Exit::Io, &outbox, error)),
        Err(error) => {
            return Ok(Err(refusal(
                "submission-missing",
                format!(
                    "there is no submission {} in your outbox: {error}; hand in again",
                    facts.digest.short()
                ),
            )));
        }
    };
    let copied = match assay_untrusted::copy_hashed(opened.file, &raw.root, &path, rules.size_bytes) {
        Ok(copied) => copied,
        Err(Error::TooLarge { .. }) => {
            return Ok(Err(refusal(
                "too-large",
                format!("the zip is larger than the {} bytes that may be handed in", rules.size_bytes),
            )));
        }
        Err(error) => return Err(raw.error(Exit::Io, &path, error)),
    };
    if copied.sha256() != facts.digest.as_str() {
        return Ok(Err(refusal(
            "wrong-checksum",
            "the zip in your outbox is not the one that was announced: its SHA-256 differs; hand in again"
                .to_owned(),
        )));
    }
    let size = copied.size();
    copied.commit().map_err(|error| raw.error(Exit::Io, &path, error))?;
    Ok(Ok(Snapshot { size }))
}

/// Takes one of the student's attempts for this job, or finds the one that it already has.
///
/// Attempts are files that are created exclusively, so that two jobs at once cannot take the same one.
pub(super) fn claim_attempt(
    facts: &JobFacts,
    raw: &Mounted,
    attempts: Option<u32>,
) -> Result<Result<(), Refusal>, StageError> {
    let Some(attempts) = attempts else { return Ok(Ok(())) };
    let dir = layout::snapshots_dir(&facts.assignment, &facts.student);
    for n in 1..=attempts {
        let path = format!("{dir}/{}", layout::attempt(n));
        match raw.root.write_new(&path, facts.job.as_str().as_bytes(), 0o644) {
            Ok(_) => return Ok(Ok(())),
            Err(Error::Conflict { .. }) => {}
            Err(error) => return Err(raw.error(Exit::Io, &path, error)),
        }
    }
    Ok(Err(refusal("no-attempts-left", format!("all {attempts} attempts are used"))))
}
