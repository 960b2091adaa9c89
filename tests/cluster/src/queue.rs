//! The queue server as an operator installs it, and students who hand in to it as clients do: again and again under the same
//! key, to whichever server answers, until one says that it has it.

use std::io::{Cursor, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use crate::program::outcome;
use crate::{Bed, Forward, Kubectl};

/// Where the component installs itself.
const NAMESPACE: &str = "assay-system";
const PATIENCE: Duration = Duration::from_secs(300);

/// An installation of the queue server; removed when this is dropped.
#[derive(Debug)]
pub struct Queue {
    bed: Bed,
    overlay: TempDir,
}

/// A zip that a student hands in.
#[derive(Debug, Clone)]
pub struct Zip {
    /// Its SHA-256.
    pub digest: String,
    bytes: Vec<u8>,
}

impl Zip {
    /// One file; `mark` makes it another zip than all others.
    ///
    /// # Errors
    /// Never: it is written to memory.
    pub fn of(name: &str, text: &str, mark: &str) -> Result<Zip, String> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let said = |error: zip::result::ZipError| error.to_string();
        writer.start_file(name, SimpleFileOptions::default()).map_err(said)?;
        writer.write_all(text.as_bytes()).map_err(|error| error.to_string())?;
        writer.set_comment(mark).map_err(said)?;
        let bytes = writer.finish().map_err(said)?.into_inner();
        Ok(Zip { digest: HEXLOWER.encode(&Sha256::digest(&bytes)), bytes })
    }
}

impl Queue {
    /// Installs it, without a hub; `settings` are further lines of its settings.
    ///
    /// # Errors
    /// If it does not become ready.
    pub fn install(bed: &Bed, settings: &str) -> Result<Queue, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        // kustomize reads nothing by an absolute path.
        let overlay = tempfile::tempdir_in(root.join("target")).map_err(|error| error.to_string())?;
        let queue = Queue { bed: bed.clone(), overlay };
        queue.write(settings)?;
        let kubectl = Kubectl::new(NAMESPACE);
        let key = queue.overlay.path().join("ticket-key.pem");
        bed.assay(queue.overlay.path(), ["receipt", "key", "ticket-key.pem"])?.ok()?;
        let key = format!("--from-file=ticket-key={}", key.display());
        kubectl.ok(&["delete", "secret", "assay-queue", "--ignore-not-found"])?;
        let secret = format!("--from-literal=id-secret={}", "s".repeat(32));
        kubectl.ok(&["create", "secret", "generic", "assay-queue", &key, &secret])?;
        queue.apply()?;
        Ok(queue)
    }

    /// Gives it other settings.
    ///
    /// # Errors
    /// If it does not become ready with them.
    pub fn set(&self, settings: &str) -> Result<(), String> {
        self.write(settings)?;
        self.apply()?;
        let kubectl = Kubectl::new(NAMESPACE);
        kubectl.ok(&["rollout", "restart", "deployment/assay-queue"])?;
        self.is_rolled_out()
    }

    fn write(&self, settings: &str) -> Result<(), String> {
        let (name, digest) = self.bed.queue_image.split_once('@').ok_or("an image without a digest")?;
        let name = name.rsplit_once(':').map_or(name, |(name, _)| name);
        let namespace = &self.bed.namespace;
        let settings = json!(settings);
        let text = format!(
            "apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
components: [../../deploy/components/queue]
images: [{{name: assay/queue, newName: {name}, digest: {digest}}}]
patches:
  - target: {{kind: ConfigMap, name: assay-queue}}
    patch: |-
      - {{op: replace, path: /data/settings.yaml, value: {settings}}}
  - target: {{name: assay-queue, kind: Role|RoleBinding}}
    patch: |-
      - {{op: replace, path: /metadata/namespace, value: {namespace}}}
  - target: {{kind: Deployment}}
    patch: |-
      - op: replace
        path: /spec/template/spec/containers/0/command
        value: [/assay-queue, --settings=/settings/settings.yaml, --namespace={namespace}]
"
        );
        std::fs::write(self.overlay.path().join("kustomization.yaml"), text)
            .map_err(|error| error.to_string())
    }

    fn apply(&self) -> Result<(), String> {
        let folder = self.overlay.path().to_str().ok_or("a path that is no text")?;
        Kubectl::anywhere().ok(&["apply", "--server-side", "--force-conflicts", "--kustomize", folder])?;
        self.is_rolled_out()
    }

    fn is_rolled_out(&self) -> Result<(), String> {
        let kubectl = Kubectl::new(NAMESPACE);
        let patience = format!("--timeout={}s", PATIENCE.as_secs());
        let out = kubectl.ok(&["rollout", "status", "deployment/assay-queue", &patience]);
        out.map(drop).map_err(|error| {
            let pods = kubectl.ok(&["get", "pods", "--output", "wide"]).unwrap_or_default();
            let log = kubectl.ok(&["logs", "deployment/assay-queue", "--tail=20"]).unwrap_or_default();
            format!("{error}\n{pods}\n{log}")
        })
    }

    /// Kills one of its servers.
    ///
    /// # Errors
    /// If there is none.
    pub fn kill_one(&self) -> Result<(), String> {
        let kubectl = Kubectl::new(NAMESPACE);
        let pods = kubectl.list(&["pods", "--selector", "app.kubernetes.io/name=assay-queue"])?;
        let name = pods.first().and_then(|pod| pod["metadata"]["name"].as_str()).ok_or("no queue server")?;
        kubectl.ok(&["delete", "pod", name, "--grace-period=0", "--force"]).map(drop)
    }

    /// A way to one of its servers.
    ///
    /// # Errors
    /// If none is ready.
    pub fn open(&self) -> Result<Forward, String> {
        Forward::open(NAMESPACE, "service/assay-queue", 80)
    }

    /// Hands in as `student`, until a server says that it has it; what it says.
    ///
    /// # Errors
    /// If none does for long, or one says that this cannot be.
    pub fn hand_in(
        &self,
        way: &mut Option<Forward>,
        assignment: &str,
        student: &str,
        zip: &Zip,
    ) -> Result<Value, String> {
        let body = json!({"api-version": "assay.dev/v1", "assignment": assignment, "student": student,
            "digest": zip.digest, "key": format!("key-{}", &zip.digest[..32])});
        let start = Instant::now();
        loop {
            let answer = self.ask(way, "POST", "jobs", Some(&body));
            match answer {
                Ok((202, answer)) => return Ok(answer),
                Ok((code, answer)) if code < 500 => return Err(format!("{code} {answer}")),
                // No answer, or not now: sent again, as it was.
                other if start.elapsed() > PATIENCE => return Err(format!("{other:?}")),
                _ => {
                    *way = None;
                    std::thread::sleep(Duration::from_secs(1));
                }
            }
        }
    }

    /// Where a job stands.
    ///
    /// # Errors
    /// If nobody says it.
    pub fn standing(&self, way: &mut Option<Forward>, job: &str) -> Result<Value, String> {
        match self.ask(way, "GET", &format!("jobs/{job}"), None)? {
            (200, answer) => Ok(answer),
            (code, answer) => Err(format!("{code} {answer}")),
        }
    }

    fn ask(
        &self,
        way: &mut Option<Forward>,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), String> {
        if way.is_none() {
            *way = Some(self.open()?);
        }
        let Some(Forward { address, .. }) = way.as_ref() else { return Err("no way".into()) };
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--max-time", "20", "--request", method]);
        command.args(["--write-out", "\n%{http_code}"]);
        if let Some(body) = body {
            command.args(["--header", "Content-Type: application/json", "--data-raw", &body.to_string()]);
        }
        command.arg(format!("http://{address}/services/assay/v1/{path}"));
        let said = outcome(command, b"")?.ok()?;
        let (text, code) = said.rsplit_once('\n').ok_or("curl says nothing")?;
        let answer = serde_json::from_str(text).map_err(|error| format!("{error}: {text}"))?;
        Ok((code.parse().map_err(|error| format!("{error}: {code}"))?, answer))
    }

    /// Puts zips into a student's outbox, as the student's own server would.
    ///
    /// # Errors
    /// If the student's server does not run.
    pub fn outbox(&self, student: &str, zips: &[Zip]) -> Result<(), String> {
        self.bed.student(student)?;
        let kubectl = self.bed.kubectl();
        let name = format!("outbox-of-{student}");
        let program = "import base64, os, sys
os.makedirs('/home/student/.assay/outbox', exist_ok=True)
for zip in sys.argv[1:]:
    digest, text = zip.split(':')
    open(f'/home/student/.assay/outbox/{digest}.zip', 'wb').write(base64.b64decode(text))";
        let zips: Vec<String> =
            zips.iter().map(|zip| format!("{}:{}", zip.digest, BASE64.encode(&zip.bytes))).collect();
        let command = [vec!["python3".to_owned(), "-c".to_owned(), program.to_owned()], zips].concat();
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {
                "restartPolicy": "Never", "automountServiceAccountToken": false,
                "securityContext": {"runAsNonRoot": true, "runAsUser": 1000, "runAsGroup": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
                "containers": [{
                    "name": "server", "image": self.bed.toolchain, "command": command,
                    "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
                    "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}},
                    "volumeMounts": [{"name": "home", "mountPath": "/home/student"}],
                }],
                "volumes": [{"name": "home", "persistentVolumeClaim": {"claimName": format!("claim-{student}")}}],
            },
        });
        kubectl.ok(&["delete", "pod", &name, "--ignore-not-found"])?;
        kubectl.apply(&pod.to_string())?;
        let over = kubectl.until(&format!("{name} over"), PATIENCE, |kubectl| {
            let phase = kubectl.get(&["pod", &name])?["status"]["phase"].clone();
            Ok(["Succeeded", "Failed"].contains(&phase.as_str().unwrap_or_default()).then_some(phase))
        })?;
        if over != "Succeeded" {
            return Err(kubectl.ok(&["logs", &name]).unwrap_or_default());
        }
        kubectl.ok(&["delete", "pod", &name]).map(drop)
    }

    /// All requests, by their names.
    ///
    /// # Errors
    /// If they cannot be listed.
    pub fn requests(&self) -> Result<Vec<Value>, String> {
        self.bed.kubectl().list(&["requests.assay.dev"])
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        let Some(folder) = self.overlay.path().to_str() else { return };
        // What is left says so in the next run.
        let left =
            Kubectl::anywhere().ok(&["delete", "--ignore-not-found", "--wait=false", "--kustomize", folder]);
        drop(left);
    }
}
