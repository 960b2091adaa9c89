//! Jobs on the cluster: submitting, waiting for the end, reading what came of them.

use std::path::Path;
use std::time::Duration;

use assay_contract::Stage;
use serde_json::Value;

use crate::Bed;

/// Longer than any job of a test may take on a busy machine; it bounds a hang, it measures nothing.
const PATIENCE: Duration = Duration::from_secs(900);

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
        let outcome = bed.in_cluster(
            folder,
            &["submit", ".", submission, "--student", student, "--handed-in", handed_in, "--output", "json"],
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
        let patience = format!("--timeout={}s", PATIENCE.as_secs());
        // One program that watches: many that ask would be most of what the machine does.
        let over = ["wait", "--for=jsonpath={.status.finishedAt}", &patience, "workflow", &self.name];
        let workflow = kubectl.ok(&over).and_then(|_| kubectl.get(&["workflow", &self.name]));
        match workflow {
            Ok(workflow) => Ok(Ended { workflow }),
            Err(error) => {
                let pods = kubectl.ok(&["get", "pods", "--selector", &self.selector(), "--output", "wide"]);
                Err(format!("{error}\n{}", pods.unwrap_or_default()))
            }
        }
    }

    /// Waits until Argo has given up a stage whose pod finds no node.
    ///
    /// Argo 4.0 finds out that a pod has waited for longer than it may only when it looks at the Workflow, and if nothing else
    /// happens it does so every twenty minutes; so this has it look.
    ///
    /// # Errors
    /// If it does not for long.
    pub fn given_up(&self, stage: Stage) -> Result<(), String> {
        let mut looks: u32 = 0;
        self.bed.kubectl().until(&format!("{stage} of {} given up", self.name), PATIENCE, |kubectl| {
            looks += 1;
            if looks.is_multiple_of(30) {
                let description = format!("workflows.argoproj.io/description=looked at {looks} times");
                kubectl.ok(&["annotate", "workflow", &self.name, "--overwrite", &description])?;
            }
            let seen = Ended { workflow: kubectl.get(&["workflow", &self.name])? };
            let over = |node: &&Value| node["phase"] == "Failed" || node["phase"] == "Error";
            Ok(seen.node(stage.id()).filter(over).map(drop))
        })
    }

    /// Its pod of a stage, once there is one.
    ///
    /// # Errors
    /// If there is none for long.
    pub fn pod(&self, stage: Stage) -> Result<String, String> {
        let selector = format!("assay.dev/stage={stage}");
        self.bed.kubectl().until(&format!("{stage} of {}", self.name), PATIENCE, |kubectl| {
            let pods = kubectl.list(&["pods", "--selector", &selector])?;
            let names = pods.iter().filter_map(|pod| pod["metadata"]["name"].as_str());
            Ok(names.map(str::to_owned).find(|name| name.starts_with(&format!("{}-", self.name))))
        })
    }

    /// Waits until a stage's log holds a text; gives the line.
    ///
    /// # Errors
    /// If it does not for long.
    pub fn said(&self, stage: Stage, text: &str) -> Result<String, String> {
        let pod = self.pod(stage)?;
        self.bed.kubectl().until(&format!("{text:?} of {pod}"), PATIENCE, |kubectl| {
            // A container that does not run yet has no log.
            let log = kubectl.run(&["logs", &pod, "--container", "main"], "")?.stdout;
            Ok(log.lines().find(|line| line.contains(text)).map(str::to_owned))
        })
    }

    /// Waits until Argo knows that a stage runs.
    ///
    /// # Errors
    /// If it does not for long.
    pub fn seen_running(&self, stage: Stage) -> Result<(), String> {
        self.bed.kubectl().until(&format!("{stage} of {} running", self.name), PATIENCE, |kubectl| {
            let seen = Ended { workflow: kubectl.get(&["workflow", &self.name])? };
            Ok(seen.node(stage.id()).filter(|node| node["phase"] == "Running").map(drop))
        })
    }

    /// Whether a sweep started it again, by the sweep's report; `None` where it is too early for that.
    ///
    /// # Errors
    /// Where it did anything else.
    pub fn started_again(&self, told: &Value) -> Result<Option<()>, String> {
        let mut jobs = told["jobs"].as_array().into_iter().flatten();
        let ours = jobs.find(|swept| swept["job"] == self.name.as_str());
        match ours.and_then(|ours| ours["done"].as_str()) {
            Some("started-again") => Ok(Some(())),
            // It ended a moment ago, or its Workflow is on its way out.
            Some("left") => Ok(None),
            _ => Err(format!("{} was not started again: {told}", self.name)),
        }
    }

    /// Waits until its pods and claims are gone.
    ///
    /// # Errors
    /// What is left, if it is there for long.
    pub fn gone(&self) -> Result<(), String> {
        let kubectl = self.bed.kubectl();
        let mut left = Vec::new();
        let gone = kubectl.until(&format!("nothing left of {}", self.name), PATIENCE, |kubectl| {
            let all = kubectl.ok(&["get", "pods,persistentvolumeclaims", "--output", "name"])?;
            let ours = |name: &&str| name.split('/').nth(1).is_some_and(|name| name.starts_with(&self.name));
            left = all.lines().filter(ours).map(str::to_owned).collect();
            Ok(left.is_empty().then_some(()))
        });
        gone.map_err(|error| format!("{error}; left are {left:?}"))
    }

    /// Waits until its Workflow is gone.
    ///
    /// # Errors
    /// If it is there for long.
    pub fn forgotten(&self) -> Result<(), String> {
        self.bed.kubectl().until(&format!("no workflow {}", self.name), PATIENCE, |kubectl| {
            let there = kubectl.ok(&["get", "workflow", &self.name, "--ignore-not-found"])?;
            Ok(there.is_empty().then_some(()))
        })
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
        self.bed
            .in_cluster(folder, &["result", &self.name, "--output", "json"])?
            .ok()
            .and_then(|text| json(&text))
    }

    /// What `assay result` prints of it for its student.
    ///
    /// # Errors
    /// If `assay result` does not succeed.
    pub fn student_result(&self, folder: &Path) -> Result<Value, String> {
        let args = ["result", &self.name, "--student", "--output", "json"];
        self.bed.in_cluster(folder, &args)?.ok().and_then(|text| json(&text))
    }
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

impl Ended {
    /// The Workflow's phase: whether the pipeline worked, not whether the student passed.
    #[must_use]
    pub fn phase(&self) -> &str {
        self.workflow["status"]["phase"].as_str().unwrap_or_default()
    }

    /// A parameter that the job was given.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<&str> {
        let parameters = self.workflow["spec"]["arguments"]["parameters"].as_array()?;
        parameters.iter().find(|parameter| parameter["name"] == name)?["value"].as_str()
    }

    /// A parameter that a task was given.
    #[must_use]
    pub fn input(&self, template: &str, name: &str) -> Option<&str> {
        let parameters = self.node(template)?["inputs"]["parameters"].as_array()?;
        parameters.iter().find(|parameter| parameter["name"] == name)?["value"].as_str()
    }

    /// The node of a task, by its template's name.
    #[must_use]
    pub fn node(&self, template: &str) -> Option<&Value> {
        let nodes = self.workflow["status"]["nodes"].as_object()?;
        nodes.values().find(|node| node["templateName"] == template && node["type"] != "Retry")
    }
}
