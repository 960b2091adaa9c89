//! What is laid into the volumes before the first stage, and where the job lives meanwhile.

use std::path::Path;

use assay_contract::duties::Place;
use assay_contract::{Digest, Stage, Volume, layout, table};
use assay_core::plan::Plan;

use crate::error::EngineError;
use crate::job::Job;
use crate::toolchain::{Offer, Toolchain};

/// A file to lay into a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Laid<'a> {
    pub(crate) volume: Volume,
    pub(crate) path: String,
    pub(crate) bytes: std::borrow::Cow<'a, [u8]>,
}

/// Everything that publishing and submitting would have laid there.
pub(crate) fn laid<'a>(job: &'a Job<'_>) -> Result<Vec<Laid<'a>>, EngineError> {
    let Plan { assignment, revision, .. } = &job.plan;
    let of_one_piece =
        [&job.configuration.assignment, &job.answers.assignment].iter().all(|id| *id == assignment)
            && [&job.configuration.revision, &job.answers.revision].iter().all(|id| *id == revision);
    if !of_one_piece {
        return Err(EngineError::Job(
            "plan, configuration and answers are of different assignments or revisions",
        ));
    }
    let laid_at = |place: Place, digest: &Digest, bytes| Laid {
        volume: place.volume(),
        path: place.path(assignment, revision, digest),
        bytes,
    };
    // Documents are not named by their contents, whatever digest is given.
    let document = |place, document: serde_json::Result<Vec<u8>>| {
        let bytes = document.map_err(|_| EngineError::Job("a document cannot be written as JSON"))?;
        Ok(laid_at(place, revision, bytes.into()))
    };
    let mut laid = vec![
        document(Place::Configuration, serde_json::to_vec_pretty(&job.configuration))?,
        document(Place::Schedule, serde_json::to_vec_pretty(&job.schedule))?,
        document(Place::Answers, serde_json::to_vec_pretty(&job.answers))?,
        Laid {
            volume: Volume::Student,
            path: layout::outbox(&job.digest),
            bytes: job.submission.as_slice().into(),
        },
    ];
    for (place, files) in
        [(Place::ConfigurationFile, &job.configuration_files), (Place::AnswerFile, &job.answer_files)]
    {
        laid.extend(files.iter().map(|(digest, bytes)| laid_at(place, digest, bytes.as_slice().into())));
    }
    Ok(laid)
}

/// The user that owns each volume's root: the last stage that writes it, so that its writers can.
pub(crate) fn owners(plan: &Plan) -> Vec<(Volume, u32)> {
    Volume::ALL
        .into_iter()
        .filter_map(|volume| {
            let writes = |stage| table::access(stage, volume).is_some_and(|access| !access.is_read_only());
            let published = plan.stages.iter().find(|stage| stage.stage == Stage::Setup);
            let writer = plan.stages.iter().rfind(|stage| writes(stage.stage)).or(published);
            writer.map(|stage| (volume, stage.uid))
        })
        .collect()
}

/// Folders over which the job's tmpfs may be mounted, in its own mount namespace: nobody else sees it there.
const WORKSPACES: [&str; 7] = ["/mnt", "/media", "/srv", "/tmp", "/run", "/home", "/var"];

/// A folder to mount the job's tmpfs over, which neither hides nor is seen through anything that stages are shown.
pub(crate) fn workspace(
    toolchain: &Toolchain,
    exists: impl Fn(&Path) -> bool,
) -> Result<&'static str, EngineError> {
    let sources: Vec<&Path> = toolchain
        .offers()
        .iter()
        .filter_map(|offer| match offer {
            Offer::Shown { from, .. } => Some(Path::new(from.as_str())),
            Offer::Link { .. } => None,
        })
        .collect();
    let free = |at: &&&str| {
        let at = Path::new(**at);
        exists(at) && !sources.iter().any(|source| source.starts_with(at) || at.starts_with(source))
    };
    WORKSPACES.iter().find(free).copied().ok_or(EngineError::Engine {
        what: "looking for a folder to mount the job's tmpfs over".into(),
        source: std::io::ErrorKind::NotFound.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(from: &str) -> Toolchain {
        Toolchain::of_this_machine_with(vec![Offer::Shown {
            from: from.into(),
            at: "/usr".into(),
            folder: true,
        }])
    }

    #[test]
    fn the_workspace_hides_nothing_that_stages_are_shown() {
        assert_eq!(workspace(&shown("/usr"), |_| true).unwrap(), "/mnt");
        assert_eq!(workspace(&shown("/mnt/image/usr"), |_| true).unwrap(), "/media");
        assert_eq!(workspace(&shown("/usr"), |path| path == Path::new("/tmp")).unwrap(), "/tmp");
        assert!(workspace(&shown("/tmp/image"), |path| path == Path::new("/tmp")).is_err());
    }
}
