//! The installation that tests use, as `prepare.sh` left it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::program::outcome;
use crate::{Kubectl, Outcome};

/// Which variable names the file in which `prepare.sh` says what it installed.
const BED: &str = "ASSAY_TEST_BED";

/// An installation of Assay in a cluster, for tests.
#[derive(Debug, Clone)]
pub struct Bed {
    /// The `assay` that installed it.
    assay: PathBuf,
    /// The jobs' namespace.
    pub namespace: String,
    /// The image in which the examples' builds and cases run.
    pub toolchain: String,
    /// Where images can be pushed to.
    pub registry: String,
    /// The storage class of people's homes.
    pub homes: String,
    /// The storage class whose claims hold no more than they asked for; `None` where the cluster has none.
    pub sized: Option<String>,
}

impl Bed {
    /// The installation.
    ///
    /// # Errors
    /// If `prepare.sh` did not run.
    pub fn open() -> Result<Self, String> {
        let path = std::env::var(BED).map_err(|_| format!("{BED} is not set; run `just test-cluster`"))?;
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let written: Value = serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))?;
        let field = |name: &str| {
            written[name].as_str().map(str::to_owned).ok_or_else(|| format!("{path} has no `{name}`"))
        };
        Ok(Self {
            assay: PathBuf::from(field("assay")?),
            namespace: field("namespace")?,
            toolchain: field("toolchain")?,
            registry: field("registry")?,
            homes: field("homes")?,
            sized: written["sized"].as_str().map(str::to_owned),
        })
    }

    /// Runs `assay` in `folder` against the cluster.
    ///
    /// # Errors
    /// If it cannot be started; how it ended is in the outcome.
    pub fn assay<I: AsRef<OsStr>>(
        &self,
        folder: &Path,
        args: impl IntoIterator<Item = I>,
    ) -> Result<Outcome, String> {
        let mut command = Command::new(&self.assay);
        command.args(args).current_dir(folder).env("NO_COLOR", "1");
        if let Some(kubeconfig) = std::env::var_os(crate::KUBECONFIG) {
            command.env("KUBECONFIG", kubeconfig);
        }
        outcome(command, b"")
    }

    /// `kubectl` in the jobs' namespace.
    #[must_use]
    pub fn kubectl(&self) -> Kubectl {
        Kubectl::new(&self.namespace)
    }

    /// A copy of an example beneath `folder` that names this cluster's image, and whatever else `change` does to its
    /// assignment.yaml.
    ///
    /// # Errors
    /// If it cannot be copied.
    pub fn example(
        &self,
        name: &str,
        folder: &Path,
        change: impl FnOnce(String) -> String,
    ) -> Result<PathBuf, String> {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
        let to = folder.join(name);
        copy(&from, &to).map_err(|error| format!("{}: {error}", from.display()))?;
        let file = to.join("assignment.yaml");
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let text = change(text.replace("registry.example.edu/hub/singleuser:2026.1", &self.toolchain));
        std::fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(to)
    }

    /// Makes sure that a student has a home.
    ///
    /// # Errors
    /// If the API server refuses it.
    pub fn student(&self, name: &str) -> Result<(), String> {
        let class = &self.homes;
        self.kubectl().apply(&format!(
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: claim-{name}}}\nspec: {{storageClassName: {class}, \
             accessModes: [ReadWriteMany], resources: {{requests: {{storage: 64Mi}}}}}}"
        ))
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()))?;
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
