//! Jobs on the cluster: submitting, waiting for the end, reading what came of them.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::Bed;

/// Longer than any job of a test may take on a busy machine; it bounds a hang, it measures nothing.
const PATIENCE: Duration = Duration::from_secs(600);

/// A job that was submitted.
#[derive(Debug)]
pub struct Job {
    bed: Bed,
    /// Its id, which is its Workflow's name.
    pub name: String,
}

/// A job's Workflow, when it had ended.
#[derive(Debug)]
pub struct Ended {
    /// The Workflow.
    pub workflow: Value,
}

impl Job {
    /// Submits `submission` of the assignment in `folder`, as `student`, handed in at `handed_in`.
    ///
    /// # Errors
    /// If `assay submit` does not succeed.
    pub fn submit(
        bed: &Bed,
        folder: &Path,
        submission: &Path,
        student: &str,
        handed_in: &str,
    ) -> Result<Self, String> {
        bed.student(student)?;
        let submission = submission.to_str().ok_or("a path that is no text")?;
        let outcome = bed.assay(
            folder,
            ["submit", ".", submission, "--student", student, "--handed-in", handed_in, "--output", "json"],
        )?;
        let line = outcome.line.clone();
        let answer: Value =
            serde_json::from_str(&outcome.ok()?).map_err(|error| format!("{line}: {error}"))?;
        Self::named(bed, answer["job"].as_str().ok_or_else(|| format!("{line}: no `job` in {answer}"))?)
    }

    /// The job of that name.
    ///
    /// # Errors
    /// None today; a name is not looked up.
    pub fn named(bed: &Bed, name: &str) -> Result<Self, String> {
        Ok(Self { bed: bed.clone(), name: name.into() })
    }

    /// Waits until its Workflow has ended.
    ///
    /// # Errors
    /// If it does not end, with the Workflow as it is then.
    pub fn ended(&self) -> Result<Ended, String> {
        let kubectl = self.bed.kubectl();
        let workflow = kubectl.until(&format!("the end of {}", self.name), PATIENCE, |kubectl| {
            let workflow = kubectl.get(&["workflow", &self.name])?;
            Ok(workflow["status"]["finishedAt"].is_string().then_some(workflow))
        });
        match workflow {
            Ok(workflow) => Ok(Ended { workflow }),
            Err(error) => {
                let pods = kubectl.ok(&["get", "pods", "--selector", &self.selector(), "--output", "wide"]);
                Err(format!("{error}\n{}", pods.unwrap_or_default()))
            }
        }
    }

    /// What selects its pods.
    #[must_use]
    pub fn selector(&self) -> String {
        format!("workflows.argoproj.io/workflow={}", self.name)
    }

    /// What `assay result` prints of it as JSON: the same report as `assay try` prints.
    ///
    /// # Errors
    /// If `assay result` does not succeed.
    pub fn result(&self, folder: &Path) -> Result<Value, String> {
        self.bed.assay(folder, ["result", &self.name, "--output", "json"])?.json()
    }
}

impl Ended {
    /// The Workflow's phase: whether the pipeline worked, not whether the student passed.
    #[must_use]
    pub fn phase(&self) -> &str {
        self.workflow["status"]["phase"].as_str().unwrap_or_default()
    }

    /// The node of a task, by its template's name.
    #[must_use]
    pub fn node(&self, template: &str) -> Option<&Value> {
        let nodes = self.workflow["status"]["nodes"].as_object()?;
        nodes.values().find(|node| node["templateName"] == template && node["type"] != "Retry")
    }
}
