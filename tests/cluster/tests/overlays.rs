//! All that an operator may apply of `deploy` and `argo` is taken by the API server as it stands, without a warning and without
//! a field that it does not know: every kustomization, every component over what it belongs to, every file of its own.
//!
//! Nothing is made but namespaces, which stay, since it is in them that the rest is tried. All names are changed on the way:
//! what is in this cluster under the same name may have fields that cannot change.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use assay_tests_cluster::{Kubectl, Outcome, run, trial};
use serde_json::{Value, json};

/// What names of namespaces and of the cluster's own objects begin with here.
const PREFIX: &str = "overlays-";

fn main() {
    run(|| {
        let parts = parts();
        let mut trials = vec![{
            let parts = parts.clone();
            trial("unknown-fields", move || unknown_fields(&parts))
        }];
        trials.extend(parts.into_iter().map(|part| trial(part.name(), move || accepted(&part))));
        trials
    });
}

/// Something that can be applied.
#[derive(Debug, Clone)]
enum Part {
    /// A folder with a kustomization.
    Folder(PathBuf),
    /// A folder with a component, and the folder that it goes over.
    Component(PathBuf, PathBuf),
    /// A file that no kustomization names.
    File(PathBuf),
}

impl Part {
    fn name(&self) -> String {
        let (Part::Folder(path) | Part::Component(path, _) | Part::File(path)) = self;
        path.strip_prefix(root()).unwrap_or(path).display().to_string()
    }

    /// Its objects, as kubectl would apply them.
    fn objects(&self) -> Result<Vec<Value>, String> {
        let text = match self {
            Part::File(path) => read(path)?,
            Part::Folder(path) => built(path)?,
            Part::Component(path, over) => {
                // kustomize reads nothing by an absolute path.
                let parent = root().join("target");
                fs::create_dir_all(&parent).map_err(|error| error.to_string())?;
                let place = tempfile::tempdir_in(&parent).map_err(|error| error.to_string())?;
                let up = |path: &Path| Path::new("../..").join(path.strip_prefix(root()).unwrap_or(path));
                let text = json!({
                    "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
                    "resources": [up(over)], "components": [up(path)],
                });
                let file = place.path().join("kustomization.yaml");
                fs::write(file, text.to_string()).map_err(|error| error.to_string())?;
                built(place.path())?
            }
        };
        serde_saphyr::from_multiple(&text).map_err(|error| format!("{}: {error}", self.name()))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().and_then(Path::parent).expect("two folders further up")
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn built(folder: &Path) -> Result<String, String> {
    Kubectl::anywhere().ok(&["kustomize", folder.to_str().ok_or("a path that is no text")?])
}

/// All parts, as they are found in the two folders.
fn parts() -> Vec<Part> {
    let mut parts = Vec::new();
    for (top, over) in [("deploy", "deploy/base"), ("argo", "tests/fixtures/argo")] {
        found(&root().join(top), &root().join(over), &mut parts).expect("folders that can be read");
    }
    parts
}

fn found(folder: &Path, over: &Path, parts: &mut Vec<Part>) -> std::io::Result<()> {
    let kustomization = fs::read_to_string(folder.join("kustomization.yaml")).unwrap_or_default();
    if kustomization.contains("kind: Component") {
        parts.push(Part::Component(folder.into(), over.into()));
    } else if !kustomization.is_empty() {
        parts.push(Part::Folder(folder.into()));
    }
    let mut paths =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            found(&path, over, parts)?;
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let named = kustomization.lines().any(|line| !line.starts_with('#') && line.contains(&*name));
        let text = fs::read_to_string(&path)?;
        let is_object = text.lines().any(|line| line.starts_with("apiVersion: "));
        if is_object && !named && name != "kustomization.yaml" {
            parts.push(Part::File(path));
        }
    }
    Ok(())
}

fn accepted(part: &Part) -> Result<(), String> {
    let objects: Vec<Value> = part.objects()?.into_iter().map(elsewhere).collect();
    let count = objects.len();
    let said = dry_run(objects)?.ok()?;
    // One line an object.
    if count == 0 || said.lines().count() != count {
        return Err(format!("{count} objects, but kubectl says\n{said}"));
    }
    Ok(())
}

/// One object of each kind with a field that nobody knows.
fn unknown_fields(parts: &[Part]) -> Result<(), String> {
    let mut kinds = BTreeMap::new();
    for part in parts {
        for object in part.objects()? {
            kinds.insert(object["kind"].to_string(), elsewhere(object));
        }
    }
    for mut object in kinds.into_values() {
        let kind = object["kind"].clone();
        object["nonsense"] = json!(true);
        let outcome = dry_run(vec![object])?;
        if outcome.code == Some(0) || !outcome.stderr.contains("nonsense") {
            return Err(format!("{kind} with a field that is not there: {outcome}"));
        }
    }
    Ok(())
}

/// The object under a name, or in a namespace, that nobody else uses.
fn elsewhere(mut object: Value) -> Value {
    // Its name is what it defines.
    if object["kind"] == "CustomResourceDefinition" {
        return object;
    }
    let policy = object["spec"]["policyName"].as_str().map(|name| format!("{PREFIX}{name}"));
    if let Some(policy) = policy {
        object["spec"]["policyName"] = json!(policy);
    }
    let field = if object["metadata"]["namespace"].is_string() { "namespace" } else { "name" };
    let name = object["metadata"][field].as_str().unwrap_or_default();
    object["metadata"][field] = json!(format!("{PREFIX}{name}"));
    object
}

/// The namespaces of all objects, as their own manifests have them; made by whoever comes first.
fn namespaces() -> Result<(), String> {
    static MADE: OnceLock<Result<(), String>> = OnceLock::new();
    MADE.get_or_init(make_namespaces).clone()
}

fn make_namespaces() -> Result<(), String> {
    let mut namespaces: BTreeMap<String, Value> = BTreeMap::new();
    for part in parts() {
        for object in part.objects()?.into_iter().map(elsewhere) {
            if let Some(name) = object["metadata"]["namespace"].as_str() {
                let plain = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
                namespaces.entry(name.to_owned()).or_insert(plain);
            } else if object["kind"] == "Namespace" {
                namespaces.insert(object["metadata"]["name"].as_str().unwrap_or_default().to_owned(), object);
            }
        }
    }
    // By this they are found when all of the tests is to be removed.
    for namespace in namespaces.values_mut() {
        namespace["metadata"]["labels"]["assay.dev/tests"] = json!("true");
    }
    let args = ["apply", "--server-side", "--field-manager", "overlays", "--filename", "-"];
    Kubectl::anywhere().run(&args, &list(namespaces.into_values().collect()).to_string())?.ok().map(drop)
}

fn list(objects: Vec<Value>) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "items": objects})
}

/// What the API server says of objects; none is made.
fn dry_run(objects: Vec<Value>) -> Result<Outcome, String> {
    namespaces()?;
    let strictly = ["--validate=strict", "--warnings-as-errors", "--field-manager", "overlays"];
    let apply = ["apply", "--server-side", "--dry-run=server", "--filename", "-"];
    Kubectl::anywhere().run(&[&apply[..], &strictly].concat(), &list(objects).to_string())
}
