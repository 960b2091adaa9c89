//! Sweep: lists what was received and never concluded. It writes nothing, and starts nothing.
//!
//! A job is received when its receipt stands beside its snapshot, and concluded when its entry is in the gradebook, which
//! Finalise writes last of what it must. Receipts are read and not checked: the pod has no key, and Setup, which has one,
//! checks its own before it believes it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Read as _;

use assay_contract::duties::{DOCUMENTS_CAP, Swept, Unsigned, ZIP_CAP};
use assay_contract::receipts::{Received, Statement};
use assay_contract::{AssignmentId, Digest, Exit, JobId, StudentId, layout};
use assay_untrusted::{Error, Kind};
use sha2::{Digest as _, Sha256};

use crate::documents::Mounted;
use crate::error::StageError;

/// The most names in one folder: a gradebook has one for each job of an assignment.
const NAMES_CAP: u64 = 1 << 20;
/// How much of a snapshot is read at a time, in bytes.
const BUFFER: usize = 128 << 10;

pub(super) fn sweep(raw: &Mounted, private: &Mounted) -> Result<Swept, StageError> {
    let mut swept = Swept::default();
    // Storage has folders of its own, such as `lost+found`; what is called like no course is none.
    let is_course = |course: &String| AssignmentId::new(format!("{course}/x")).is_ok();
    for course in folders(raw, "")?.into_iter().filter(is_course) {
        for name in folders(raw, &course)? {
            let Ok(assignment) = AssignmentId::new(format!("{course}/{name}")) else { continue };
            let concluded: BTreeSet<String> =
                names(private, &layout::gradebook_dir(&assignment), Kind::Regular)?.into_iter().collect();
            for student in folders(raw, &layout::assignment_dir(&assignment))? {
                let Ok(student) = StudentId::new(student) else { continue };
                of_student(raw, &assignment, &student, &concluded, &mut swept)?;
            }
        }
    }
    Ok(swept)
}

fn of_student(
    raw: &Mounted,
    assignment: &AssignmentId,
    student: &StudentId,
    concluded: &BTreeSet<String>,
    swept: &mut Swept,
) -> Result<(), StageError> {
    let dir = layout::snapshots_dir(assignment, student);
    let files: BTreeSet<String> = names(raw, &dir, Kind::Regular)?.into_iter().collect();
    let jobs: BTreeSet<JobId> = files
        .iter()
        .filter_map(|file| file.strip_suffix(".zip").or_else(|| file.strip_suffix(".json")))
        .filter_map(|job| JobId::new(job).ok())
        .collect();
    let is_signed = |job: &JobId| files.contains(&layout::snapshot_receipt(job));
    let is_open = |job: &&JobId| !concluded.contains(&layout::gradebook_entry(job));
    // Only where one is needed: all receipts of the student are read for it.
    let mut signed: Option<BTreeSet<Digest>> = None;
    for job in jobs.iter().filter(is_open) {
        if !is_signed(job) {
            let path = format!("{dir}/{}", layout::snapshot(job));
            let digest = match hashed(raw, &path) {
                Ok(digest) => digest,
                Err(why) => {
                    note(&mut swept.unreadable, &mut swept.left_out, format!("{path}: {why}"));
                    continue;
                }
            };
            let signed = signed.get_or_insert_with(|| {
                let receipts = jobs.iter().filter(|job| is_signed(job));
                let read = receipts.filter_map(|job| received(raw, &dir, assignment, student, job).ok());
                read.map(|received| received.digest).collect()
            });
            if !signed.contains(&digest) {
                let (assignment, student) = (assignment.clone(), student.clone());
                let unsigned = Unsigned { assignment, student, job: job.clone(), digest };
                note(&mut swept.unsigned, &mut swept.left_out, unsigned);
            }
            continue;
        }
        match received(raw, &dir, assignment, student, job) {
            Ok(statement) => note(&mut swept.received, &mut swept.left_out, statement),
            Err(why) => {
                let path = format!("{dir}/{}", layout::snapshot_receipt(job));
                note(&mut swept.unreadable, &mut swept.left_out, format!("{path}: {why}"));
            }
        }
    }
    Ok(())
}

fn note<T>(list: &mut Vec<T>, left_out: &mut u64, it: T) {
    if u64::try_from(list.len()).is_ok_and(|length| length < DOCUMENTS_CAP) {
        list.push(it);
    } else {
        *left_out += 1;
    }
}

/// The SHA-256 of a snapshot, which may be large.
fn hashed(raw: &Mounted, path: &str) -> Result<Digest, String> {
    let mut zip = raw.root.open_file(path).map_err(|error| error.to_string())?.file.take(ZIP_CAP);
    let mut hash = Sha256::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        match zip.read(&mut buffer).map_err(|error| error.to_string())? {
            0 => break,
            length => hash.update(buffer.get(..length).unwrap_or_default()),
        }
    }
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Digest::new(hex).map_err(|error| error.to_string())
}

/// What a receipt says, if it is of the job in whose place it stands.
fn received(
    raw: &Mounted,
    dir: &str,
    assignment: &AssignmentId,
    student: &StudentId,
    job: &JobId,
) -> Result<Received, String> {
    let path = format!("{dir}/{}", layout::snapshot_receipt(job));
    let cap = u64::try_from(assay_receipt::MAX_BYTES).unwrap_or(u64::MAX);
    let bytes = raw.root.read(&path, cap).map_err(|error| error.to_string())?;
    match assay_receipt::read_unchecked(&bytes).map_err(|error| error.to_string())? {
        Statement::Received(received)
            if received.job == *job && received.assignment == *assignment && received.student == *student =>
        {
            Ok(received)
        }
        Statement::Received(_) | Statement::Concluded(_) | Statement::Ticket(_) => {
            Err("it is a receipt of something else".into())
        }
    }
}

fn folders(volume: &Mounted, dir: &str) -> Result<Vec<String>, StageError> {
    names(volume, dir, Kind::Directory)
}

/// The names of one kind in a folder, none where it is not there yet; names that are no text are none of ours.
fn names(volume: &Mounted, dir: &str, wanted: Kind) -> Result<Vec<String>, StageError> {
    let of_kind = |(name, kind): (OsString, Kind)| name.into_string().ok().filter(|_| kind == wanted);
    match volume.root.list(dir, NAMES_CAP) {
        Ok(names) => Ok(names.into_iter().filter_map(of_kind).collect()),
        Err(Error::Missing { .. }) => Ok(Vec::new()),
        Err(error) => Err(volume.error(Exit::Io, dir, error)),
    }
}
