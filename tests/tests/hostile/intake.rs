//! What a student can do to the hand-in while it is taken in, and with a zip that no student's program made. Rows S1, S2 and S7.

use std::path::Path;

use assay_tests::stages::Stages;
use libtest_mimic::Trial;

use crate::builder::{Entry, Zip};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        s1_a_zip_that_is_not_the_announced_one_is_refused_before_it_is_read,
        s1_what_is_no_digest_is_refused_before_anything_is_written,
        s2_a_zip_that_is_swapped_all_the_time_is_the_announced_one_or_refused,
        s7_zips_with_too_much_are_refused_in_little_memory,
    ]
}

fn s1_a_zip_that_is_not_the_announced_one_is_refused_before_it_is_read() {
    Stages::of_a_job().script(
        r#"
good="$(mktemp)"; cp "$outbox" "$good"
anew() { rm -rf "$snapshots" setup-configuration/* submission/*; }
untouched() { # CODE WHAT
    refused "$1" "$2"
    [ ! -e "$snapshot" ] && [ ! -e "$snapshots/$job.json" ] || fail "$2: something was kept"
    [ -z "$(ls submission)" ] || fail "$2: something was laid out"
    same "$(known setup-configuration received-digest)" none "$2"
    grep -q '"state": "refused"' "$told/status.json" || fail "$2: the student was not told"
    # The job goes on to its conclusion.
    rm -rf testing/* verification/*
    VERIFY_STATUS=Skipped TEST_STATUS=Skipped VERIFY_EXIT=none TEST_EXIT=none results
    finalise
    grep -q '"verdict": "refused"' "$entry" || fail "$2: $(cat "$entry")"
    rm -rf "$private" "$entry" results/*
}
size="$(stat -c %s "$good")"
for at in 0 10 "$((size / 2))" "$((size - 1))"; do
    anew
    python3 - "$outbox" "$at" <<'END'
import sys
path, at = sys.argv[1], int(sys.argv[2])
content = bytearray(open(path, "rb").read())
content[at] ^= 1
open(path, "wb").write(content)
END
    setup
    untouched wrong-checksum "a bit at $at"
    cp "$good" "$outbox"
done
anew; : > "$outbox"; setup; untouched wrong-checksum "nothing"
anew; head -c -1 "$good" > "$outbox"; setup; untouched wrong-checksum "one byte less"
anew; (cat "$good"; echo) > "$outbox"; setup; untouched wrong-checksum "one byte more"
anew; rm "$outbox"; setup; untouched submission-missing "no zip"
for trap in 'mkdir' 'mkfifo' 'ln -s /tmp/zip' 'ln -s /nowhere' 'ln /tmp/zip'; do
    anew; rm -rf "$outbox"; cp "$good" /tmp/zip
    if [ "$trap" = 'ln /tmp/zip' ]; then cp "$good" student/other && ln student/other "$outbox"; else $trap "$outbox"; fi
    TRACE="timeout 5" setup
    untouched submission-missing "$trap"
done
anew; rm -rf "$outbox" student/other; cp "$good" "$outbox"; setup
same "$(known setup-configuration outcome)" accepted
cmp "$good" "$snapshot""#,
    );
}

fn s1_what_is_no_digest_is_refused_before_anything_is_written() {
    Stages::of_a_job().script(
        r#"
rm -rf "$snapshots" setup-configuration/* submission/*
whole="$digest" before="$(everything .)"
for digest in '' "${whole:1}" "${whole}0" "${whole^^}" "sha256:$whole" "../../${whole:6}" "${whole:0:63}/" "${whole:0:63}g"; do
    # An empty value stays a value.
    ends 2 /tool setup --job "$job" --assignment tests/engine --revision "$revision" --student local --digest "$digest" \
        --handed-in 2026-06-01T00:00:00Z
    same "$before" "$(everything .)" "'$digest'"
done"#,
    );
}

fn s2_a_zip_that_is_swapped_all_the_time_is_the_announced_one_or_refused() {
    Stages::of_a_job().script(
        r#"
cat > /tmp/racer.py <<'END'
import os, sys
path = sys.argv[1]
good = open(path, "rb").read()
os.chdir(os.path.dirname(path))
name, swaps = os.path.basename(path), 0
def write(content):
    with open("new", "wb") as file: file.write(content)
def append():
    with open(name, "ab") as file: file.write(b"x")
    os.truncate(name, len(good))
def overwrite():
    with open(name, "r+b") as file:
        file.write(b"PK\3\4 other")
        file.seek(0)
        file.write(good)
def renamed(make):
    def swap():
        make()
        os.rename("new", name)
    return swap
ways = [
    renamed(lambda: write(good)), append, overwrite, lambda: os.truncate(name, 100),
    renamed(lambda: write(good)), renamed(lambda: write(good[:-1] + b"x")), renamed(lambda: os.symlink("/etc/passwd", "new")),
    renamed(lambda: write(good)), renamed(lambda: os.mkfifo("new")), lambda: os.unlink(name),
    renamed(lambda: write(good)), renamed(lambda: os.link("new.zip", "new")),
]
open("new.zip", "wb").write(good)
while True:
    for way in ways:
        try:
            way()
        except OSError:
            pass
        try:
            os.unlink("new")
        except OSError:
            pass
        swaps += 1
        if swaps % 100 == 0:
            with open("/tmp/swaps.new", "w") as file: file.write(str(swaps))
            os.replace("/tmp/swaps.new", "/tmp/swaps")
END
whole="$digest"
race "$PWD/$outbox"
accepted=0 tries=0
while [ "$tries" -lt 300 ] || [ "$(swaps)" -lt 10000 ]; do
    rm -rf "$snapshots" setup-configuration/* submission/*
    TRACE="timeout 5" setup >/tmp/said 2>&1 || { cat /tmp/said; fail "Setup ended with $?"; }
    case "$(known setup-configuration outcome)/$(known setup-configuration refusal)" in
        accepted/none)
            same "$(sha256sum "$snapshot" | cut -d' ' -f1)" "$whole" "the snapshot"
            same "$(cat submission/tree/main.sh)" "echo one" "what was unpacked"
            accepted=$((accepted + 1)) ;;
        refused/wrong-checksum | refused/submission-missing) [ ! -e "$snapshot" ] && [ ! -e submission/tree ] || fail "something was kept" ;;
        *) fail "$(known setup-configuration outcome)/$(known setup-configuration refusal): $(cat /tmp/said)" ;;
    esac
    tries=$((tries + 1))
done
kill "$racer"
# The race was one: both ends were seen.
[ "$accepted" -gt 0 ] && [ "$accepted" -lt "$tries" ] || fail "$accepted of $tries were accepted""#,
    );
}

fn s7_zips_with_too_much_are_refused_in_little_memory() {
    let many = |n: usize| (0..n).map(|n| Entry::stored(format!("{n}.sh"), ""));
    let long = (0..2_000).map(|n| Entry::stored(format!("{n}{}", "/d".repeat(60)), ""));
    let zips = [
        ("too-many-files", Zip::of(many(65_534)).build()),
        ("too-many-files", Zip::of(many(300_000)).build()),
        ("too-deep", Zip::of(long).build()),
        ("name-too-long", Zip::of([Entry::stored("d/".repeat(32_000) + "f", "")]).build()),
        ("bad-name", Zip::of([Entry::stored("x".repeat(300), "")]).build()),
        (
            "accepted",
            Zip::of([Entry::file("main.sh", "x")]).with(|zip| zip.comment = vec![b'x'; 65_535]).build(),
        ),
    ];
    let stages = Stages::of_a_job_under(
        r#"required: [main.sh], allowed: ["**"], size: 256Mi, unpacked: 1Mi, files: 5000"#,
    );
    for (code, zip) in zips {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("zip");
        std::fs::write(&path, zip).expect("a zip can be written");
        refused_in_little_memory(&stages, &path, code);
    }
}

#[track_caller]
fn refused_in_little_memory(stages: &Stages, zip: &Path, code: &str) {
    stages.script_given(
        &[("zip", zip)],
        &format!(
            r#"
rm -rf "$snapshots" setup-configuration/* submission/*
digest="$(sha256sum /given/zip | cut -d' ' -f1)"
cp /given/zip "student/.assay/outbox/$digest.zip"
TRACE="timeout 30 /usr/bin/time -o /tmp/memory -f %M" setup
said="$(known setup-configuration refusal)"
[ "$said" != none ] || said="$(known setup-configuration outcome)"
same "$said" {code}
[ "$(cat /tmp/memory)" -lt 65536 ] || fail "it took $(cat /tmp/memory) KiB of memory""#
        ),
    );
}
