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
    /// Of whoever runs it: the cluster's administrator, unless [`Bed::with`] said otherwise.
    kubeconfig: Option<PathBuf>,
    /// The jobs' namespace.
    pub namespace: String,
    /// The image of trusted stages.
    pub stage_image: String,
    /// The image with `assay` itself.
    pub assay_image: String,
    /// The image of the queue server.
    pub queue_image: String,
    /// The operator's file.
    pub operator: PathBuf,
    /// The image in which the examples' builds and cases run.
    pub toolchain: String,
    /// Where images can be pushed to.
    pub registry: String,
    /// The storage class of people's homes.
    pub homes: String,
    /// The storage class of courses.
    pub courses: String,
    /// The storage class whose claims hold no more than they asked for; `None` where the cluster has none.
    pub sized: Option<String>,
}

impl Bed {
    /// The installation as it is shipped.
    ///
    /// # Errors
    /// If `prepare.sh` did not run.
    pub fn open() -> Result<Self, String> {
        Self::read(&Self::file()?)
    }

    /// The installation whose trusted stages run a stand-in for the stage tool, in a namespace of its own.
    ///
    /// # Errors
    /// If `prepare.sh` did not run.
    pub fn faults() -> Result<Self, String> {
        Self::read(&Self::file()?.with_file_name("faults.json"))
    }

    fn file() -> Result<PathBuf, String> {
        let path =
            std::env::var_os(BED).ok_or_else(|| format!("{BED} is not set; run `just test-cluster`"))?;
        Ok(PathBuf::from(path))
    }

    fn read(file: &Path) -> Result<Self, String> {
        let path = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| format!("{path}: {error}"))?;
        let written: Value = serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))?;
        let field = |name: &str| {
            written[name].as_str().map(str::to_owned).ok_or_else(|| format!("{path} has no `{name}`"))
        };
        Ok(Self {
            assay: PathBuf::from(field("assay")?),
            kubeconfig: std::env::var_os(crate::KUBECONFIG).map(PathBuf::from),
            namespace: field("namespace")?,
            stage_image: field("stage-image")?,
            assay_image: field("assay-image")?,
            queue_image: field("queue-image")?,
            operator: PathBuf::from(field("operator")?),
            toolchain: field("toolchain")?,
            registry: field("registry")?,
            homes: field("homes")?,
            courses: field("courses")?,
            sized: written["sized"].as_str().map(str::to_owned),
        })
    }

    /// The same, used by whoever a kubeconfig is of.
    #[must_use]
    pub fn with(self, kubeconfig: &Path) -> Self {
        Self { kubeconfig: Some(kubeconfig.into()), ..self }
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
        let mut command = self.program(&self.assay);
        command.args(args).current_dir(folder);
        outcome(command, b"")
    }

    /// Runs `assay` in `folder` with a command that knows clusters.
    ///
    /// # Errors
    /// If it cannot be started; how it ended is in the outcome.
    pub fn in_cluster(&self, folder: &Path, args: &[&str]) -> Result<Outcome, String> {
        self.assay(folder, [args, &["--namespace", &self.namespace]].concat())
    }

    /// `kubectl` in the jobs' namespace.
    #[must_use]
    pub fn kubectl(&self) -> Kubectl {
        let kubectl = Kubectl::new(&self.namespace);
        match &self.kubeconfig {
            Some(kubeconfig) => kubectl.with(kubeconfig),
            None => kubectl,
        }
    }

    /// Runs Argo's own command line in the jobs' namespace.
    ///
    /// # Errors
    /// If it cannot be started; how it ended is in the outcome.
    pub fn argo(&self, args: &[&str]) -> Result<Outcome, String> {
        let mut command = self.program("argo");
        command.args(["--namespace", &self.namespace]).args(args);
        outcome(command, b"")
    }

    /// A program that reaches the cluster as whoever this is of.
    fn program(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("NO_COLOR", "1");
        if let Some(kubeconfig) = &self.kubeconfig {
            command.env("KUBECONFIG", kubeconfig);
        }
        command
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
        self.assignment(&from, folder, change)
    }

    /// The same of an assignment in another folder.
    ///
    /// # Errors
    /// If it cannot be copied.
    pub fn assignment(
        &self,
        from: &Path,
        folder: &Path,
        change: impl FnOnce(String) -> String,
    ) -> Result<PathBuf, String> {
        let to = folder.join(from.file_name().ok_or("a folder without a name")?);
        copy(from, &to).map_err(|error| format!("{}: {error}", from.display()))?;
        let file = to.join("assignment.yaml");
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let text = change(text.replace("registry.example.edu/hub/singleuser:2026.1", &self.toolchain));
        std::fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(to)
    }

    /// The name of an assignment's newest WorkflowTemplate.
    ///
    /// # Errors
    /// If there is none.
    pub fn template(&self, course: &str, assignment: &str) -> Result<String, String> {
        let selector = format!("assay.dev/course={course},assay.dev/assignment={assignment}");
        let made = ["get", "workflowtemplates", "--selector", &selector, "--output", "name"];
        let names = self.kubectl().ok(&[&made[..], &["--sort-by", ".metadata.creationTimestamp"]].concat())?;
        let newest = names.lines().last().and_then(|name| name.rsplit('/').next());
        newest.map(str::to_owned).ok_or_else(|| format!("no template of {course}/{assignment}"))
    }

    /// Makes sure that a student has a home.
    ///
    /// # Errors
    /// If the API server refuses it.
    pub fn student(&self, name: &str) -> Result<(), String> {
        let there = self.kubectl().ok(&["get", "pvc", &format!("claim-{name}"), "--ignore-not-found"])?;
        if there.is_empty() { self.claim(&format!("claim-{name}"), &self.homes, "64Mi") } else { Ok(()) }
    }

    /// Makes a claim.
    ///
    /// # Errors
    /// If the API server refuses it.
    pub fn claim(&self, name: &str, class: &str, size: &str) -> Result<(), String> {
        self.kubectl().apply(&format!(
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}}}\nspec: {{storageClassName: {class}, \
             accessModes: [ReadWriteMany], resources: {{requests: {{storage: {size}}}}}}}"
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
