//! All that a student gets where trusted stages run by hand: refused what they ask of storage, rescued, run again.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use assay_contract::{Cause, Exit};
use assay_tests::bench::Kept;
use assay_tests::program::Who;
use assay_tests::stages::Stages;
use libtest_mimic::Trial;

use super::canaries::{FOLDER, HOST, Kind, NAME_OF_STAGE, STUDENT, Secrets, VALUE_OF_STAGE};
use super::curious::Curious;
use super::told::Told;

pub(super) fn trials() -> Vec<Trial> {
    trials![
        f1_f2_f6_a_job_that_is_refused_rescued_or_run_again_tells_no_secret,
        s12_f1_f2_a_job_without_its_volumes_or_documents_tells_no_secret,
        t5_f2_f6_a_job_whose_pods_ended_tells_no_secret,
    ]
}

/// `stage STAGE…` runs a stage among planted words; `told END TEXT` keeps all that the student has then, in which TEXT stands,
/// and what the stages said, and begins anew.
const ENDS: &str = r#"
hostname "$host"
export "$name=$value" HOME="/tmp/$folder" TMPDIR="/tmp/$folder"
mkdir "$HOME"
openssl pkey -in <(echo "$ASSAY_SIGNING_KEY") -outform DER | tail -c 32 >/left/key
# Others have handed in too, and have marks.
mkdir -p "raw-submissions/tests/engine/$student" "private-results/tests/engine/$student/$student" private-results/tests/engine/gradebook
cp "$snapshot" "raw-submissions/tests/engine/$student/$student.zip"
echo '{"student": "'"$student"'"}' | tee "private-results/tests/engine/$student/$student/private.json" \
    >"private-results/tests/engine/gradebook/$student.json"
cat >/tmp/witness <<'END'
{ env; uname -n; ls /volumes/private-results/tests/engine; } >>/left/witness 2>/dev/null
exec "$@"
END
stage() {
    local code=0
    TRACE="bash /tmp/witness" "$@" >>/tmp/said 2>&1 || code=$?
    echo "$code" >>/tmp/codes
}
all() { stage setup; stage results; stage finalise; }
told() {
    grep -rqF "$2" "$told" 2>/dev/null || fail "$1: nothing says '$2': $(cat "$told"/*.json; cat /tmp/said /tmp/codes)"
    mkdir -p "/left/ends/$1"
    cp -r student /tmp/said /tmp/codes "/left/ends/$1"
    rm /tmp/said /tmp/codes
    restore anew
}
rm -rf "$snapshots" "$told" setup-configuration/* submission/* results/* finalisation/*
save anew
"#;

/// A job that was graded, full of planted words.
fn job() -> Kept {
    let curious = Curious::new(Who::Caller);
    let (attempt, kept) =
        curious.attempt_and_keep(&curious.submission("true"), &["--at", "2026-06-01 00:00"]);
    attempt.finished.ended(Exit::Done);
    kept
}

/// Runs `script` on a job, and searches all that it came to: as many ends as are named.
#[track_caller]
fn tells_no_secret(script: &str, ends: usize) {
    let planted =
        format!("host={HOST} name={NAME_OF_STAGE} value={VALUE_OF_STAGE} folder={FOLDER} student={STUDENT}");
    let left = Stages::of(job()).script_leaving(&[], &format!("{planted}\n{ENDS}\n{script}"));
    let left = left.path();
    was_as_planted(left);
    let key: [u8; 32] = fs::read(left.join("key")).expect("a key").try_into().expect("a key has 32 bytes");
    let secrets = Secrets::of_students().and_key(key);
    // What a stage says is for tutors and operators, who may see answers and volumes anyway.
    let private = Secrets::of(|kind| matches!(kind, Kind::Environment | Kind::Host | Kind::Student));
    let private = private.and_key(key);
    let mut found = 0;
    for entry in fs::read_dir(left.join("ends")).expect("the script came to ends") {
        let path = entry.expect("an end").path();
        let end = path.file_name().expect("a name").to_string_lossy().into_owned();
        Told::in_claim(&end, &path.join("student")).holds_none_of(&secrets);
        private.are_not_in(&end, &fs::read(path.join("said")).expect("what the stages said"));
        for code in fs::read_to_string(path.join("codes")).expect("how the stages ended").lines() {
            let documented = code.parse().ok().and_then(Exit::from_code);
            assert!(documented.is_some(), "{end}: {code} is no exit code of a stage");
        }
        found += 1;
    }
    assert_eq!(found, ends);
}

#[track_caller]
fn was_as_planted(left: &Path) {
    let witness = fs::read_to_string(left.join("witness")).expect("stages ran");
    let variable = format!("{NAME_OF_STAGE}={VALUE_OF_STAGE}");
    for line in [variable, HOST.into(), STUDENT.into(), format!("TMPDIR=/tmp/{FOLDER}")] {
        assert!(witness.lines().any(|there| there == line), "{line} is not in {witness}");
    }
    assert!(witness.contains("ASSAY_SIGNING_KEY=-----BEGIN"), "{witness}");
}

fn f1_f2_f6_a_job_that_is_refused_rescued_or_run_again_tells_no_secret() {
    tells_no_secret(
        r#"
all; told graded 'was graded'
all; all; told again 'was graded'
all; stage rescue; told graded-and-rescued 'was graded'
all; rm "$told/result.json"; stage rescue; told undelivered 'could not be delivered'
stage rescue; told rescued 'could not be graded'
stage setup; stage rescue; told rescued-after-setup 'could not be graded'
stage setup; stage results; stage rescue; told rescued-after-results 'could not be graded'
nothing_ran() { VERIFY_STATUS=Skipped TEST_STATUS=Skipped VERIFY_EXIT=none TEST_EXIT=none "$@"; }
refused() { rm -rf testing/* verification/*; stage setup; stage nothing_ran results; stage finalise; }
echo >>"$outbox"; refused; told other-zip checksum
rm "$outbox"; refused; told no-zip '"state": "refused"'
ln -sf /etc/passwd "$outbox"; refused; rm "$outbox"; told linked-zip '"state": "refused"'
# What another key has signed is nothing that a stage may go on from.
good="$ASSAY_SIGNING_KEY"
stage setup; stage results; ASSAY_SIGNING_KEY="$(openssl genpkey -algorithm ed25519)"
stage setup; stage finalise; ASSAY_SIGNING_KEY="$good"; stage rescue; told other-key '"message"'
ASSAY_SIGNING_KEY="${good:0:90}" stage setup; stage rescue; told half-a-key 'could not be graded'"#,
        12,
    );
}

fn s12_f1_f2_a_job_without_its_volumes_or_documents_tells_no_secret() {
    tells_no_secret(
        r#"
for volume in assignment-configuration raw-submissions private-results setup-configuration submission verification testing results finalisation; do
    mv "$volume" /tmp/away; all; mv /tmp/away "$volume"
    stage rescue; told "no-$volume" '"message"'
    mount --bind "$volume" "$volume"; mount -o remount,bind,ro "$volume"; all; umount "/volumes/$volume"
    stage rescue; told "read-only-$volume" '"message"'
done
configuration="assignment-configuration/tests/engine/$revision/configuration.json"
answers="private-results/tests/engine/answers/$revision/answers.json"
for document in "$configuration" "$answers" assignment-configuration/tests/engine/schedule.json; do
    name="$(basename "$document")"
    rm "$document"; all; stage rescue; told "no-$name" '"message"'
    # A reader that says what it met says words of the document.
    for word in name stdin points unix; do
        sed -i "s/\"$word\"/\"canary-name-$word\"/" "$document"
    done
    all; stage rescue; told "other-words-in-$name" '"message"'
    truncate -s -30 "$document"; all; stage rescue; told "half-$name" '"message"'
    head -c 3000 /dev/urandom >"$document"; all; stage rescue; told "noise-in-$name" '"message"'
done
for document in verification/outcome.json testing/confinement.json testing/case-001/outcome.json testing/case-010/outcome.json; do
    echo '{"canary": "none"}' >"$document"; all; told "other-${document//\//-}" 'was graded'
    rm "$document"; all; told "no-${document//\//-}" 'was graded'
done"#,
        18 + 12 + 8,
    );
}

fn t5_f2_f6_a_job_whose_pods_ended_tells_no_secret() {
    let mut script = String::new();
    let mut ends = 0;
    for cause in Cause::ALL.iter().map(|cause| cause.id()) {
        for (status, exit) in [("Failed", "137"), ("Error", "none")] {
            // Writing to a string cannot fail.
            let _infallible = writeln!(
                script,
                "rm -rf verification/* testing/*; stage setup
VERIFY_STATUS={status} VERIFY_EXIT={exit} VERIFY_CAUSE={cause} TEST_STATUS=Omitted TEST_EXIT=none stage results
stage finalise; told verify-{status}-{cause} 'was graded'
rm -rf testing/case-001 testing/case-010; stage setup
TEST_STATUS={status} TEST_EXIT={exit} TEST_CAUSE={cause} stage results
stage finalise; told test-{status}-{cause} 'was graded'"
            );
            ends += 2;
        }
    }
    tells_no_secret(&script, ends);
}
