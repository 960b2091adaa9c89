//! The sweeper as an operator installs it: the component, with `assay`'s own image, brings a job to its conclusion that was
//! terminated. What a sweep does otherwise is tested where it is decided, and by the tests of faults.

use std::path::Path;
use std::time::Duration;

use assay_contract::Stage;
use assay_tests_cluster::broken::{Submission, Variant};
use assay_tests_cluster::{Bed, Job, Kubectl, run, trial};
use assay_tests_stand_in::{ASLEEP, Act, Moment, Order, Orders};
use serde_json::Value;
use tempfile::TempDir;

/// Where the component installs itself.
const NAMESPACE: &str = "assay-system";
/// The run of it that does not wait for the clock.
const RUN: &str = "sweep-now";
const PATIENCE: Duration = Duration::from_secs(600);

fn main() {
    run(|| vec![trial("terminated", terminated)]);
}

fn terminated() -> Result<(), String> {
    let bed = Bed::faults()?;
    let folder = Variant::Standard.published(&bed)?;
    let order = |act, runs| Order { stage: Stage::Test, moment: Moment::Before, act, runs };
    // Slow enough to be terminated. A second run on one volume is not to be: it would be a pod that was lost.
    let breaks = vec![order(Act::Pause(60), (1, 1)), order(Act::Sleep, (2, 9))];
    let submission = Submission::new(&Orders { breaks, look: None })?;
    let job = Job::submit(&bed, &folder, submission.path(), "sweeper", "2026-03-10T00:00:00Z")?;
    job.said(Stage::Test, ASLEEP)?;
    let terminate = r#"{"spec": {"shutdown": "Terminate"}}"#;
    bed.kubectl().ok(&["patch", "workflow", &job.name, "--type", "merge", "--patch", terminate])?;
    job.ended()?;
    if let Ok(result) = job.result(&folder) {
        return Err(format!("a result of a job that was terminated: {result}"));
    }

    let overlay = overlay(&bed)?;
    let folder_of = overlay.path().to_str().ok_or("a path that is no text")?;
    let kubectl = Kubectl::anywhere();
    kubectl.ok(&["apply", "--server-side", "--kustomize", folder_of])?;
    let swept = swept(&job);
    kubectl.ok(&["delete", "--ignore-not-found", "--kustomize", folder_of])?;
    swept?;

    // Its result is one that a receipt names, or it would not be shown.
    let ended = job.ended()?;
    let result = job.result(&folder)?;
    if ended.phase() == "Succeeded" && result["verdict"] == "passed" {
        return Ok(());
    }
    Err(format!("{} was swept and ended with {}: {result}", job.name, ended.phase()))
}

/// An overlay of the component for this installation: its namespace, its image, and no patience with young jobs.
fn overlay(bed: &Bed) -> Result<TempDir, String> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().and_then(Path::parent).ok_or("no repository")?;
    // kustomize reads nothing by an absolute path.
    let place = tempfile::tempdir_in(root.join("target")).map_err(|error| error.to_string())?;
    let (name, digest) = bed.assay_image.split_once('@').ok_or("an image without a digest")?;
    let name = name.rsplit_once(':').map_or(name, |(name, _)| name);
    let namespace = &bed.namespace;
    // The schedule is suspended, so that only this test decides when jobs of the tests before it are started again.
    let text = format!(
        "apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
components: [../../deploy/components/sweeper]
images: [{{name: assay/assay, newName: {name}, digest: {digest}}}]
patches:
  - target: {{name: assay-sweeper, kind: Role|RoleBinding}}
    patch: |-
      - {{op: replace, path: /metadata/namespace, value: {namespace}}}
  - target: {{kind: CronJob}}
    patch: |-
      - {{op: add, path: /spec/suspend, value: true}}
      - op: replace
        path: /spec/jobTemplate/spec/template/spec/containers/0/command
        value: [/assay, sweep, --namespace={namespace}, --output=json, --young=0]
"
    );
    std::fs::write(place.path().join("kustomization.yaml"), text).map_err(|error| error.to_string())?;
    Ok(place)
}

/// Has the CronJob run, until it started the job again.
fn swept(job: &Job) -> Result<(), String> {
    let kubectl = Kubectl::new(NAMESPACE);
    kubectl.until(&format!("{} started again", job.name), PATIENCE, |kubectl| {
        kubectl.ok(&["delete", "job", RUN, "--ignore-not-found"])?;
        kubectl.ok(&["create", "job", RUN, "--from=cronjob/assay-sweeper"])?;
        let pods = kubectl.until("a sweep at its end", PATIENCE, |kubectl| {
            let status = &kubectl.get(&["job", RUN])?["status"];
            // It also fails where another job is beyond help; what became of this one is told.
            let over = status["succeeded"].is_number() || status["failed"].is_number();
            Ok(over.then(|| {
                kubectl.ok(&["get", "pods", "--selector", &format!("job-name={RUN}"), "--output", "wide"])
            }))
        })?;
        let log = kubectl.ok(&["logs", &format!("job/{RUN}")])?;
        let told: Value = serde_json::from_str(&log)
            .map_err(|error| format!("{error}: {log}\n{}", pods.unwrap_or_default()))?;
        job.started_again(&told)
    })
}
