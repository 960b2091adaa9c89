//! Hand-in: puts a zip into the outbox of the student whose claim is mounted.
//!
//! The claim is the student's: no link in it is followed, and what has the zip's name already is never overwritten.

use std::io::Read;

use assay_contract::duties::{Answer, HandIn, Left, ZIP_CAP};
use assay_contract::{Duty, Exit, layout};
use assay_untrusted::Published;

use super::receive;
use crate::documents::Mounted;
use crate::error::StageError;

pub(super) fn hand_in(
    request: &HandIn,
    input: &mut impl Read,
    student: &Mounted,
) -> Result<Answer, StageError> {
    let HandIn { api_version: _, digest, bytes } = request;
    if *bytes > ZIP_CAP {
        let message = format!("the zip has {bytes} bytes; no assignment takes more than {ZIP_CAP}");
        return Err(StageError::new(Exit::SubmissionRefused, Duty::HandIn, message));
    }
    let path = layout::outbox(digest);
    student.folders_of(&path)?;
    let zip = match receive(input, (digest, *bytes), student, &path, 0o600)? {
        Published::New => Left::New,
        Published::AlreadyThere => Left::Same,
    };
    Ok(Answer::HandedIn { zip })
}
