//! The outputs of all cases, kept so that scoring again needs no new run: one gzipped tar, the same for the same outputs.
//! It goes to disk as it grows: all outputs together are more than this stage has memory.

use assay_contract::answers::AnswerCase;
use assay_contract::{Exit, layout};
use assay_score::{CaseEvidence, Found};
use assay_untrusted::Replacement;
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, Header};

use crate::documents::{Mounted, to_bytes};
use crate::error::StageError;

/// The most that is kept of all cases together, before compression.
const KEPT: u64 = 256 << 20;

/// The archive while it is made.
pub(super) struct Archive<'a> {
    private: &'a Mounted,
    path: String,
    tar: Builder<GzEncoder<Replacement>>,
    left: u64,
    failed: Option<StageError>,
}

impl<'a> Archive<'a> {
    /// An empty archive that will be kept in `job_dir`, which must be there.
    pub(super) fn new(private: &'a Mounted, job_dir: &str) -> Result<Archive<'a>, StageError> {
        let path = format!("{job_dir}/{}", layout::CASE_OUTPUTS);
        let file =
            private.root.replacement(&path, 0o644).map_err(|error| private.error(Exit::Io, &path, error))?;
        let tar = Builder::new(GzEncoder::new(file, Compression::fast()));
        Ok(Archive { private, path, tar, left: KEPT, failed: None })
    }

    /// Adds what a case left: its outcome, standard output and standard error. What would not fit is left out.
    pub(super) fn add(&mut self, case: &AnswerCase, evidence: &CaseEvidence) {
        let dir = layout::case_dir(&case.id);
        if let Found::Present(outcome) = &evidence.outcome
            && let Ok(bytes) = to_bytes(super::STAGE, outcome)
        {
            self.file(&format!("{dir}/{}", layout::OUTCOME), &bytes);
        }
        for (name, content) in [(layout::STDOUT, &evidence.stdout), (layout::STDERR, &evidence.stderr)] {
            if let Found::Present(bytes) = content {
                self.file(&format!("{dir}/{name}"), bytes);
            }
        }
    }

    fn file(&mut self, path: &str, bytes: &[u8]) {
        let size = bytes.len() as u64;
        let Some(left) = self.left.checked_sub(size) else { return };
        self.left = left;
        let mut header = Header::new_ustar();
        header.set_size(size);
        header.set_mode(0o644);
        if let Err(error) = self.tar.append_data(&mut header, path, bytes) {
            self.failed.get_or_insert_with(|| self.private.error(Exit::Io, path, error));
        }
    }

    /// Keeps the archive.
    pub(super) fn commit(self) -> Result<(), StageError> {
        let Archive { private, path, tar, left: _, failed } = self;
        if let Some(error) = failed {
            return Err(error);
        }
        let file = tar
            .into_inner()
            .and_then(GzEncoder::finish)
            .map_err(|error| private.error(Exit::Io, &path, error))?;
        file.commit().map_err(|error| private.error(Exit::Io, &path, error))
    }
}
