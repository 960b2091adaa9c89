//! The assignment that the tests of faults break jobs of, in its variants, and submissions for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use assay_tests_stand_in::{ORDERS, Orders};
use tempfile::TempDir;

use crate::Bed;

/// How the assignment differs from the one in its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variant {
    /// Not at all.
    Standard,
    /// In strict isolation.
    Strict,
    /// With an image that no registry has.
    NoImage,
    /// The same in strict isolation.
    StrictNoImage,
    /// Trusted stages give up soon.
    Hasty,
    /// In a course without a claim for submissions; trusted stages give up soon.
    NoCourse,
    /// In a course whose claim for submissions is small.
    SmallCourse,
}

/// Trusted stages that give up soon, in place of what the operator's file says.
const HASTY: (&str, &str) = ("deadline-seconds: 120", "deadline-seconds: 45");

impl Variant {
    /// Of that isolation, and otherwise the same.
    #[must_use]
    pub fn of(strict: bool) -> Self {
        if strict { Variant::Strict } else { Variant::Standard }
    }

    /// Its assignment's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Variant::Standard => "standard",
            Variant::Strict => "strict",
            Variant::NoImage => "no-image",
            Variant::StrictNoImage => "strict-no-image",
            Variant::Hasty => "hasty",
            Variant::NoCourse => "no-course",
            Variant::SmallCourse => "small-course",
        }
    }

    /// The course that it is in.
    #[must_use]
    pub const fn course(self) -> &'static str {
        match self {
            Variant::NoCourse => "half",
            Variant::SmallCourse => "small",
            _ => "faults",
        }
    }

    fn assignment(self, text: &str, bed: &Bed) -> String {
        let mut text = text.replace("id: faults/faults", &format!("id: {}/{}", self.course(), self.name()));
        if matches!(self, Variant::Strict | Variant::StrictNoImage) {
            text.push_str("\nisolation: strict\n");
        }
        if matches!(self, Variant::NoImage | Variant::StrictNoImage) {
            let missing = format!("{}/assay/missing@sha256:{}", bed.registry, "0".repeat(64));
            text = text.replace(&bed.toolchain, &missing);
        }
        // Templates never change, and another run may have other settings: a revision for each run.
        let run = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        text.replace("5f1d0c2a7b9e4836a1c4d7e09b3f6258", &format!("{run:032x}"))
    }

    fn settings(self, text: &str) -> String {
        if matches!(self, Variant::Hasty | Variant::NoCourse) {
            text.replace(HASTY.0, HASTY.1)
        } else {
            text.to_owned()
        }
    }

    fn claims(self, bed: &Bed) -> Result<(), String> {
        let (course, class) = (self.course(), &bed.courses);
        match self {
            Variant::NoCourse => {}
            Variant::SmallCourse => {
                let sized = bed.sized.as_deref().ok_or("no class whose claims can be full")?;
                bed.claim(&format!("{course}-raw-submissions"), sized, "1Mi")?;
            }
            // Made by `prepare.sh`.
            _ => return Ok(()),
        }
        bed.claim(&format!("{course}-assignment-configuration"), class, "64Mi")?;
        bed.claim(&format!("{course}-private-results"), class, "64Mi")
    }

    /// Its folder; published by whoever comes first.
    ///
    /// # Errors
    /// If it cannot be published.
    pub fn published(self, bed: &Bed) -> Result<PathBuf, String> {
        static PUBLISHED: Mutex<BTreeMap<Variant, (TempDir, PathBuf)>> = Mutex::new(BTreeMap::new());
        let mut published = PUBLISHED.lock().map_err(|error| error.to_string())?;
        if let Some((_, folder)) = published.get(&self) {
            return Ok(folder.clone());
        }
        let work = tempfile::tempdir().map_err(|error| error.to_string())?;
        self.claims(bed)?;
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("assignments/faults");
        let folder = bed.assignment(&from, work.path(), |text| self.assignment(&text, bed))?;
        let operator = work.path().join("operator.yaml");
        let said = std::fs::read_to_string(&bed.operator).map_err(|error| error.to_string())?;
        std::fs::write(&operator, self.settings(&said)).map_err(|error| error.to_string())?;
        let operator = operator.to_str().ok_or("a path that is no text")?;
        bed.in_cluster(&folder, &["publish", ".", "--yes", "--operator", operator])?.ok()?;
        published.insert(self, (work, folder.clone()));
        Ok(folder)
    }

    /// The name of its newest WorkflowTemplate.
    ///
    /// # Errors
    /// If there is none.
    pub fn template(self, bed: &Bed) -> Result<String, String> {
        bed.template(self.course(), self.name())
    }
}

/// A submission in a folder of its own.
#[derive(Debug)]
pub struct Submission {
    folder: TempDir,
}

impl Submission {
    /// One that passes, and is told `orders`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(orders: &Orders) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("assignments/faults/submission/main.sh");
        std::fs::copy(from, folder.path().join("main.sh")).map_err(|error| error.to_string())?;
        let submission = Self { folder };
        let text = serde_json::to_vec(orders).map_err(|error| error.to_string())?;
        submission.with(ORDERS, &text)
    }

    /// The same with a file more.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn with(self, name: &str, content: &[u8]) -> Result<Self, String> {
        std::fs::write(self.path().join(name), content).map_err(|error| error.to_string())?;
        Ok(self)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}
