//! What comes of everything that can break: each row of [`faults::ROWS`], the student's next submission, and what is left
//! in the cluster.

use std::path::Path;
use std::sync::RwLock;
use std::time::Duration;

use assay_contract::gradebook::State;
use assay_contract::{Cause, Stage, Verdict, Volume};
use assay_tests_cluster::broken::{Submission, Variant};
use assay_tests_cluster::faults::{Conclusion, Deed, Ends, How, ROWS, Row};
use assay_tests_cluster::{Bed, Ended, Job, Kubectl, run, trial};
use assay_tests_stand_in::{ASLEEP, Act, KEPT, Kept, Moment, Order, Orders};
use serde_json::{Value, json};

/// All of these jobs were handed in then.
const HANDED_IN: &str = "2026-03-10T00:00:00Z";

/// Held for writing by a fault that reaches other jobs too.
static ALONE: RwLock<()> = RwLock::new(());

fn main() {
    run(|| {
        let tried =
            |strict| ROWS.iter().filter(move |row| row.is_tried(strict)).map(move |row| (row, strict));
        let mut rows: Vec<(&Row, bool)> = tried(false).chain(tried(true)).collect();
        // Whoever must be alone comes last, so that the others do not wait for each of them.
        rows.sort_by_key(|(row, _)| reaches_others(row));
        let name = |row: &Row, strict| if strict { format!("strict-{}", row.id) } else { row.id.to_owned() };
        // Where nothing can be full these are shown as ignored. `Bed::faults` fails where there is no cluster at all.
        let full = Bed::faults().is_ok_and(|bed| bed.sized.is_some());
        rows.into_iter()
            .map(|(row, strict)| {
                trial(name(row, strict), move || check(row, strict))
                    .with_ignored_flag(!full && needs_sized(row.how))
            })
            .collect()
    });
}

/// Whether this reaches other jobs than its own: all that asks for a pod meanwhile, or all that nobody concluded.
fn reaches_others(row: &Row) -> bool {
    matches!(row.how, How::NoStorage | How::Meanwhile(_, Deed::FillQuota | Deed::RestartController))
        || matches!(row.ends.conclusion, Conclusion::Swept)
}

fn check(row: &'static Row, strict: bool) -> Result<(), String> {
    let (_shared, _alone) = if reaches_others(row) {
        (None, Some(ALONE.write().map_err(|error| error.to_string())?))
    } else {
        (Some(ALONE.read().map_err(|error| error.to_string())?), None)
    };
    let bed = Bed::faults()?;
    let student = if strict { format!("strict-{}", row.id) } else { row.id.to_owned() };
    let variant = variant(row.how, strict);
    let folder = variant.published(&bed)?;
    let taken = matches!(row.how, How::NoStorage).then(|| TakenClass::of(&bed)).transpose()?;
    let job = start(&bed, row, variant, &folder, &student)?;
    if let How::Meanwhile(stage, deed) = row.how {
        job.said(stage, sign(stage, deed))?;
        job.seen_running(stage)?;
        do_it(&bed, &job, stage, deed)?;
    }
    let mut differences = Vec::new();
    if matches!(row.how, How::NoHome | How::NoCourse | How::NoStorage) {
        job.given_up(Stage::Setup)?;
        // Argo leaves such a pod, which would start beside Results when what it lacked comes back; which is first is chance.
        bed.kubectl().ok(&["delete", "pod", &job.pod(Stage::Setup)?, "--grace-period=0", "--force"])?;
        drop(taken);
        repair(&bed, row.how, &student)?;
    }
    let told = if row.ends.phase.is_none() {
        job.forgotten()?;
        None
    } else {
        let ended = job.ended()?;
        if made_again(row.how, &ended) {
            // Nothing broke, and the submission's own end is no part of the row.
            job.result(&folder)?;
            next(&bed, row.how, strict, &student)?;
            return job.gone();
        }
        compare_workflow(&ended, &row.ends, &mut differences)
    };
    compare_result(&job, &folder, &row.ends, told, &mut differences);
    if matches!(row.ends.conclusion, Conclusion::Swept) {
        sweep(&bed, &job)?;
    }
    let kept = next(&bed, row.how, strict, &student)?;
    compare_kept(&job, &kept, row.ends.conclusion, &mut differences);
    job.gone()?;
    if differences.is_empty() { Ok(()) } else { Err(format!("{}:\n{}", job.name, differences.join("\n"))) }
}

/// Whether Argo made a pod again that was deleted, or that went after it was evicted. It does so where its own container had not reported yet, also after it
/// noted the deletion (4.0.7: `NodePhase::Fulfilled` wants the report), so which it is, is chance.
fn made_again(how: How, ended: &Ended) -> bool {
    let How::Meanwhile(stage, Deed::DeletePod | Deed::EvictPod) = how else { return false };
    ended.node(stage.id()).is_some_and(|node| node["phase"] == "Succeeded")
        && ended.input("results", &format!("{stage}-status")) == Some("Succeeded")
}

/// What the log of a stage says when it waits for somebody to do something to it.
fn sign(stage: Stage, deed: Deed) -> &'static str {
    if is_slow(stage, deed) { "case 3 of 3" } else { ASLEEP }
}

/// Whether the submission itself takes its time, with two cases done; a job that runs again would do that again.
fn is_slow(stage: Stage, deed: Deed) -> bool {
    stage == Stage::Test && !matches!(deed, Deed::Terminate | Deed::DeleteJob)
}

/// Has a job run again that was not concluded, and waits for its end.
fn sweep(bed: &Bed, job: &Job) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    bed.kubectl().until(&format!("{} started again", job.name), Duration::from_secs(300), |_| {
        // Others may be beyond help; what became of this one is told.
        let told = bed.in_cluster(folder, &["sweep", "--young", "1", "--output", "json"])?.json()?;
        job.started_again(&told)
    })?;
    job.ended().map(drop)
}

fn needs_sized(how: How) -> bool {
    let fills = |order: &Order| matches!(order.act, Act::Fill(_));
    match how {
        How::FullHome | How::FullCourse | How::NoStorage => true,
        How::Orders(orders) => orders.iter().any(fills),
        How::Meanwhile(..) | How::NoImage | How::NoHome | How::NoCourse => false,
    }
}

fn variant(how: How, strict: bool) -> Variant {
    match how {
        How::Orders(_) | How::Meanwhile(..) | How::FullHome => Variant::of(strict),
        How::NoImage if strict => Variant::StrictNoImage,
        How::NoImage => Variant::NoImage,
        How::NoHome | How::NoStorage => Variant::Hasty,
        How::NoCourse => Variant::NoCourse,
        How::FullCourse => Variant::SmallCourse,
    }
}

/// Starts the job that is to break.
fn start(bed: &Bed, row: &Row, variant: Variant, folder: &Path, student: &str) -> Result<Job, String> {
    let once = |stage, moment, act| Order { stage, moment, act, runs: (1, 1) };
    let told = |breaks: &[Order]| Submission::new(&Orders { breaks: breaks.to_vec(), look: None });
    let submission = match row.how {
        How::Orders(orders) => told(orders)?,
        How::Meanwhile(stage, deed) if is_slow(stage, deed) => told(&[])?.with("slow", b"three")?,
        How::Meanwhile(Stage::Setup, _) => told(&[once(Stage::Setup, Moment::After, Act::Pause(20))])?,
        How::Meanwhile(stage, Deed::RestartController) => {
            told(&[once(stage, Moment::Before, Act::Pause(20))])?
        }
        // A job that runs again is to come to its end.
        How::Meanwhile(stage, Deed::Terminate | Deed::DeleteJob) => {
            told(&[once(stage, Moment::Before, Act::Pause(60))])?
        }
        How::Meanwhile(stage, _) => told(&[once(stage, Moment::Instead, Act::Sleep)])?,
        How::FullHome => {
            bed.claim(&format!("claim-{student}"), bed.sized.as_deref().unwrap_or_default(), "64Mi")?;
            let fill = once(Stage::Results, Moment::Before, Act::Fill(Volume::Student));
            told(&[fill, once(Stage::Finalise, Moment::After, Act::Empty(Volume::Student))])?
        }
        // More than the claim, and nothing that could be compressed.
        How::FullCourse => told(&[])?.with("noise", &noise(2 << 20))?,
        How::NoCourse => {
            bed.kubectl().ok(&["delete", "pvc", &submissions_of(variant), "--ignore-not-found"])?;
            told(&[])?
        }
        How::NoImage | How::NoStorage => told(&[])?,
        How::NoHome => return start_without_home(bed, variant, student),
    };
    Job::submit(bed, folder, submission.path(), student, HANDED_IN)
}

/// The claim of a course for submissions.
fn submissions_of(variant: Variant) -> String {
    format!("{}-{}", variant.course(), Volume::RawSubmissions)
}

/// `assay submit` would refuse; Argo's own does not.
fn start_without_home(bed: &Bed, variant: Variant, student: &str) -> Result<Job, String> {
    let kubectl = bed.kubectl();
    kubectl.ok(&["delete", "pvc", &format!("claim-{student}"), "--ignore-not-found"])?;
    let template = variant.template(bed)?;
    let digest = "0".repeat(64);
    let name = kubectl.run(
        &["create", "--output", "name", "--filename", "-"],
        &format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {{generateName: no-home-}}\nspec:\n  \
             workflowTemplateRef: {{name: {template}}}\n  arguments:\n    parameters:\n    - {{name: student, value: {student}}}\n    \
             - {{name: digest, value: \"{digest}\"}}\n"
        ),
    )?;
    let name = name.ok()?;
    Job::named(bed, name.trim().rsplit('/').next().unwrap_or_default())
}

/// Bytes that no compressor makes smaller: a generator of Lehmer's.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state: u64 = 20_260_310;
    let mut next = || {
        state = state * 48_271 % 2_147_483_647;
        state.to_le_bytes()[1]
    };
    (0..bytes).map(|_| next()).collect()
}

fn do_it(bed: &Bed, job: &Job, stage: Stage, deed: Deed) -> Result<(), String> {
    let kubectl = bed.kubectl();
    let shut_down = |how: &str| {
        let patch = format!("{{\"spec\": {{\"shutdown\": \"{how}\"}}}}");
        kubectl.ok(&["patch", "workflow", &job.name, "--type", "merge", "--patch", &patch]).map(drop)
    };
    match deed {
        Deed::DeletePod => {
            kubectl.ok(&["delete", "pod", &job.pod(stage)?, "--grace-period=0", "--force"]).map(drop)
        }
        Deed::EvictPod => {
            let (pod, namespace) = (job.pod(stage)?, &bed.namespace);
            let url = format!("/api/v1/namespaces/{namespace}/pods/{pod}/eviction");
            let eviction = format!(
                r#"{{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {{"name": "{pod}"}}}}"#
            );
            kubectl.run(&["create", "--raw", &url, "--filename", "-"], &eviction)?.ok().map(drop)
        }
        Deed::RestartController => Kubectl::new("argo")
            .ok(&["delete", "pods", "--selector", "app=workflow-controller", "--wait=false"])
            .map(drop),
        Deed::FillQuota => fill_quota(&kubectl, job),
        Deed::Stop => shut_down("Stop"),
        Deed::Terminate => shut_down("Terminate"),
        Deed::DeleteJob => kubectl.ok(&["delete", "workflow", &job.name, "--wait=false"]).map(drop),
    }
}

/// Lets nobody have another pod until one was refused.
fn fill_quota(kubectl: &Kubectl, job: &Job) -> Result<(), String> {
    kubectl.apply(
        "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: faults-full}\nspec: {scopes: [Terminating], hard: {pods: \"0\"}}",
    )?;
    let refused = kubectl.until("a pod that the quota refuses", Duration::from_secs(300), |kubectl| {
        let workflow = kubectl.ok(&["get", "workflow", &job.name, "--output", "json"])?;
        Ok(workflow.contains("exceeded quota").then_some(()))
    });
    kubectl.ok(&["delete", "resourcequota", "faults-full"])?;
    refused
}

/// Gives the cause that Results was told, where it is one of those that are expected.
fn compare_workflow(ended: &Ended, ends: &Ends, differences: &mut Vec<String>) -> Option<Cause> {
    let Ends { phase, cause, or, conclusion: _ } = ends;
    if Some(ended.phase()) != *phase {
        differences.push(format!("phase {}, expected {phase:?}", ended.phase()));
    }
    let mut found = None;
    for stage in [Stage::Setup, Stage::Verify, Stage::Test] {
        // Where Results did not run, nobody was told.
        let Some(told) = ended.input("results", &format!("{stage}-cause")) else { continue };
        let expected: Vec<Cause> = match cause {
            Some((of, cause)) if *of == stage => std::iter::once(*cause).chain(*or).collect(),
            _ => vec![Cause::None],
        };
        match expected.iter().find(|cause| cause.id() == told) {
            Some(Cause::None) => {}
            Some(cause) => found = Some(*cause),
            None => differences.push(format!("cause of {stage}: {told}, expected {expected:?}")),
        }
    }
    found
}

fn compare_result(job: &Job, folder: &Path, ends: &Ends, told: Option<Cause>, differences: &mut Vec<String>) {
    let found = job.result(folder);
    let expected = match ends.conclusion {
        Conclusion::Concluded(concluded) => {
            concluded.reason.map(|reason| (concluded, as_told(reason, ends, told)))
        }
        Conclusion::Swept | Conclusion::Received => None,
    };
    let Some((concluded, expected_reason)) = expected else {
        if let Ok(found) = found {
            differences.push(format!("a result where none was expected: {found}"));
        }
        return;
    };
    let found = match found {
        Ok(found) => found,
        Err(error) => return differences.push(format!("no result: {error}")),
    };
    let verdict = (found["verdict"].as_str(), found["fault"].as_str());
    if verdict != (Some(concluded.verdict.id()), concluded.fault.map(|fault| fault.id())) {
        differences.push(format!("verdict and fault {verdict:?}"));
    }
    let cases = found["cases"].as_array().into_iter().flatten();
    let kept = cases.filter(|case| case["verdict"] == Verdict::Passed.id()).count();
    if kept != concluded.kept {
        differences.push(format!("{kept} cases kept what they had earned, expected {}", concluded.kept));
    }
    match job.student_result(folder) {
        Ok(seen) if reason(&seen) == expected_reason => {}
        Ok(seen) => differences.push(format!("the student reads {:?}", reason(&seen))),
        Err(error) => differences.push(format!("no result for the student: {error}")),
    }
}

/// The sentence for the cause that Results was told, where it may be one of two.
fn as_told(reason: &str, ends: &Ends, told: Option<Cause>) -> String {
    match (ends.cause, ends.or) {
        (Some((_, cause)), Some(or)) if told == Some(or) => reason.replace(cause.sentence(), or.sentence()),
        _ => reason.to_owned(),
    }
}

/// Why a job did not pass, as its student reads it: of the job, otherwise of its first case.
fn reason(result: &Value) -> &str {
    let of_job = result["conclusion"]["reason"].as_str().unwrap_or_default();
    let cases = result["cases"].as_array().into_iter().flatten();
    let of_case = cases.filter_map(|case| case["reason"].as_str()).find(|reason| !reason.is_empty());
    if of_job.is_empty() { of_case.unwrap_or_default() } else { of_job }
}

/// The storage class of jobs, which the cluster does not have while this lives.
struct TakenClass {
    kubectl: Kubectl,
    manifest: String,
}

impl TakenClass {
    fn of(bed: &Bed) -> Result<Self, String> {
        let (kubectl, name) = (bed.kubectl(), bed.sized.as_deref().ok_or("no class of its own")?);
        let mut class = kubectl.get(&["storageclass", name])?;
        class["metadata"] = json!({"name": name});
        kubectl.ok(&["delete", "storageclass", name])?;
        Ok(Self { kubectl, manifest: class.to_string() })
    }
}

impl Drop for TakenClass {
    fn drop(&mut self) {
        // Whoever needs the class next says that it is missing.
        drop(self.kubectl.apply(&self.manifest));
    }
}

/// Makes what was missing.
fn repair(bed: &Bed, how: How, student: &str) -> Result<(), String> {
    match how {
        How::NoHome => bed.student(student),
        How::NoCourse => bed.claim(&submissions_of(Variant::NoCourse), &bed.courses, "64Mi"),
        // The class is back already.
        How::NoStorage => Ok(()),
        How::Orders(_) | How::Meanwhile(..) | How::NoImage | How::FullHome | How::FullCourse => Ok(()),
    }
}

/// The student's next submission, which passes; tells what is kept of all of them.
fn next(bed: &Bed, how: How, strict: bool, student: &str) -> Result<Kept, String> {
    // The gradebook is the course's, so this one is in the same.
    let variant = match how {
        How::FullCourse => Variant::SmallCourse,
        How::NoCourse => Variant::NoCourse,
        _ => Variant::of(strict),
    };
    let folder = variant.published(bed)?;
    let tell = Order { stage: Stage::Finalise, moment: Moment::After, act: Act::Tell, runs: (1, 1) };
    let submission = Submission::new(&Orders { breaks: vec![tell], look: None })?;
    let job = Job::submit(bed, &folder, submission.path(), student, HANDED_IN)?;
    let ended = job.ended()?;
    let line = job.said(Stage::Finalise, KEPT)?;
    let result = job.result(&folder)?;
    if ended.phase() != "Succeeded" || result["verdict"] != "passed" {
        return Err(format!("the next submission ended with {}: {result}", ended.phase()));
    }
    let text = line.split_once(KEPT).map_or("", |(_, text)| text);
    serde_json::from_str(text).map_err(|error| format!("{error}: {text}"))
}

fn compare_kept(job: &Job, kept: &Kept, conclusion: Conclusion, differences: &mut Vec<String>) {
    let passed = Some((Verdict::Passed, None, true));
    let (expected, told) = match conclusion {
        Conclusion::Concluded(concluded) => {
            let told = if concluded.delivered { State::Concluded } else { State::Received };
            (Some((concluded.verdict, concluded.fault, concluded.counts())), Some(told))
        }
        Conclusion::Swept => (passed, Some(State::Concluded)),
        Conclusion::Received => (None, Some(State::Received)),
    };
    let entry = kept.gradebook.iter().find(|entry| entry.job.as_str() == job.name);
    let found = entry.map(|entry| (entry.verdict, entry.fault, entry.counts));
    if found != expected {
        differences.push(format!("the gradebook has {found:?}, expected {expected:?}"));
    }
    let status = kept.statuses.iter().find(|status| status.job.as_str() == job.name);
    if status.map(|status| status.state) != told {
        differences.push(format!("the student was told {status:?}, expected {told:?}"));
    }
}
