//! What tutors do with Argo's own tools, with the rights of staff and no others: they check a template, start jobs, look at
//! them and stop them. What comes of a job is what `assay submit` makes of the same submission.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use assay_contract::Stage;
use assay_tests_cluster::{Bed, Job, Server, Tutor, report, run, trial};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Each has its folder in the examples.
const EXAMPLES: [&str; 5] = ["anagrams", "bank", "integrate", "probe", "wordcount"];

/// The assignment of these jobs. It is due in some years, since events and forms hand in now.
const ASSIGNMENT: &str = "argo";
const COURSE: &str = "comp10002";

fn main() {
    run(|| {
        let mut trials = vec![
            trial("form", form),
            trial("buttons", buttons),
            trial("event", event),
            trial("no-more-than-staff", no_more_than_staff),
        ];
        for strict in [false, true] {
            let isolation = if strict { "strict" } else { "standard" };
            trials.push(trial(format!("submit/{isolation}"), move || submit(strict)));
            for example in EXAMPLES {
                trials.push(trial(format!("lint/{isolation}/{example}"), move || lint(example, strict)));
            }
        }
        trials
    });
}

/// `argo lint`, alone and against the cluster.
fn lint(example: &str, strict: bool) -> Result<(), String> {
    let bed = Bed::open()?;
    let work = tempfile::tempdir().map_err(|error| error.to_string())?;
    let isolation = if strict { "\nisolation: strict\n" } else { "\n" };
    let folder = bed.example(example, work.path(), |text| text + isolation)?;
    let (operator, file) = (path(&bed.operator)?, work.path().join("template.yaml"));
    let file = path(&file)?;
    bed.assay(&folder, ["render", ".", "--operator", operator, "--to", file])?.ok()?;
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    if text.contains("action: create") != strict {
        return Err("rendered in the other isolation".into());
    }
    bed.argo(&["lint", "--offline", file])?.ok()?;
    bed.argo(&["lint", "--kinds", "workflowtemplates", file])?.ok()?;
    // It finds what is there to be found.
    let broken = text.replace("template: setup", "template: set-up");
    std::fs::write(file, broken).map_err(|error| error.to_string())?;
    let found = bed.argo(&["lint", "--offline", file])?;
    if found.code == Some(0) { Err(format!("nothing found in a broken template: {found}")) } else { Ok(()) }
}

/// `argo submit --from`, of what was handed in by `assay submit`.
fn submit(strict: bool) -> Result<(), String> {
    let Case { tutor, work: _work, folder, template, student, first, digest } =
        Case::new(&format!("{}-submits", if strict { "strict" } else { "standard" }), strict)?;
    let from = format!("workflowtemplate/{template}");
    let parameter = |name: &str, value: &str| format!("{name}={value}");
    let (student, digest) = (parameter("student", &student), parameter("digest", &digest));
    let handed_in = parameter("handed-in", HANDED_IN);
    let args =
        ["submit", "--from", &from, "-p", &student, "-p", &digest, "-p", &handed_in, "--output", "name"];
    let name = tutor.bed.argo(&args)?.ok()?;
    let job = Job::named(&tutor.bed, name.trim())?;
    same(&first, &job, &folder)?;
    for look in [&["list"][..], &["get", &job.name]] {
        let said = tutor.bed.argo(look)?.ok()?;
        if !said.contains(&job.name) {
            return Err(format!("`argo {}` says nothing of {}: {said}", look[0], job.name));
        }
    }
    // A pod that Argo did not make is none of the job's to it.
    let log = tutor.bed.argo(&["logs", &job.name])?.ok()?;
    if log.contains("case 10 of 10") == strict { Err(format!("`argo logs` says {log}")) } else { Ok(()) }
}

/// The form of Argo's UI, by the requests that its pages make (`ui/src` of Argo 4.0.7), and what is seen of the job there.
fn form() -> Result<(), String> {
    let Case { tutor, work: _work, folder, template, student, first, digest } = Case::new("form", false)?;
    let namespace = &tutor.bed.namespace;
    let server = Server::open(&tutor.token)?;

    // The page of the template, whose form begins with what the template says.
    let listed = server.get(&format!("workflow-templates/{namespace}?"))?.ok()?;
    if !items(&listed).any(|item| item["metadata"]["name"] == template.as_str()) {
        return Err(format!("{template} is not listed"));
    }
    let page = server.get(&format!("workflow-templates/{namespace}/{template}"))?.ok()?;
    let fields = page["spec"]["arguments"]["parameters"].as_array().ok_or("a template without parameters")?;
    let filled = fields.iter().map(|field| {
        let value = match field["name"].as_str() {
            Some("student") => student.as_str(),
            Some("digest") => &digest,
            // Left as it is.
            _ => field["value"].as_str().unwrap_or_default(),
        };
        format!("{}={value}", field["name"].as_str().unwrap_or_default())
    });
    let submission = json!({
        "namespace": namespace,
        "resourceKind": "WorkflowTemplate",
        "resourceName": template,
        "submitOptions": {
            "entryPoint": page["spec"]["entrypoint"],
            "parameters": filled.collect::<Vec<_>>(),
            "labels": "submit-from-ui=true",
        },
    });
    let made = server.send("POST", &format!("workflows/{namespace}/submit"), &submission)?.ok()?;
    let name = made["metadata"]["name"].as_str().ok_or("a job without a name")?.to_owned();
    let job = Job::named(&tutor.bed, &name)?;

    // The page of the job follows it.
    let only = format!("listOptions.fieldSelector=metadata.namespace={namespace},metadata.name={name}");
    server.watch(&format!("workflow-events/{namespace}?{only}"), |seen| {
        ["Succeeded", "Failed", "Error"].iter().any(|phase| seen["status"]["phase"] == *phase)
    })?;
    same(&first, &job, &folder)?;
    let workflow = server.get(&format!("workflows/{namespace}/{name}"))?.ok()?;
    tree(&workflow)?;
    let log = server.get(&log_of(&workflow, Stage::Test)?)?;
    if !log.text.contains("case 10 of 10") {
        return Err(format!("the log of Test is {log:?}"));
    }
    columns(&server, &tutor.bed, &student)?;

    // What the table in docs/src/operators/admission.md says no to.
    let of_job = format!("workflows/{namespace}/{name}");
    server.send("PUT", &format!("{of_job}/resubmit"), &json!({}))?.refused("ValidatingAdmissionPolicy")?;
    server.send("DELETE", &of_job, &Value::Null)?.refused("cannot delete resource")
}

/// A list in Argo's configuration, as a folder of `argo/` has it.
fn configured(folder: &str, key: &str) -> Result<Vec<Value>, String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../argo/{folder}/configmap.yaml"));
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let map: Value = serde_saphyr::from_str(&text).map_err(|error| error.to_string())?;
    let list = map["data"][key].as_str().ok_or_else(|| format!("no {key}"))?;
    serde_saphyr::from_str(list).map_err(|error| error.to_string())
}

/// The list of jobs: filtered by a label of ours, and with something in each column that Argo's configuration names; the
/// buttons on a job's page.
fn columns(server: &Server, bed: &Bed, student: &str) -> Result<(), String> {
    let info = server.get("info")?.ok()?;
    let shown = |key: &str| info[key].as_array().cloned().unwrap_or_default();
    if shown("links") != configured("links", "links")? {
        return Err(format!("the UI has the buttons {:?}", shown("links")));
    }
    let (columns, shown) = (configured("controller", "columns")?, shown("columns"));
    let fields = "fields=metadata,items.metadata.name,items.metadata.labels,items.status.phase";
    let selector = format!("listOptions.labelSelector=assay.dev/student={student}&listOptions.limit=50");
    let list = server.get(&format!("workflows/{}?{selector}&{fields}", bed.namespace))?.ok()?;
    if items(&list).count() != 2 {
        return Err(format!("not the two jobs of {student}: {list}"));
    }
    for column in &columns {
        if !shown.contains(column) {
            return Err(format!("the UI has no column {column}"));
        }
        let key = column["key"].as_str().ok_or("a column without a label")?;
        if items(&list).any(|item| !item["metadata"]["labels"][key].is_string()) {
            return Err(format!("nothing in the column {key}: {list}"));
        }
    }
    Ok(())
}

/// The graph of a job: every stage is there under its title, in a place that leads from the root.
fn tree(workflow: &Value) -> Result<(), String> {
    let nodes = &workflow["status"]["nodes"];
    let mut open = vec![workflow["metadata"]["name"].as_str().unwrap_or_default()];
    let mut titles = BTreeSet::new();
    while let Some(id) = open.pop() {
        titles.extend(nodes[id]["displayName"].as_str());
        open.extend(nodes[id]["children"].as_array().into_iter().flatten().filter_map(Value::as_str));
    }
    match ["Setup", "Verify", "Test", "Results", "Finalise"].iter().find(|title| !titles.contains(*title)) {
        None => Ok(()),
        Some(title) => Err(format!("{title} is not in the graph: {titles:?}")),
    }
}

/// Where the UI asks for the log of a stage.
fn log_of(workflow: &Value, stage: Stage) -> Result<String, String> {
    let (name, namespace) = (&workflow["metadata"]["name"], &workflow["metadata"]["namespace"]);
    let (name, namespace) = (name.as_str().unwrap_or_default(), namespace.as_str().unwrap_or_default());
    let nodes = workflow["status"]["nodes"].as_object().ok_or("a job without nodes")?;
    let node = nodes.values().find(|node| node["templateName"] == stage.id() && node["type"] == "Pod");
    let id = node.and_then(|node| node["id"].as_str()).ok_or_else(|| format!("{stage} has no pod"))?;
    let number = id.rsplit('-').next().unwrap_or_default();
    let options = "logOptions.container=main&grep=&logOptions.follow=true";
    Ok(format!("workflows/{namespace}/{name}/log?{options}&podName={name}-{stage}-{number}"))
}

/// The buttons of a job that runs.
fn buttons() -> Result<(), String> {
    let Case { tutor, work: _work, folder, template: _, student, first: _, digest: _ } =
        Case::new("buttons", false)?;
    let server = Server::open(&tutor.token)?;
    let submission = folder.join(SUBMISSION);
    let job = Job::submit(&tutor.bed, &folder, &submission, &student, HANDED_IN)?;
    let press = |button: &str| {
        let path = format!("workflows/{}/{}/{button}", tutor.bed.namespace, job.name);
        server.send("PUT", &path, &json!({}))?.ok()
    };
    job.pod(Stage::Setup)?;
    if press("suspend")?["spec"]["suspend"] != true {
        return Err("not suspended".into());
    }
    if press("resume")?["spec"]["suspend"] == true {
        return Err("not resumed".into());
    }
    press("stop")?;
    let ended = job.ended()?;
    // Nothing of it was graded, so there is no result; how it was concluded is told by its status.
    let status = tutor.bed.in_cluster(&folder, &["status", &job.name, "--output", "json"])?.json()?;
    if ended.phase() == "Failed" && status["verdict"] == "not-run" {
        return Ok(());
    }
    Err(format!("a stopped job ended with {}: {status}", ended.phase()))
}

/// `argo/event-binding.yaml`, as an operator makes it for an assignment, and events for it.
fn event() -> Result<(), String> {
    let Case { tutor, work: _work, folder, template, student, first, digest } = Case::new("event", false)?;
    let bed = Bed::open()?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../argo/event-binding.yaml");
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut binding: Value = serde_saphyr::from_str(&text).map_err(|error| error.to_string())?;
    let (was, named) =
        (&binding["spec"]["submit"]["workflowTemplateRef"]["name"], binding["metadata"]["name"].clone());
    let (was, named) = (was.as_str().unwrap_or_default(), named.as_str().unwrap_or_default());
    let ours = format!("{COURSE}-{ASSIGNMENT}");
    let text = binding.to_string().replace(was, &template).replace(named, &ours);
    binding = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    binding["metadata"]["namespace"] = json!(bed.namespace);
    bed.kubectl().apply(&binding.to_string())?;
    let started = events(&tutor, &ours, &student, &digest);
    bed.kubectl().ok(&["delete", "workfloweventbinding", &ours])?;
    same(&first, &started?, &folder)
}

/// Sends events, of which one starts a job.
fn events(tutor: &Tutor, binding: &str, student: &str, digest: &str) -> Result<Job, String> {
    let namespace = &tutor.bed.namespace;
    let server = Server::open(&tutor.token)?;
    let send = |payload: &Value| server.send("POST", &format!("events/{namespace}/{binding}"), payload);
    // No name of a student, and no digest.
    send(&json!({"student": "../bob", "digest": digest}))?.ok()?;
    send(&json!({"student": student, "digest": "none"}))?.ok()?;
    send(&json!({"student": student, "digest": digest}))?.ok()?;
    let selector = format!("workflows.argoproj.io/workflow-event-binding={binding}");
    let patience = Duration::from_secs(60);
    let jobs = tutor.bed.kubectl().until("a job by an event", patience, |kubectl| {
        let jobs = kubectl.list(&["workflows", "--selector", &selector])?;
        let of_student =
            |job: &Value| job["spec"]["arguments"].to_string().contains(&format!("\"{student}\""));
        let jobs: Vec<Value> = jobs.into_iter().filter(of_student).collect();
        Ok((!jobs.is_empty()).then_some(jobs))
    })?;
    match &jobs[..] {
        [job] => Job::named(&tutor.bed, job["metadata"]["name"].as_str().unwrap_or_default()),
        more => Err(format!("{} jobs by one event", more.len())),
    }
}

/// What staff have no right to.
fn no_more_than_staff() -> Result<(), String> {
    let tutor = Tutor::new(&Bed::open()?, "tests-tutor-apart")?;
    let key = tutor.bed.kubectl().run(&["get", "secret", "assay-signing-key"], "")?;
    if key.code == Some(0) || !key.stderr.contains("Forbidden") {
        return Err(format!("the signing key can be read: {key}"));
    }
    let template = json!({"template": {
        "metadata": {"name": "comp10002-forged-5c0d5c0d", "namespace": tutor.bed.namespace},
        "spec": {"entrypoint": "job", "templates": [{"name": "job", "suspend": {}}]},
    }});
    let server = Server::open(&tutor.token)?;
    let path = format!("workflow-templates/{}", tutor.bed.namespace);
    server.send("POST", &path, &template)?.refused("cannot create resource \"workflowtemplates\"")
}

/// When the first job of each case was handed in.
const HANDED_IN: &str = "2026-03-10T00:00:00Z";
/// What is handed in.
const SUBMISSION: &str = "submissions/off-by-one";

/// A tutor, and a submission that `assay submit` made a job of already.
struct Case {
    tutor: Tutor,
    work: TempDir,
    folder: PathBuf,
    template: String,
    student: String,
    first: Job,
    digest: String,
}

impl Case {
    fn new(name: &str, strict: bool) -> Result<Self, String> {
        let bed = Bed::open()?;
        let work = tempfile::tempdir().map_err(|error| error.to_string())?;
        let assignment = if strict { format!("{ASSIGNMENT}-strict") } else { ASSIGNMENT.to_owned() };
        let folder = published(&bed, &assignment, strict, work.path())?;
        let template = bed.template(COURSE, &assignment)?;
        // Another one in each run, since jobs of earlier runs are listed too.
        let run = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let student = format!("argo-{name}-{run:x}");
        bed.student(&student)?;
        let tutor = Tutor::new(&bed, &format!("tests-tutor-{name}"))?;
        let first = Job::submit(&tutor.bed, &folder, &folder.join(SUBMISSION), &student, HANDED_IN)?;
        let digest = first.ended()?.argument("digest").ok_or("a job without a digest")?.to_owned();
        Ok(Self { tutor, work, folder, template, student, first, digest })
    }
}

/// The assignment as it is published; published by whoever comes first.
fn published(bed: &Bed, assignment: &str, strict: bool, work: &Path) -> Result<PathBuf, String> {
    static PUBLISHING: Mutex<()> = Mutex::new(());
    let _one = PUBLISHING.lock().map_err(|error| error.to_string())?;
    let folder = bed.example("wordcount", work, |text| {
        let isolation = if strict { "strict" } else { "standard" };
        text.replace(
            "id: comp10002/wordcount ",
            &format!("isolation: {isolation}\nid: {COURSE}/{assignment} "),
        )
        .replace("due: 2026-", "due: 2126-")
    })?;
    bed.in_cluster(&folder, &["publish", ".", "--yes"])?.ok()?;
    Ok(folder)
}

/// Waits for a job and holds it against another one of the same submission, as tutors and as its student see them.
fn same(first: &Job, job: &Job, folder: &Path) -> Result<(), String> {
    let (one, other) = (seen(first, folder)?, seen(job, folder)?);
    let mut differences = report::differences(&one.0, &other.0);
    differences.extend(report::differences(&one.1, &other.1));
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
}

/// What came of a job, for tutors and for its student, once what is the job's own was looked at: its name, and when it was
/// handed in.
fn seen(job: &Job, folder: &Path) -> Result<(Value, Value), String> {
    let ended = job.ended()?;
    if ended.phase() != "Succeeded" {
        return Err(format!("{} ended with {}", job.name, ended.phase()));
    }
    let said = ended.argument("handed-in").filter(|said| !said.contains("{{"));
    let created = ended.workflow["metadata"]["creationTimestamp"].as_str();
    let mut student = job.student_result(folder)?;
    let conclusion = student["conclusion"].as_object_mut().ok_or("a result without a conclusion")?;
    let own = [("job", Some(job.name.as_str())), ("handed-in", said.or(created))];
    for (field, expected) in own {
        let found = conclusion.remove(field).unwrap_or_default();
        if found.as_str() != expected {
            return Err(format!("{field} of {} is {found}, expected {expected:?}", job.name));
        }
    }
    Ok((job.result(folder)?, student))
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list["items"].as_array().into_iter().flatten()
}

fn path(path: &Path) -> Result<&str, String> {
    path.to_str().ok_or_else(|| "a path that is no text".to_owned())
}
