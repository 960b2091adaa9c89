//! Duties on folders in place of volumes: what is whole arrives, what is not changes nothing.

use std::fs;
use std::io::Cursor;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use assay_contract::answers::{
    AnswerCase, Answers, Compare, ExpectedExit, LatePenalty, Mode, Show, ShowFrom,
};
use assay_contract::configuration::{Configuration, Network, Schedule, SubmissionRules, TestCase, TestPlan};
use assay_contract::duties::{
    Document, HandIn, Left, Part, Place, Publish, Read, Reschedule, Swept, Unsigned,
};
use assay_contract::gradebook::GradebookEntry;
use assay_contract::receipts::{Received, Statement};
use assay_contract::{
    API_VERSION, AssignmentId, CaseId, Digest, JobId, Limits, Points, StudentId, Verdict, layout,
};
use serde::Serialize;
use tempfile::TempDir;

use super::*;
use crate::documents::digest;

fn sha(bytes: &[u8]) -> Digest {
    digest(Duty::Publish, bytes).unwrap()
}

fn assignment() -> AssignmentId {
    AssignmentId::new("c/a").unwrap()
}

fn revision() -> Digest {
    sha(b"revision")
}

const INPUT: &[u8] = b"1 2\n";
const OUTPUT: &[u8] = b"3\n";

/// A publication: the parts in the order of the stream.
fn publication(title: &str, points: u32, due: bool) -> (Publish, Vec<u8>) {
    let limits =
        Limits { cpu_ms: 1, wall_ms: 1, memory_bytes: 1, processes: 1, output_bytes: 1, disk_bytes: 1 };
    let configuration = Configuration {
        api_version: API_VERSION.into(),
        assignment: assignment(),
        revision: revision(),
        title: title.into(),
        rules: SubmissionRules {
            required: vec![],
            allowed: vec![],
            size_bytes: 1,
            unpacked_bytes: 1,
            files: 1,
            attempts: None,
            cooldown_seconds: 0,
        },
        overlay: vec![],
        build: None,
        test: TestPlan {
            cases: vec![TestCase {
                id: CaseId::at(0),
                run: vec!["./a".into()],
                stdin: Some(sha(INPUT)),
                limits,
            }],
            env: vec![],
            network: Network::None,
        },
    };
    let answers = Answers {
        api_version: API_VERSION.into(),
        assignment: assignment(),
        revision: revision(),
        title: title.into(),
        mode: Mode::Sealed,
        late: LatePenalty::default(),
        cases: vec![AnswerCase {
            id: CaseId::at(0),
            name: "one".into(),
            group: None,
            points: Points::from_thousandths(points).unwrap(),
            compare: Compare::Exact,
            stdout: Some(sha(OUTPUT)),
            exit: ExpectedExit::Any,
            show: Show::Diff,
            from: ShowFrom::Start,
            stdin: Some(sha(INPUT)),
            args: vec![],
            limits,
        }],
    };
    let late_seconds = u64::from(due);
    let schedule = Schedule { api_version: API_VERSION.into(), opens: None, due: None, late_seconds };
    let bodies = [
        (Place::Answers, json(&answers)),
        (Place::AnswerFile, OUTPUT.to_vec()),
        (Place::AnswerFile, INPUT.to_vec()),
        (Place::Configuration, json(&configuration)),
        (Place::ConfigurationFile, INPUT.to_vec()),
        (Place::Schedule, json(&schedule)),
    ];
    let parts = bodies.iter().map(|(place, bytes)| Part {
        place: *place,
        digest: sha(bytes),
        bytes: u64::try_from(bytes.len()).unwrap(),
    });
    let request = Publish {
        api_version: API_VERSION.into(),
        assignment: assignment(),
        revision: revision(),
        parts: parts.collect(),
    };
    (request, bodies.into_iter().flat_map(|(_, bytes)| bytes).collect())
}

fn json(document: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec_pretty(document).unwrap()
}

struct Volumes {
    private: TempDir,
    configuration: TempDir,
}

impl Volumes {
    fn new() -> Volumes {
        Volumes { private: TempDir::new().unwrap(), configuration: TempDir::new().unwrap() }
    }

    fn publish(&self, request: &Publish, body: &[u8]) -> Result<Answer, StageError> {
        let private = mounted(Volume::PrivateResults, self.private.path());
        let configuration = mounted(Volume::AssignmentConfiguration, self.configuration.path());
        publish::publish(request, &mut Cursor::new(body), &private, &configuration)
    }

    /// Every file and folder of both.
    fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for root in [&self.private, &self.configuration] {
            collect(root.path(), root.path(), &mut names);
        }
        names.sort();
        names
    }
}

fn collect(root: &Path, folder: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, names);
        } else {
            names.push(path.strip_prefix(root).unwrap().display().to_string());
        }
    }
}

fn mounted(volume: Volume, path: &Path) -> Mounted {
    Mounted::open_at(Duty::Publish, volume, path).unwrap()
}

fn published(answers: Left, configuration: Left, schedule: Left) -> Answer {
    Answer::Published { answers, configuration, schedule }
}

#[test]
fn a_revision_is_where_the_stages_look_and_cannot_be_changed() {
    let volumes = Volumes::new();
    let (request, body) = publication("t", 1_000, false);
    assert_eq!(volumes.publish(&request, &body).unwrap(), published(Left::New, Left::New, Left::New));
    let (revision, input, output) = (revision(), sha(INPUT), sha(OUTPUT));
    let mut expected = vec![
        format!("{}/answers.json", layout::answers_dir(&assignment(), &revision)),
        format!("{}/files/{input}", layout::answers_dir(&assignment(), &revision)),
        format!("{}/files/{output}", layout::answers_dir(&assignment(), &revision)),
        format!("{}/configuration.json", layout::revision_dir(&assignment(), &revision)),
        format!("{}/files/{input}", layout::revision_dir(&assignment(), &revision)),
        "c/a/schedule.json".to_owned(),
    ];
    expected.sort();
    assert_eq!(volumes.names(), expected);
    let mode = |path: &str| {
        volumes.configuration.path().join(path).metadata().unwrap().permissions().mode() & 0o7777
    };
    let folder = layout::revision_dir(&assignment(), &revision);
    assert_eq!(
        [mode(&folder), mode(&format!("{folder}/files")), mode(&format!("{folder}/configuration.json"))],
        [0o555, 0o555, 0o444]
    );
}

#[test]
fn publishing_again_changes_nothing_and_the_schedule_when_it_is_told() {
    let volumes = Volumes::new();
    let (request, body) = publication("t", 1_000, false);
    volumes.publish(&request, &body).unwrap();
    assert_eq!(volumes.publish(&request, &body).unwrap(), published(Left::Same, Left::Same, Left::Same));
    let before = volumes.names();
    let (request, body) = publication("another title", 1_000, true);
    let schedule = || fs::read(volumes.configuration.path().join("c/a/schedule.json")).unwrap();
    let old = schedule();
    assert_eq!(volumes.publish(&request, &body).unwrap(), published(Left::Same, Left::Same, Left::Kept));
    assert_eq!(schedule(), old, "jobs of other revisions are held to it");

    let Part { digest, bytes, .. } = request.parts.last().unwrap().clone();
    let new = &body[body.len() - usize::try_from(bytes).unwrap()..];
    let request = Reschedule { api_version: API_VERSION.into(), assignment: assignment(), digest, bytes };
    let configuration = mounted(Volume::AssignmentConfiguration, volumes.configuration.path());
    let reschedule = |body: &[u8]| publish::reschedule(&request, &mut Cursor::new(body), &configuration);
    assert_eq!(reschedule(&new[1..]).unwrap_err().exit, Exit::Interrupted);
    assert_eq!(reschedule(&old).unwrap_err().exit, Exit::DocumentDamaged);
    assert_eq!(schedule(), old);
    assert_eq!(reschedule(new).unwrap(), Answer::Rescheduled { schedule: Left::Replaced });
    assert_eq!(schedule(), new);
    assert_eq!(reschedule(new).unwrap(), Answer::Rescheduled { schedule: Left::Same });
    assert_eq!(volumes.names(), before);
}

#[test]
fn another_content_under_the_same_revision_is_refused_before_the_schedule_changes() {
    let volumes = Volumes::new();
    let (request, body) = publication("t", 1_000, false);
    volumes.publish(&request, &body).unwrap();
    let schedule = || fs::read(volumes.configuration.path().join("c/a/schedule.json")).unwrap();
    let before = schedule();
    let (request, body) = publication("t", 2_000, true);
    let error = volumes.publish(&request, &body).unwrap_err();
    assert_eq!(error.exit, Exit::DocumentDamaged);
    assert!(error.to_string().contains("is not overwritten"), "{error}");
    assert_eq!(schedule(), before);
}

#[test]
fn a_request_that_ends_early_publishes_nothing() {
    let (request, body) = publication("t", 1_000, false);
    for cut in (0..body.len()).step_by(41).chain([body.len() - 1]) {
        let volumes = Volumes::new();
        let error = volumes.publish(&request, &body[..cut]).unwrap_err();
        assert_eq!(error.exit, Exit::Interrupted, "{cut}: {error}");
        assert_eq!(volumes.names(), Vec::<String>::new(), "{cut}");
    }
}

#[test]
fn bytes_that_were_not_announced_publish_nothing() {
    let (request, body) = publication("t", 1_000, false);
    let volumes = Volumes::new();
    for place in (0..body.len()).step_by(97) {
        let mut body = body.clone();
        body[place] ^= 1;
        assert_eq!(volumes.publish(&request, &body).unwrap_err().exit, Exit::DocumentDamaged);
    }
    assert_eq!(volumes.names(), Vec::<String>::new());
}

#[test]
fn a_revision_with_a_content_too_few_or_too_many_is_refused() {
    let (request, body) = publication("t", 1_000, false);
    for (index, offset) in offsets(&request).into_iter().enumerate() {
        let mut fewer = request.clone();
        let part = fewer.parts.remove(index);
        let length = usize::try_from(part.bytes).unwrap();
        let body = [&body[..offset], &body[offset + length..]].concat();
        let volumes = Volumes::new();
        assert_eq!(volumes.publish(&fewer, &body).unwrap_err().exit, Exit::DocumentDamaged, "{part:?}");
        assert_eq!(volumes.names(), Vec::<String>::new());
    }
    let mut more = request;
    more.parts.push(Part { place: Place::ConfigurationFile, digest: sha(b"x"), bytes: 1 });
    let error = Volumes::new().publish(&more, &[&body[..], b"x"].concat()).unwrap_err();
    assert!(error.to_string().contains("does not name the content"), "{error}");
}

fn offsets(request: &Publish) -> Vec<usize> {
    let mut offset = 0;
    let each = request.parts.iter().map(|part| {
        let here = offset;
        offset += usize::try_from(part.bytes).unwrap();
        here
    });
    each.collect()
}

#[test]
fn what_an_older_run_left_is_removed() {
    let volumes = Volumes::new();
    let (request, body) = publication("t", 1_000, false);
    let left = volumes.configuration.path().join("c/a/.assay-unfinished-0");
    fs::create_dir_all(left.join("files")).unwrap();
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3_600);
    fs::File::open(&left).unwrap().set_modified(old).unwrap();
    volumes.publish(&request, &body).unwrap();
    assert!(!left.exists());
}

#[test]
fn a_zip_is_handed_in_once() {
    let claim = TempDir::new().unwrap();
    let student = mounted(Volume::Student, claim.path());
    let zip = b"PK";
    let request = HandIn { api_version: API_VERSION.into(), digest: sha(zip), bytes: 2 };
    let hand_in = |bytes: &[u8]| hand_in::hand_in(&request, &mut Cursor::new(bytes), &student);
    let path = claim.path().join(layout::outbox(&sha(zip)));
    assert_eq!(hand_in(b"P").unwrap_err().exit, Exit::Interrupted);
    assert_eq!(hand_in(b"PX").unwrap_err().exit, Exit::DocumentDamaged);
    assert!(!path.exists());
    assert_eq!(hand_in(zip).unwrap(), Answer::HandedIn { zip: Left::New });
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(hand_in(zip).unwrap(), Answer::HandedIn { zip: Left::Same });
}

#[test]
fn a_students_links_lead_nowhere() {
    let (claim, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let student = mounted(Volume::Student, claim.path());
    let request = HandIn { api_version: API_VERSION.into(), digest: sha(b"PK"), bytes: 2 };
    let hand_in = || hand_in::hand_in(&request, &mut Cursor::new(b"PK"), &student);
    symlink(elsewhere.path(), claim.path().join(".assay")).unwrap();
    assert!(hand_in().is_err());
    fs::remove_file(claim.path().join(".assay")).unwrap();
    fs::create_dir_all(claim.path().join(".assay/outbox")).unwrap();
    let path = claim.path().join(layout::outbox(&sha(b"PK")));
    symlink(elsewhere.path().join("x"), &path).unwrap();
    assert!(hand_in().is_err());
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn results_are_read_by_job() {
    let folder = TempDir::new().unwrap();
    let private = mounted(Volume::PrivateResults, folder.path());
    let of = |job| {
        let request = Read { api_version: API_VERSION.into(), assignment: assignment(), job };
        let Reply { answer, parts } = read::read(&request, &private).unwrap();
        let Answer::Documents { documents } = answer else { panic!("{answer:?}") };
        for (Document { digest, bytes, .. }, part) in documents.iter().zip(&parts) {
            assert_eq!((digest, *bytes), (&sha(part), u64::try_from(part.len()).unwrap()));
        }
        documents.into_iter().map(|document| document.name).collect::<Vec<_>>()
    };
    let job = |name: &str| JobId::new(name).unwrap();
    assert!(of(job("j-1")).is_empty());
    for (name, student) in [("j-1", "ada"), ("j-2", "bob")] {
        let entry = GradebookEntry {
            api_version: API_VERSION.into(),
            job: job(name),
            student: StudentId::new(student).unwrap(),
            digest: sha(b""),
            revision: revision(),
            handed_in: String::new(),
            verdict: Verdict::Passed,
            fault: None,
            points: Points::ZERO,
            max_points: Points::ZERO,
            counts: true,
        };
        let path =
            format!("{}/{}", layout::gradebook_dir(&assignment()), layout::gradebook_entry(&job(name)));
        private.write_once(&path, &json(&entry)).unwrap();
        let dir = layout::job_dir(&assignment(), &entry.student, &entry.job);
        private.write_once(&format!("{dir}/{}", layout::CONCLUDED), b"{}").unwrap();
    }
    assert_eq!(of(job("j-1")), ["concluded.json"]);
    assert!(of(job("j-3")).is_empty());
}

#[test]
fn a_sweep_lists_what_was_received_and_not_concluded() {
    let (raw_folder, private_folder) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let raw = mounted(Volume::RawSubmissions, raw_folder.path());
    let private = mounted(Volume::PrivateResults, private_folder.path());
    let key = assay_receipt::SigningKey::from_seed([1; 32]);
    let student = StudentId::new("ada").unwrap();
    let dir = layout::snapshots_dir(&assignment(), &student);
    let statement = |job: &str| Received {
        job: JobId::new(job).unwrap(),
        assignment: assignment(),
        revision: revision(),
        student: student.clone(),
        digest: sha(b"zip"),
        size_bytes: 3,
        handed_in: "2026-03-16T12:59:31Z".into(),
        late_seconds: 0,
        refused: None,
    };
    let lay = |volume: &Mounted, path: &str, bytes: &[u8]| volume.write_once(path, bytes).unwrap();
    for job in ["concluded", "lost", "again", "moved"] {
        lay(&raw, &format!("{dir}/{job}.zip"), b"zip");
    }
    lay(&raw, &format!("{dir}/unsigned.zip"), b"another zip");
    for job in ["concluded", "lost"] {
        let receipt = assay_receipt::sign(&Statement::Received(statement(job)), &key).unwrap();
        lay(&raw, &format!("{dir}/{job}.json"), receipt.as_bytes());
    }
    let receipt = assay_receipt::sign(&Statement::Received(statement("other")), &key).unwrap();
    lay(&raw, &format!("{dir}/moved.json"), receipt.as_bytes());
    lay(&raw, &format!("{dir}/{}", layout::attempt(1)), b"lost");
    lay(&private, &format!("{}/concluded.json", layout::gradebook_dir(&assignment())), b"{}");
    fs::create_dir(raw_folder.path().join("lost+found")).unwrap();

    let found = sweep::sweep(&raw, &private).unwrap();
    assert_eq!(found.received, [statement("lost")]);
    let unsigned = Unsigned {
        assignment: assignment(),
        student,
        job: JobId::new("unsigned").unwrap(),
        digest: sha(b"another zip"),
    };
    assert_eq!(found.unsigned, [unsigned], "of what `again` holds, another job has a receipt");
    assert_eq!(found.unreadable, ["c/a/ada/moved.json: it is a receipt of something else"]);
    assert_eq!(found.left_out, 0);
}

#[test]
fn volumes_on_which_nothing_was_received_have_nothing_to_sweep() {
    let (raw, private) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let raw = mounted(Volume::RawSubmissions, raw.path());
    let private = mounted(Volume::PrivateResults, private.path());
    assert_eq!(sweep::sweep(&raw, &private).unwrap(), Swept::default());
}

#[test]
fn a_request_is_one_whole_line_of_this_version() {
    let read = |text: &str| message::read(Duty::Read, &mut Cursor::new(text.as_bytes()));
    let good = r#"{"duty":"read","api-version":"assay.dev/v1","assignment":"c/a","job":"j-1"}"#;
    assert!(read(&format!("{good}\n")).is_ok());
    assert_eq!(read(good).unwrap_err().exit, Exit::Interrupted);
    assert_eq!(read("").unwrap_err().exit, Exit::Interrupted);
    for text in [good.replace("/v1", "/v2"), good.replace("j-1", "../x"), good.replace("assignment", "x")] {
        assert_eq!(read(&format!("{text}\n")).unwrap_err().exit, Exit::Usage, "{text}");
    }
}
