//! A job that is killed, or refused what it asks of storage, and runs again comes to what it came to: one snapshot, one
//! result, one receipt, one entry. Rows I3, S12, F1 and F6.

use assay_tests::stages::Stages;
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        s12_setup_is_killed_at_every_call_and_runs_again,
        s12_setup_is_refused_every_call_and_runs_again,
        f1_results_is_killed_at_every_call_and_runs_again,
        f1_results_is_refused_every_call_and_runs_again,
        f1_finalise_is_killed_at_every_call_and_runs_again,
        f1_finalise_is_refused_every_call_and_runs_again,
        s12_f1_stages_find_a_volume_full_or_read_only_and_run_again,
        s12_f1_slow_storage_changes_nothing,
        f1_another_measurement_does_not_undo_a_receipt,
        f1_a_schedule_that_changed_meanwhile_does_not_undo_a_receipt,
        i3_attempts_are_taken_once,
        f6_a_rescue_keeps_what_was_concluded,
        f6_a_rescue_concludes_what_nobody_concluded_as_the_systems_fault,
        trusted_stages_confine_themselves_before_they_read_anything,
    ]
}

/// `disturb STAGE KIND` stops a stage at each of its calls, one after another: by a signal, or by refusing the call as storage
/// does. What the job comes to when it goes on is the same as without.
const DISTURB: &str = r#"
calls=openat,openat2,read,write,pwrite64,copy_file_range,sendfile,ftruncate,fsync,fchmod,mkdirat,linkat,renameat,renameat2,unlinkat
from() { # the stage and those that come after it
    case "$1" in
        setup) setup && from results ;;
        results) results && from finalise ;;
        finalise) finalise ;;
    esac
}
after() { case "$1" in setup) from results ;; results) from finalise ;; finalise) ;; esac; }
state() { sums; everything student setup-configuration submission results finalisation | grep -v /.assay-unfinished-; }
anew() { # the volumes as STAGE finds them when it runs for the first time
    rm -rf "$snapshots" "$private" "$entry" "$told" setup-configuration/* submission/* results/* finalisation/*
    case "$1" in
        setup) ;;
        results) setup ;;
        finalise) setup; results ;;
    esac
    save anew
}
refusals=(ENOSPC EDQUOT EIO EROFS)
disturb() {
    local stage="$1" kind="$2" once whole call n code fault tried=0
    anew "$stage"
    TRACE="strace -f -o /tmp/trace -e trace=$calls" "$stage"
    # Each process counts for itself: the N-th call of either is disturbed.
    awk '
        $2 ~ /^[a-z0-9_]+[(]/ { call = $2; sub(/[(].*/, "", call); n = ++seen[$1, call]; if (n > most[call]) { most[call] = n; print call, n } }
    ' /tmp/trace >/tmp/points
    after "$stage"
    once="$(sums)" whole="$(state)"
    while read -r call n; do
        restore anew
        fault="signal=KILL"
        [ "$kind" = killed ] || fault="error=${refusals[$((tried % 4))]}"
        code=0
        TRACE="strace -f -o /tmp/trace -e inject=$call:$fault:when=$n" "$stage" >/tmp/said 2>&1 || code=$?
        case "$kind/$code" in
            # It went on without: what it could not do was not its duty, and it said so.
            refused/0) after "$stage"; same "$once" "$(sums)" "$call $n $fault" ;;
            # Faults of the system; no verdict on anybody.
            refused/3[0-9] | killed/137 | killed/31) from "$stage"; same "$whole" "$(state)" "$call $n $fault" ;;
            *) cat /tmp/said >&2; fail "$call $n $fault: it ended with $code" ;;
        esac
        tried=$((tried + 1))
    done </tmp/points
    [ "$tried" -gt 30 ] || fail "only $tried calls were tried"
    echo "$stage $kind: $tried calls"
}
"#;

fn disturbed(stage: &str, kind: &str) {
    Stages::of_a_job().script(&format!("{DISTURB}\ndisturb {stage} {kind}"));
}

fn s12_setup_is_killed_at_every_call_and_runs_again() {
    disturbed("setup", "killed");
}

fn s12_setup_is_refused_every_call_and_runs_again() {
    disturbed("setup", "refused");
}

fn f1_results_is_killed_at_every_call_and_runs_again() {
    disturbed("results", "killed");
}

fn f1_results_is_refused_every_call_and_runs_again() {
    disturbed("results", "refused");
}

fn f1_finalise_is_killed_at_every_call_and_runs_again() {
    disturbed("finalise", "killed");
}

fn f1_finalise_is_refused_every_call_and_runs_again() {
    disturbed("finalise", "refused");
}

fn s12_f1_stages_find_a_volume_full_or_read_only_and_run_again() {
    Stages::of_a_job().script(&format!(
        r#"{DISTURB}
shut() {{ # VOLUME KIND
    case "$2" in
        read-only) mount --bind "$1" "$1"; mount -o remount,bind,ro "$1" ;;
        full)
            rm -rf /tmp/content; cp -a "$1" /tmp/content
            mount -t tmpfs -o "nr_inodes=$(($(find /tmp/content | wc -l) + 1))" none "$1"
            cp -a /tmp/content/. "$1" ;;
    esac
}}
tried=0
for stage in setup results finalise; do
    anew "$stage"
    from "$stage"
    whole="$(state)"
    for volume in $(case "$stage" in
        setup) echo raw-submissions setup-configuration submission ;;
        results) echo private-results results ;;
        finalise) echo private-results finalisation ;;
    esac); do
        for kind in full read-only; do
            restore anew
            shut "$volume" "$kind"
            ends 31 "$stage"
            umount "/volumes/$volume"
            from "$stage"
            same "$whole" "$(state)" "$stage with $volume $kind"
            tried=$((tried + 1))
        done
    done
done
[ "$tried" = 14 ]
# A claim that cannot be written costs the student the news, and nothing else.
anew setup; from setup; once="$(sums)"
for kind in full read-only; do
    restore anew
    shut student "$kind"
    from setup 2>/tmp/said
    grep -q warning /tmp/said || fail "nobody is told that the student was not"
    same "$once" "$(sums)" "a claim that is $kind"
    umount /volumes/student
done"#
    ));
}

fn s12_f1_slow_storage_changes_nothing() {
    Stages::of_a_job().script(&format!(
        r#"{DISTURB}
anew setup
from setup
whole="$(state)"
restore anew
TRACE="strace -o /dev/null -e inject=openat2,fsync,linkat,renameat,renameat2:delay_exit=10000" from setup
same "$whole" "$(state)""#
    ));
}

fn f1_another_measurement_does_not_undo_a_receipt() {
    // The second run measures something else; what was signed holds.
    Stages::of_a_job().converges(
        r#"rm "$entry"
sed -i 's/"cpu-ms": [0-9]*/"cpu-ms": 7/' testing/case-*/outcome.json
setup; results; finalise"#,
    );
}

fn f1_a_schedule_that_changed_meanwhile_does_not_undo_a_receipt() {
    Stages::of_a_job().converges(
        r#"sed -i 's/"unix": 18[0-9]*/"unix": 1770000000/' assignment-configuration/tests/engine/schedule.json
setup; [ "$(known setup-configuration outcome)" = accepted ]; results; finalise"#,
    );
}

fn i3_attempts_are_taken_once() {
    Stages::of_a_job().converges(
        r#"setup; setup; [ "$(ls raw-submissions/tests/engine/local | grep -c attempt)" = 1 ]; results; finalise"#,
    );
}

fn f6_a_rescue_keeps_what_was_concluded() {
    Stages::of_a_job().converges(
        r#"told="$(cat student/.assay/tests/engine/$job/*)"
rm -r results/*; rescue
[ "$told" = "$(cat student/.assay/tests/engine/$job/*)" ]
rm student/.assay/tests/engine/$job/result.json; rescue
grep -q 'could not be delivered' student/.assay/tests/engine/$job/status.json"#,
    );
}

fn f6_a_rescue_concludes_what_nobody_concluded_as_the_systems_fault() {
    Stages::of_a_job().after_all(
        r#"rm -r results/* "$entry" "$private"; rescue
grep -q '"verdict": "not-run"' "$entry"; grep -q '"fault": "system"' "$entry"; grep -q '"counts": false' "$entry"
grep -q 'could not be graded' student/.assay/tests/engine/$job/status.json
grep -q 'could not be graded; that was not your fault' student/.assay/tests/engine/$job/result.html
first="$(sums)"; rescue; [ "$first" = "$(sums)" ]"#,
    );
}

fn trusted_stages_confine_themselves_before_they_read_anything() {
    Stages::of_a_job().after_all(
        r#"
processes=0
for stage in setup results finalise; do
    rm -f /tmp/trace.*
    TRACE="strace -ff -o /tmp/trace -e trace=seccomp,openat,openat2,execve" "$stage"
    for trace in /tmp/trace.*; do
        awk '
            /SECCOMP_SET_MODE_FILTER/ { confined = 1 }
            /[.](json|zip)"|"(log|stdout|stderr)"/ { if (!confined) { print "read before:", $0; exit }; read++ }
            /^execve/ && confined { print "started something:", $0; exit }
            END { exit !(confined && read) }
        ' "$trace" || { cat "$trace"; fail "$stage"; }
        processes=$((processes + 1))
    done
done
same "$processes" 4 "Setup has the zip read by a process of its own""#,
    );
}
