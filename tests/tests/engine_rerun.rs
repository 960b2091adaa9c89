//! A job that is killed and runs again comes to what it came to: one snapshot, one result, one receipt, one entry.
//!
//! The trusted stages run by hand here, with the stage tool and the volumes that a run left, so that they can be stopped
//! between any two of their writes: by taking away what they would have written later.

use std::fs;
use std::process::Command;

use assay_contract::Exit;
use assay_tests::bench::{Bench, Kept};
use assay_tests::program::Who;

const ASSIGNMENT: &str = r#"
submit: {required: [main.sh], allowed: ["*.sh"], size: 1Mi, attempts: 3}
schedule: {zone: UTC, opens: 2026-01-01 00:00, due: 2030-01-01 00:00}
test:
  mode: sealed
  run: sh main.sh
  cases:
    - {name: one, stdin: "", stdout: one, points: 1}
    - {name: two, stdin: "", stdout: two, points: 2}
"#;

/// Makes `/volumes` in a root of its own out of a copy of the kept volumes, gives up what a first run signed, since its key
/// is gone, and defines the stages as they are called by an engine.
const STAGES: &str = r#"
set -eu
mount -t tmpfs none /mnt
for entry in /bin /dev /etc /lib* /proc /sbin /usr; do
    if [ -L "$entry" ]; then cp -P "$entry" /mnt; else mkdir "/mnt$entry" && mount --rbind "$entry" "/mnt$entry"; fi
done
cp -r "$KEPT" /mnt/volumes
cd /mnt/volumes
ASSAY_SIGNING_KEY="$(openssl genpkey -algorithm ed25519)"
export ASSAY_SIGNING_KEY
job="$(basename raw-submissions/tests/engine/local/*.zip .zip)"
digest="$(sha256sum raw-submissions/tests/engine/local/"$job".zip | cut -d' ' -f1)"
revision="$(ls assignment-configuration/tests/engine | grep -v json)"
private="private-results/tests/engine/local/$job"
entry="private-results/tests/engine/gradebook/$job.json"
rm "raw-submissions/tests/engine/local/$job.json" "$private/concluded.json" "$private/private.json" "$entry"
tool() { ${TRACE:-} chroot /mnt /volumes/submission/tool/assay-stage "$@"; }
known() { cat "$1/outputs/$2" 2>/dev/null || echo none; }
who() { echo --job "$job" --assignment tests/engine --revision "$revision" --student local --digest "$digest" --handed-in 2026-06-01T00:00:00Z; }
setup() { cp submission/tool/assay-stage /mnt/tool && ${TRACE:-} chroot /mnt /tool setup $(who); }
results() {
    tool results $(who) --setup-status Succeeded --setup-exit 0 --outcome "$(known setup-configuration outcome)" \
        --refusal none --late-seconds "$(known setup-configuration late-seconds)" --due "$(known setup-configuration due)" \
        --setup-cause none --verify-status Succeeded --verify-exit 0 --verify-cause none \
        --test-status Succeeded --test-exit 0 --test-cause none
}
finalise() {
    tool finalise $(who) --outcome "$(known setup-configuration outcome)" \
        --received-digest "$(known setup-configuration received-digest)" --network none --results-status Succeeded \
        --verdict "$(known results verdict)" --fault "$(known results fault)" --points "$(known results points)" \
        --max-points "$(known results max-points)" --private-digest "$(known results private-digest)" \
        --student-digest "$(known results student-digest)"
}
# As the handler of a job's exit calls Finalise, which knows nothing of the job.
rescue() {
    tool finalise $(who) --outcome none --received-digest none --network none --results-status Omitted --verdict none \
        --fault none --points none --max-points none --private-digest none --student-digest none
}
# All that may exist once.
sums() { find raw-submissions private-results -type f ! -name 'attempt-*' | sort | xargs sha256sum; }
setup; results; finalise
first="$(sums)"
"#;

#[track_caller]
fn converges(interruption: &str) {
    goes(&format!("{interruption}\n[ \"$first\" = \"$(sums)\" ] || {{ echo \"$first\"; sums; exit 9; }}"));
}

/// Runs a job, then its stages by hand, then this.
#[track_caller]
fn goes(script: &str) {
    let bench = Bench::new(Who::Caller, ASSIGNMENT);
    let submission = bench.submission("partly", "main.sh", "echo one\n");
    let (finished, kept) = bench.attempt_and_keep(&submission, &["--at", "2026-06-01 00:00"]);
    finished.ended(Exit::Done).graded("wrong-output", 1.0);
    run(&kept, &format!("{STAGES}\n{script}\n"));
}

#[track_caller]
fn run(kept: &Kept, script: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("script");
    fs::write(&file, script).expect("a script can be written");
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "bash"])
        .arg(&file)
        .env("KEPT", kept.path())
        .output()
        .expect("unshare is part of every Linux");
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{:?}: {said}", output.status);
}

#[test]
fn killed_between_receipt_and_gradebook_entry() {
    // The second run measures something else; what was signed holds.
    converges(
        r#"rm "$entry"
sed -i 's/"cpu-ms": [0-9]*/"cpu-ms": 7/' testing/case-*/outcome.json
setup; results; finalise"#,
    );
}

#[test]
fn killed_before_the_student_was_told() {
    converges(
        "rm -r student/.assay/tests; setup; results; finalise; [ -s student/.assay/tests/engine/$job/result.json ]",
    );
}

#[test]
fn killed_anywhere_in_setup() {
    for lost in [
        "submission/plan.json",
        "submission/tree",
        "setup-configuration/job.json",
        "setup-configuration/outputs",
    ] {
        converges(&format!(
            "mv submission/tool /mnt/kept-tool; rm -rf {lost}; mkdir -p submission; mv /mnt/kept-tool submission/tool; setup; results; finalise"
        ));
    }
}

#[test]
fn a_schedule_that_changed_meanwhile_does_not_undo_a_receipt() {
    converges(
        r#"sed -i 's/"unix": 18[0-9]*/"unix": 1770000000/' assignment-configuration/tests/engine/schedule.json
setup; [ "$(known setup-configuration outcome)" = accepted ]; results; finalise"#,
    );
}

#[test]
fn attempts_are_taken_once() {
    converges(
        r#"setup; setup; [ "$(ls raw-submissions/tests/engine/local | grep -c attempt)" = 1 ]; results; finalise"#,
    );
}

#[test]
fn a_rescue_keeps_what_was_concluded() {
    converges(
        r#"told="$(cat student/.assay/tests/engine/$job/*.json)"
rm -r results/*; rescue
[ "$told" = "$(cat student/.assay/tests/engine/$job/*.json)" ]
rm student/.assay/tests/engine/$job/result.json; rescue
grep -q 'could not be delivered' student/.assay/tests/engine/$job/status.json"#,
    );
}

#[test]
fn a_rescue_concludes_what_nobody_concluded_as_the_systems_fault() {
    goes(
        r#"rm -r results/* "$entry" "$private"; rescue
grep -q '"verdict": "not-run"' "$entry"; grep -q '"fault": "system"' "$entry"; grep -q '"counts": false' "$entry"
grep -q 'could not be graded' student/.assay/tests/engine/$job/status.json
first="$(sums)"; rescue; [ "$first" = "$(sums)" ]"#,
    );
}

#[test]
fn trusted_stages_confine_themselves_before_they_read_anything() {
    goes(
        r#"
export TRACE="strace -o trace -e trace=seccomp,openat,openat2"
for stage in setup results finalise; do
    "$stage"
    awk '
        /SECCOMP_SET_MODE_FILTER/ { confined = 1 }
        /[.](json|zip)"|"(log|stdout|stderr)"/ { if (!confined) { print "read before:", $0; exit }; read++ }
        END { exit !(confined && read) }
    ' trace || { cat trace; exit 9; }
done"#,
    );
}
