//! `assay doctor`: on an installation as it is shipped, where there is none yet, and where most of it is missing. Whatever is
//! wrong comes with what mends it.

use std::path::Path;

use assay_contract::Exit;
use assay_tests_cluster::{Bed, Kubectl, run, trial};
use serde_json::Value;

fn main() {
    run(|| {
        vec![
            trial("installed", installed),
            trial("before", before),
            trial("empty-namespace", empty_namespace),
        ]
    });
}

/// Everything is as it must be, and all of it was looked at but what no probe can see.
fn installed() -> Result<(), String> {
    let bed = Bed::open()?;
    bed.student("doctor")?;
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let told = bed.in_cluster(here, &["doctor", "--student", "doctor", "--output", "json"])?;
    if told.code != Some(0) {
        return Err(told.to_string());
    }
    let report = Report(told.json()?);
    for check in report.checks() {
        let (id, outcome) = (text(check, "id"), text(check, "outcome"));
        let sound = match outcome {
            "ok" => true,
            // Which runc the nodes have is told by nobody. A warning is no fault, but says what to do.
            "not-checked" => id == "runtime",
            "warning" => check["fix"].is_string(),
            _ => false,
        };
        if !sound {
            return Err(format!("{id} is {outcome}: {check}"));
        }
    }
    // What only probes can find out was found out.
    for id in [
        "stage-image",
        "confinement",
        "storage",
        "storage-shared",
        "home",
        "network-enforced",
        "policies-work",
    ] {
        report.is(id, "ok")?;
    }
    Ok(())
}

/// Before an installation the cluster and Argo are looked at, and the missing namespace is what is wrong.
fn before() -> Result<(), String> {
    let report = examined("assay-nowhere", &[])?;
    report.is("kubernetes", "ok")?;
    report.is("argo", "ok")?;
    report.is("namespace", "problem")?;
    report.is("network-enforced", "not-checked")?;
    report.problems_have_fixes()
}

/// In a namespace that has its labels and nothing else, each thing that is missing is named with its fix.
fn empty_namespace() -> Result<(), String> {
    let name = "assay-doctor";
    let namespace = Namespace::made(name)?;
    let report = examined(name, &["--quick"]);
    drop(namespace);
    let report = report?;
    report.is("namespace", "ok")?;
    for id in ["operator", "signing-key", "cap", "accounts", "tokens"] {
        report.is(id, "problem")?;
    }
    // The second layer: jobs are safe without.
    report.is("network-policies", "warning")?;
    report.is("network-enforced", "not-checked")?;
    report.problems_have_fixes()
}

/// What is found for a namespace that is not fit for jobs.
fn examined(namespace: &str, options: &[&str]) -> Result<Report, String> {
    let bed = Bed::open()?;
    let words = ["doctor", "--namespace", namespace, "--output", "json"];
    let told = bed.assay(Path::new(env!("CARGO_MANIFEST_DIR")), [&words[..], options].concat())?;
    if told.code == Some(Exit::ClusterUnfit.code().into()) {
        Ok(Report(told.json()?))
    } else {
        Err(told.to_string())
    }
}

struct Report(Value);

impl Report {
    fn checks(&self) -> impl Iterator<Item = &Value> {
        self.0["checks"].as_array().into_iter().flatten()
    }

    fn is(&self, id: &str, outcome: &str) -> Result<(), String> {
        match self.checks().find(|check| text(check, "id") == id) {
            Some(check) if text(check, "outcome") == outcome => Ok(()),
            found => Err(format!("{id} is not {outcome}: {found:?}")),
        }
    }

    fn problems_have_fixes(&self) -> Result<(), String> {
        match self.checks().find(|check| text(check, "outcome") == "problem" && !check["fix"].is_string()) {
            Some(check) => Err(format!("no fix: {check}")),
            None => Ok(()),
        }
    }
}

fn text<'a>(check: &'a Value, field: &str) -> &'a str {
    check[field].as_str().unwrap_or_default()
}

/// A namespace with the labels of one for jobs, removed at the end.
struct Namespace(&'static str);

impl Namespace {
    fn made(name: &'static str) -> Result<Self, String> {
        Kubectl::new(name).apply(&format!(
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n  labels:\n    assay.dev/jobs: \"true\"\n    \
             assay.dev/tests: \"true\"\n    pod-security.kubernetes.io/enforce: restricted\n"
        ))?;
        Ok(Self(name))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Nothing is in it that could keep it.
        drop(Kubectl::new(self.0).ok(&["delete", "namespace", self.0, "--wait=false"]));
    }
}
