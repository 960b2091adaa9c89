//! What is signed, and what lies in wait where the student is told. Rows I3 and F3 to F6.

use assay_tests::program;
use assay_tests::stages::Stages;
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        i3_two_setups_at_once_take_one_snapshot_and_one_attempt,
        f3_a_receipt_proves_nothing_but_what_was_signed,
        f4_without_a_good_key_nothing_is_written_and_with_it_the_job_goes_on,
        f5_what_lies_where_the_student_is_told_is_not_followed,
        f5_what_is_swapped_where_the_student_is_told_is_not_followed,
        f6_a_job_that_failed_leaves_the_result_of_an_earlier_one,
    ]
}

fn i3_two_setups_at_once_take_one_snapshot_and_one_attempt() {
    Stages::of_a_job().script(
        r#"
for try in $(seq 50); do
    rm -rf "$snapshots" setup-configuration/* submission/*
    setup & first=$!
    setup & second=$!
    code=0
    wait "$first" || code=$?
    wait "$second" || code=$code/$?
    # Whoever came second may find the other's half of a tree, and runs again; what is kept is kept once.
    setup
    same "$(ls "$snapshots" | sort | tr '\n' ' ')" "attempt-0001 $job.json $job.zip " "try $try, which ended with $code"
    same "$(sha256sum "$snapshot" | cut -d' ' -f1)" "$digest" "try $try"
done
results; finalise"#,
    );
}

fn f3_a_receipt_proves_nothing_but_what_was_signed() {
    Stages::of_a_job().script_given(
        &[("assay", program::assay())],
        r#"
setup; results; finalise
receipt="$private/concluded.json"
openssl pkey -in <(echo "$ASSAY_SIGNING_KEY") -pubout -out /tmp/key.pem
openssl genpkey -algorithm ed25519 | openssl pkey -pubout -out /tmp/other.pem
verify() { /given/assay receipt verify --key "${key:-/tmp/key.pem}" "$@"; }
verify "$receipt"
verify "$snapshots/$job.json" --zip "$snapshot"
key=/tmp/other.pem ends 35 verify "$receipt"
ends 35 verify "$receipt" --zip /given/script
python3 - "$receipt" <<'END'
import base64, json, os, sys
good = open(sys.argv[1], "rb").read()
os.mkdir("/tmp/forged")
n = 0
def forge(content):
    global n
    n += 1
    open(f"/tmp/forged/{n}", "wb").write(content)
for at in range(0, len(good), 3):
    for bit in (0, 6):
        changed = bytearray(good)
        changed[at] ^= 1 << bit
        forge(bytes(changed))
envelope = json.loads(good)
payload = json.loads(base64.b64decode(envelope["payload"]))
def signed(body):
    forge(json.dumps({**envelope, "payload": base64.b64encode(body.encode()).decode()}).encode())
text = base64.b64decode(envelope["payload"]).decode()
signed(json.dumps(dict(reversed(payload.items()))))
signed(text + " ")
signed(text.replace("1000", "1e3", 1))
signed(text.replace("1000", "3000", 1))
signed(text.replace("wrong-output", "passed"))
for kind in ("payloadType", "payload-type"):
    if kind in envelope:
        forge(json.dumps({**envelope, kind: envelope[kind] + "x"}).encode())
forge(good[:-20])
forge(b"")
forge(good + good)
# The order of the group added to S: the same equation, another signature.
L = 2 ** 252 + 27742317777372353535851937790883648493
signature = base64.b64decode(envelope["signatures"][0]["sig"])
S = int.from_bytes(signature[32:], "little") + L
other = json.loads(good)
other["signatures"][0]["sig"] = base64.b64encode(signature[:32] + S.to_bytes(32, "little")).decode()
forge(json.dumps(other).encode())
for point in (bytes(32), b"\1" + bytes(31)):
    other["signatures"][0]["sig"] = base64.b64encode(point + bytes(32)).decode()
    forge(json.dumps(other).encode())
END
for forged in /tmp/forged/*; do
    # A change that JSON does not tell apart leaves what was signed, and says the same.
    if verify "$forged" --output json >/tmp/said 2>/dev/null; then
        same "$(verify "$receipt" --output json)" "$(cat /tmp/said)" "$(cat "$forged")"
    fi
done
! verify /tmp/forged/1 2>/dev/null || fail "the first forgery is none"
# A receipt of another job does not stand in for this one's.
setup
cp "$snapshots/$job.json" "$receipt"
before="$(everything private-results student)"
ends 32 finalise
same "$before" "$(everything private-results student)" "a receipt of something else""#,
    );
}

fn f4_without_a_good_key_nothing_is_written_and_with_it_the_job_goes_on() {
    Stages::of_a_job().script(
        r#"
good="$ASSAY_SIGNING_KEY"
bad() { # KEY...: Setup and Finalise refuse it before they touch anything
    local before stage
    for stage in setup finalise; do
        before="$(everything .)"
        export ASSAY_SIGNING_KEY="$1"
        ends 34 "$stage"
        export ASSAY_SIGNING_KEY="$good"
        same "$before" "$(everything .)" "$stage with $2"
        [ -z "$1" ] || ! grep -qF "$(echo "$1" | sed -n 2p | head -c 30)" /tmp/said || fail "$stage tells $2: $(cat /tmp/said)"
    done
}
rm -rf "$snapshots" setup-configuration/* submission/*
all_bad() {
    bad "" "nothing"
    bad "$(openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 2>/dev/null)" "an RSA key"
    bad "$(openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256)" "a P-256 key"
    bad "$(openssl genpkey -algorithm x25519)" "an X25519 key"
    bad "$(openssl pkey -in <(echo "$good") -pubout)" "a public key"
    bad "$(openssl pkey -in <(echo "$good") -aes128 -passout pass:x)" "an encrypted key"
    bad "${good:0:60}" "half a key"
    bad "$good
$(openssl genpkey -algorithm ed25519)" "two keys"
}
all_bad
unset ASSAY_SIGNING_KEY
ends 34 setup
ends 34 finalise
export ASSAY_SIGNING_KEY="$good"
setup; results
all_bad
finalise
grep -q '"verdict": "wrong-output"' "$entry"
# A key that was changed between the two is said, and what was signed stays.
first="$(sums)"
ASSAY_SIGNING_KEY="$(openssl genpkey -algorithm ed25519)"
ends 32 setup
ends 32 finalise
same "$first" "$(sums)" "another key""#,
    );
}

fn f5_what_lies_where_the_student_is_told_is_not_followed() {
    Stages::of_a_job().script(
        r#"
mkdir /outside; echo mine > /outside/file; mkdir /outside/folder
rm -rf "$snapshots" "$told" setup-configuration/* submission/*
save anew
outside="$(everything /outside)"
tried=0
for path in student/.assay/tests student/.assay/tests/engine "$told" "$told"/{status,received,concluded,result}.json; do
    for trap in 'ln -s /outside/folder' 'ln -s /outside/file' 'ln -s /nowhere' 'ln -s ../../../../private-results' mkdir mkfifo \
        'cp /outside/file' 'ln /outside/file'; do
        for before in setup finalise; do
            restore anew
            plant() { rm -rf "$path"; mkdir -p "$(dirname "$path")"; $trap "$path"; }
            [ "$before" = finalise ] || plant
            TRACE="timeout 5" setup 2>/dev/null
            [ "$before" = setup ] || plant
            results
            TRACE="timeout 5" finalise 2>/dev/null
            same "$outside" "$(everything /outside)" "$trap $path before $before"
            grep -q '"verdict": "wrong-output"' "$entry" || fail "$trap $path before $before: it was not concluded"
            [ ! -e private-results/status.json ] || fail "$trap $path: it was followed"
            tried=$((tried + 1))
        done
    done
done
[ "$tried" = 112 ] || fail "$tried were tried""#,
    );
}

fn f5_what_is_swapped_where_the_student_is_told_is_not_followed() {
    Stages::of_a_job().script(
        r#"
mkdir -p /outside/folder; echo mine > /outside/file
outside="$(everything /outside)"
cat > /tmp/racer.py <<'END'
import os, shutil, sys
told = sys.argv[1]
parent, name = os.path.split(told)
os.chdir(os.path.dirname(parent))
course, swaps = os.path.basename(parent), 0
def gone(path):
    try:
        shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
    except OSError:
        pass
ways = [
    lambda: os.rename(f"{course}/{name}", "aside"),
    lambda: os.symlink("/outside/folder", f"{course}/{name}"),
    lambda: gone(f"{course}/{name}"),
    lambda: os.makedirs(f"{course}/{name}"),
    lambda: os.symlink("/outside/file", f"{course}/{name}/status.json"),
    lambda: os.rename(course, "course-aside"),
    lambda: os.symlink("/outside", course),
    lambda: gone(course),
    lambda: os.rename("course-aside", course),
    lambda: os.mkfifo(f"{course}/{name}/result.json"),
    lambda: os.link(f"{course}/{name}/received.json", f"{course}/{name}/concluded.json"),
    lambda: os.mkdir(f"{course}/{name}/concluded.json"),
    lambda: gone("aside"),
    lambda: gone("course-aside"),
]
while True:
    for way in ways:
        try:
            way()
        except OSError:
            pass
        swaps += 1
        if swaps % 100 == 0:
            with open("/tmp/swaps.new", "w") as file: file.write(str(swaps))
            os.replace("/tmp/swaps.new", "/tmp/swaps")
END
race "$PWD/$told"
tries=0
while [ "$tries" -lt 100 ] || [ "$(swaps)" -lt 5000 ]; do
    rm -rf "$snapshots" "$private" "$entry" setup-configuration/* submission/* results/* finalisation/*
    TRACE="timeout 5" setup 2>/dev/null; results; TRACE="timeout 5" finalise 2>/dev/null
    same "$outside" "$(everything /outside)" "try $tries"
    grep -q '"verdict": "wrong-output"' "$entry" || fail "try $tries was not concluded"
    tries=$((tries + 1))
done
kill "$racer""#,
    );
}

fn f6_a_job_that_failed_leaves_the_result_of_an_earlier_one() {
    Stages::of_a_job().after_all(
        r#"
kept() { cat "$entry" "$private"/*.json "$told"/*.json; }
good="$(kept)"
entry_of_good="$entry" private_of_good="$private" told_of_good="$told"
# Another job of the same student, which the system failed.
cp "$snapshot" "$snapshots/other-job.zip"
job=other-job entry="private-results/tests/engine/gradebook/other-job.json"
setup
rm -rf testing/* verification/* results/*
rescue
grep -q '"verdict": "not-run"' "$entry"; grep -q '"counts": false' "$entry"
entry="$entry_of_good" private="$private_of_good" told="$told_of_good"
same "$good" "$(kept)" "the earlier job"
grep -q '"counts": true' "$entry""#,
    );
}
