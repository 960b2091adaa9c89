//! The queue server on a cluster: a burst of students, with the queue server, Argo's controller and a stage's pod killed on the
//! way; a hand-in before the due date whose job runs after it; the same request again when its Workflow is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use assay_contract::Stage;
use assay_tests_cluster::{Bed, Job, Kubectl, Queue, Zip, run, trial};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

const STUDENTS: usize = 10;
const EACH: usize = 4;
/// Forty jobs on two cores, beside whatever else is tested.
const PATIENCE: Duration = Duration::from_secs(2_400);
const ASSIGNMENT: &str = "assay/burst";
const RIGHT: &str = "echo one\n";

fn main() {
    run(|| vec![trial("queue", queue)]);
}

/// One after the other, in one installation: it takes a minute to make, and the cluster has one.
fn queue() -> Result<(), String> {
    let bed = Bed::open()?;
    let place = tempfile::tempdir().map_err(|error| error.to_string())?;
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("assignments/burst");
    // Time for the queue server to come up, and for a hand-in before it is over; to the minute, as dates of an assignment are.
    let due = (Timestamp::now().as_second() / 60 + 3) * 60;
    let due = Timestamp::from_second(due).map_err(|error| error.to_string())?;
    let of_dusk = bed.assignment(&from, place.path(), |text| {
        let due = due.strftime("due: %Y-%m-%d %H:%M, opens");
        text.replace("assay/burst", "assay/dusk").replace("opens", &due.to_string())
    })?;
    bed.in_cluster(&of_dusk, &["publish", ".", "--yes", "--plain-http", &bed.registry])?.ok()?;
    std::fs::remove_dir_all(&of_dusk).map_err(|error| error.to_string())?;
    let burst = bed.assignment(&from, place.path(), |text| text)?;
    bed.in_cluster(&burst, &["publish", ".", "--yes", "--plain-http", &bed.registry])?.ok()?;

    let queue = Queue::install(&bed, "hub: null\npaused: true")?;
    let dusk = before_the_due_date(&queue)?;
    let zips = outboxes(&queue)?;
    let wait = due.duration_since(Timestamp::now()) + SignedDuration::from_secs(1);
    std::thread::sleep(Duration::try_from(wait).unwrap_or_default());
    queue.set("hub: null\nbacklog: 8")?;
    let jobs = hand_in_at_once(&bed, &queue, &zips)?;
    concluded(&bed, &queue, &jobs)?;
    one_at_a_time(&bed, &jobs)?;
    on_time(&bed, &burst, &dusk)?;
    again(&bed, &queue, &dusk)
}

/// A right submission, another one in each run of these tests: jobs of an earlier run may be there still.
fn zip(mark: &str) -> Result<Zip, String> {
    Zip::of("main.sh", RIGHT, &format!("{mark}, {}", Timestamp::now()))
}

/// Hands in a moment before the due date, while nothing is started; the job.
fn before_the_due_date(queue: &Queue) -> Result<(String, Zip), String> {
    let zip = zip("dusk")?;
    queue.outbox("dusk", std::slice::from_ref(&zip))?;
    let accepted = queue.hand_in(&mut None, "assay/dusk", "dusk", &zip)?;
    let job = accepted["standing"]["job"].as_str().ok_or("a hand-in without a job")?.to_owned();
    if accepted["standing"]["phase"] != "waiting" {
        return Err(format!("nothing is started, and yet: {accepted}"));
    }
    Ok((job, zip))
}

/// What each student hands in, in their outboxes.
fn outboxes(queue: &Queue) -> Result<BTreeMap<String, Vec<Zip>>, String> {
    let mut zips = BTreeMap::new();
    for student in (0..STUDENTS).map(|n| format!("burst-{n}")) {
        let of_student = (0..EACH).map(|n| zip(&format!("{student} {n}"))).collect::<Result<Vec<_>, _>>()?;
        queue.outbox(&student, &of_student)?;
        zips.insert(student, of_student);
    }
    Ok(zips)
}

/// Hands all of it in, and kills on the way; the jobs and their students.
fn hand_in_at_once(
    bed: &Bed,
    queue: &Queue,
    zips: &BTreeMap<String, Vec<Zip>>,
) -> Result<BTreeMap<String, String>, String> {
    let mut jobs = BTreeMap::new();
    let mut way = None;
    for n in 0..EACH {
        for (k, (student, zips)) in zips.iter().enumerate() {
            let zip = &zips[n];
            let mut times = 1;
            match n * STUDENTS + k {
                12 => queue.kill_one()?,
                25 => Kubectl::new("argo")
                    .ok(&["delete", "pods", "--selector", "app=workflow-controller", "--wait=false"])
                    .map(drop)?,
                // As a client that got no answer.
                all if all % 5 == 0 => times = 2,
                _ => {}
            }
            let mut told = BTreeSet::new();
            for _ in 0..times {
                let accepted = queue.hand_in(&mut way, ASSIGNMENT, student, zip)?;
                told.insert(accepted["standing"]["job"].as_str().unwrap_or_default().to_owned());
            }
            let job = told.pop_first().ok_or("a hand-in without a job")?;
            if !told.is_empty() {
                return Err(format!("one request, two jobs: {job} and {told:?}"));
            }
            jobs.insert(job, student.clone());
        }
    }
    if jobs.len() != STUDENTS * EACH {
        return Err(format!("{} jobs of {} hand-ins", jobs.len(), STUDENTS * EACH));
    }
    // One stage's pod, of whichever job comes to it first.
    let kubectl = bed.kubectl();
    let victim = kubectl.until("a pod of Verify", PATIENCE, |kubectl| {
        let pods = kubectl.list(&["pods", "--selector", "assay.dev/stage=verify"])?;
        let mut names =
            pods.iter().filter(|pod| !is_over(pod)).filter_map(|pod| pod["metadata"]["name"].as_str());
        Ok(names.find(|name| jobs.keys().any(|job| name.starts_with(&**job))).map(str::to_owned))
    })?;
    kubectl.ok(&["delete", "pod", &victim, "--grace-period=0", "--force"])?;
    Ok(jobs)
}

fn is_over(pod: &Value) -> bool {
    ["Succeeded", "Failed"].contains(&pod["status"]["phase"].as_str().unwrap_or_default())
}

/// All have a conclusion, and the right one; nothing else was started.
fn concluded(bed: &Bed, queue: &Queue, jobs: &BTreeMap<String, String>) -> Result<(), String> {
    let kubectl = bed.kubectl();
    let mut left = Vec::new();
    let requests = kubectl.until("all concluded", PATIENCE, |_| {
        let requests = queue.requests()?;
        left = requests
            .iter()
            .filter(|request| request["status"]["progress"] != "Concluded")
            .map(|request| request["metadata"]["name"].to_string())
            .collect();
        Ok(left.is_empty().then_some(requests))
    });
    let requests = requests.map_err(|error| format!("{error}: {left:?}"))?;
    let named = |request: &Value| request["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let ours: BTreeMap<String, &Value> = requests
        .iter()
        .filter(|request| request["spec"]["assignment"] == ASSIGNMENT)
        .map(|request| (named(request), request))
        .collect();
    if !ours.keys().eq(jobs.keys()) {
        return Err(format!("requests are not what was handed in: {:?}", ours.keys()));
    }
    let mut not_passed = Vec::new();
    for (job, request) in &ours {
        let status = &request["status"];
        if status["verdict"] != "passed" || status["points"] != "1" {
            not_passed.push(format!("{job}: {status}"));
        }
    }
    // Whose pod was killed in Verify may have been told so; nobody else may.
    if not_passed.len() > 1 || not_passed.iter().any(|why| !why.contains(r#""fault":"system""#)) {
        return Err(format!("not passed: {not_passed:#?}"));
    }
    let selector = "assay.dev/course=assay,assay.dev/assignment=burst";
    let workflows = kubectl.list(&["workflows", "--selector", selector])?;
    let made: BTreeSet<String> = workflows.iter().map(named).collect();
    if !made.iter().eq(jobs.keys()) {
        return Err(format!("Workflows are not what was handed in: {made:?}"));
    }
    let untitled: Vec<_> = workflows
        .iter()
        .filter(|job| job["metadata"]["labels"]["assay.dev/verdict"].is_null())
        .map(named)
        .collect();
    if untitled.is_empty() {
        Ok(())
    } else {
        Err(format!("tutors are not told how these ended: {untitled:?}"))
    }
}

/// No two jobs of a student were graded at once.
fn one_at_a_time(bed: &Bed, jobs: &BTreeMap<String, String>) -> Result<(), String> {
    let mut spans: BTreeMap<&str, Vec<(Timestamp, Timestamp, &str)>> = BTreeMap::new();
    for (job, student) in jobs {
        let ended = Job::named(bed, job)?.ended()?;
        // Argo counts a lock's wait as part of what waits, so the first and the last of the stages that it guards.
        let time = |stage: Stage, field: &str| -> Result<Timestamp, String> {
            let node = ended.node(stage.id()).ok_or_else(|| format!("{job} has no {stage}"))?;
            let text = node[field].as_str().unwrap_or_default();
            text.parse().map_err(|error| format!("{job}, {stage}, {field}: {error}"))
        };
        let span = (time(Stage::Verify, "startedAt")?, time(Stage::Finalise, "finishedAt")?, job.as_str());
        spans.entry(student).or_default().push(span);
    }
    for (student, mut spans) in spans {
        spans.sort();
        for pair in spans.windows(2) {
            let [(_, first_ended, first), (second_started, _, second)] = pair else { continue };
            if second_started < first_ended {
                return Err(format!("{first} and {second} of {student} at once"));
            }
        }
    }
    Ok(())
}

/// What was handed in before the due date is on time, though it ran after it.
fn on_time(bed: &Bed, folder: &Path, (job, _): &(String, Zip)) -> Result<(), String> {
    let job = Job::named(bed, job)?;
    let ended = job.ended()?;
    let setup = ended.node(Stage::Setup.id()).ok_or("no Setup")?;
    let handed_in: Timestamp =
        ended.argument("handed-in").unwrap_or_default().parse().map_err(|error| format!("{error}"))?;
    let set_up: Timestamp =
        setup["startedAt"].as_str().unwrap_or_default().parse().map_err(|error| format!("{error}"))?;
    let told = |name: &str| ended.input("results", name).map(str::to_owned).unwrap_or_default();
    let due: i64 = told("due").parse().map_err(|error| format!("due: {error}"))?;
    if !(handed_in.as_second() <= due && due < set_up.as_second()) {
        return Err(format!("nothing was tried: handed in {handed_in}, due {due}, set up {set_up}"));
    }
    if told("late-seconds") != "0" || told("outcome") != "accepted" {
        return Err(format!("handed in {handed_in}, due {due}: {} s late", told("late-seconds")));
    }
    let args = ["result", &job.name, "--assignment", "assay/dusk", "--output", "json"];
    let result = bed.in_cluster(folder, &args)?.ok()?;
    if result.contains("\"passed\"") { Ok(()) } else { Err(result) }
}

/// The same request again, when the Workflow is gone, is the same job and starts nothing.
fn again(bed: &Bed, queue: &Queue, (job, zip): &(String, Zip)) -> Result<(), String> {
    bed.kubectl().ok(&["delete", "workflow", job])?;
    Job::named(bed, job)?.forgotten()?;
    let accepted = queue.hand_in(&mut None, "assay/dusk", "dusk", zip)?;
    if accepted["standing"]["job"] != job.as_str() || accepted["standing"]["phase"] != "concluded" {
        return Err(format!("{job} again: {accepted}"));
    }
    // Longer than a server takes to make what it thinks is missing.
    std::thread::sleep(Duration::from_secs(20));
    let there = bed.kubectl().ok(&["get", "workflow", job, "--ignore-not-found"])?;
    if there.is_empty() { Ok(()) } else { Err(format!("{job} was started again")) }
}
