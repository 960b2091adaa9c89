//! What student code could leave where outcomes are kept, and what the engine could be made to say: Results believes none of
//! it, and Finalise signs none of it. Rows R3, R4, R8 and R9.

use assay_tests::stages::Stages;
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        r3_hostile_documents_are_not_believed,
        r3_the_same_document_in_other_bytes_is,
        r4_what_is_no_regular_file_is_neither_followed_nor_waited_for,
        r4_r8_what_changes_while_it_is_read_is_whole_or_suspect,
        r8_an_outcome_that_is_missing_cut_or_of_another_case_is_suspect,
        r8_outcomes_of_a_stage_that_did_not_run_are_suspect,
        r8_what_a_stage_finds_where_it_would_write_is_not_kept,
        r9_what_nobody_asked_for_earns_nothing,
        r9_marks_out_of_range_are_not_signed,
    ]
}

/// Runs Results and Finalise on what lies there, in a bounded time, and asserts how the first case ended; the second, of which
/// the program printed the wrong answer, is as ever.
const JUDGED: &str = r#"
setup
save left
judged() { # VERDICT WHAT
    (ulimit -v 400000; TRACE="timeout 5" results) >/tmp/said 2>&1 || { cat /tmp/said; fail "$2: Results ended with $?"; }
    finalise
    python3 - "$1" "$2" "$private/private.json" "$entry" <<'END'
import json, sys
expected, what, private, entry = sys.argv[1:]
private = json.load(open(private))
ends = [(case["verdict"], case["points"]) for case in private["cases"]]
assert ends[0] == (expected, 1 if expected == "passed" else 0), (what, ends, private["oddities"])
assert ends[1][0] == "wrong-output", (what, ends)
odd = private["oddities"]
assert expected != "suspect" or any(oddity["case"] == "case-001" and oddity["code"].startswith("outcome-") for oddity in odd), what
assert all(len(oddity["what"]) < 1000 and oddity["what"].isprintable() for oddity in odd), (what, odd)
assert json.load(open(entry))["points"] == ends[0][1], what
END
}
"#;

fn judged(script: &str) {
    Stages::of_a_job().script(&format!("{JUDGED}{script}"));
}

/// Makes /tmp/plant/N and, in /tmp/plant/N.name, what it is, out of the first case's outcome `good`.
const DOCUMENTS: &str = r#"
mkdir /tmp/plant
documents() {
    python3 - "$1" <<'END'
import json, sys
good = open("testing/case-001/outcome.json").read()
n = 0
def plant(name, content):
    global n
    n += 1
    open(f"/tmp/plant/{n}", "wb").write(content if isinstance(content, bytes) else content.encode())
    open(f"/tmp/plant/{n}.name", "w").write(name)
def changed(name, old, new):
    assert old in good, old
    plant(name, good.replace(old, new, 1))
document = json.loads(good)
def other(name, **fields):
    plant(name, json.dumps({**document, **fields}))
exec(open(sys.argv[1]).read())
END
}
each() { # VERDICT
    local n
    for n in $(ls /tmp/plant | grep -v name | sort -n); do
        restore left
        cp "/tmp/plant/$n" testing/case-001/outcome.json
        judged "$1" "$(cat "/tmp/plant/$n.name")"
    done
}
"#;

fn documents(python: &str, verdict: &str) {
    judged(&format!(
        "{DOCUMENTS}\ncat > /tmp/documents <<'END'\n{python}\nEND\ndocuments /tmp/documents; each {verdict}"
    ));
}

fn r3_hostile_documents_are_not_believed() {
    documents(
        r#"
end = '"end"'
changed("a key twice", end, '"id": "case-001", "end"')
changed("a key that nobody knows", end, '"points": 10, "end"')
plant("depth", good.replace(end, '"deep": ' + "[" * 100000 + "]" * 100000 + ', "end"', 1))
plant("depth without an end", "[" * 200000)
for name, number in [("too large a number", "1e999"), ("no number", "NaN"), ("infinity", "Infinity"), ("less than nothing", "-1"),
                     ("a negative zero", "-0"), ("2^64", str(1 << 64)), ("a fraction", "0.5"), ("text", '"5"'), ("nothing", "null"),
                     ("a long number", "1" * 100000), ("hexadecimal", "0x10"), ("a leading zero", "007")]:
    plant(name, json.dumps({**document, "stdout-bytes": 4242}).replace("4242", number))
plant("half a surrogate, escaped", good.replace("case-001", "case-001\\ud800", 1))
plant("a byte order mark", b"\xef\xbb\xbf" + good.encode())
plant("UTF-16", good.encode("utf-16"))
plant("no UTF-8", good.encode().replace(b"case-001", b"case-\xff\xfe", 1))
plant("a NUL", good.replace("case-001", "case-001\0", 1))
plant("comments", "/* */ " + good)
plant("two documents", good + good)
plant("something after it", good + "x")
plant("a list", "[" + good + "]")
plant("nothing at all", "")
plant("blanks", " " * 1000)
plant("more than it may be", good + " " * 300000)
plant("an end that is none", json.dumps({**document, "end": {"exited": 0, "signalled": 9}}))
other("a list as end", end=["exited", 0])
other("a status that is none", end={"exited": 256})
other("a name with control characters", **{"id\x1b[2J\n": 1})
other("an id that leads out", id="../case-002")
"#,
        "suspect",
    );
}

fn r3_the_same_document_in_other_bytes_is() {
    documents(
        r#"
plant("in one line", json.dumps(document))
plant("with blanks", json.dumps(document, indent="\t\r\n "))
plant("in another order", json.dumps(dict(reversed(document.items()))))
plant("with escapes", good.replace("case-001", "\\u0063ase-001"))
"#,
        "passed",
    );
}

fn r4_what_is_no_regular_file_is_neither_followed_nor_waited_for() {
    judged(
        r#"
for kind in fifo folder link loop dangling socket hard sparse nameless device; do
    for name in outcome.json stdout stderr; do
        restore left
        path="testing/case-001/$name"
        mv "$path" /tmp/moved
        case "$kind" in
            fifo) mkfifo "$path" ;;
            folder) mkdir -p "$path/$name" ;;
            link) ln -s /tmp/moved "$path" ;;
            loop) ln -s "$name" "$path" ;;
            dangling) ln -s /nowhere "$path" ;;
            socket) python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$path" ;;
            hard) cp /tmp/moved "$path"; ln "$path" testing/other ;;
            sparse) truncate -s 1T "$path" ;;
            nameless) ln -s /proc/self/fd/0 "$path" ;;
            device) ln -s /dev/zero "$path" ;;
        esac
        judged suspect "$kind at $name"
    done
done
# Folders on the way.
for trap in 'ln -s /tmp/moved testing/case-001' 'ln -s case-002 testing/case-001' 'mkfifo testing/case-001' ': > testing/case-001'; do
    restore left
    rm -rf /tmp/moved
    mv testing/case-001 /tmp/moved
    eval "$trap"
    judged suspect "$trap"
done
# What is closed is closed for a stage too, since it has no capabilities in a pod.
capless() { TRACE="timeout 5 setpriv --inh-caps=-all --bounding-set=-all" results; }
for closed in testing/case-001 testing/case-001/outcome.json testing/case-001/stdout; do
    restore left
    chmod 000 "$closed"
    capless >/tmp/said 2>&1 || fail "$closed: $(cat /tmp/said)"
    grep -q '"verdict": "suspect"' "$private/private.json" || fail "$closed is closed"
done
restore left
chmod 000 testing
capless
grep -q '"verdict": "suspect"' "$private/private.json" || fail "the volume is closed"
restore left
chmod 000 verification
capless
grep -q '"fault": "student"' "$private/private.json" || fail "the build's volume is closed"
# What stands beside the outcomes.
for name in confinement.json ../verification/confinement.json ../verification/log; do
    for trap in 'mkfifo' 'mkdir' 'ln -s /etc/passwd' 'truncate -s 1T'; do
        restore left
        rm -rf "testing/$name"
        $trap "testing/$name"
        judged passed "$trap $name"
        ! grep -q root:x "$private/private.json" || fail "$name was followed"
    done
done"#,
    );
}

fn r4_r8_what_changes_while_it_is_read_is_whole_or_suspect() {
    judged(
        r#"
cat > /tmp/racer.py <<'END'
import os, sys
case, good = sys.argv[1], open(sys.argv[1] + "/outcome.json").read()
os.chdir(case)
swaps = 0
while True:
    for n, make in enumerate([
        lambda: os.symlink("/etc/passwd", "new"),
        lambda: os.mkfifo("new"),
        lambda: os.mkdir("new"),
        lambda: open("new", "w").write(good),
        lambda: open("new", "w").write(good[:swaps % len(good)]),
        lambda: open("new", "w").write(good.replace('"exited": 0', '"exited": 1')),
        lambda: os.link("stdout", "new"),
    ]):
        try:
            make()
            if os.path.isdir("new") != os.path.isdir("outcome.json"):
                os.rename("outcome.json", "old")
            os.rename("new", "outcome.json")
        except OSError:
            pass
        for left in ["old", "new"]:
            try:
                os.rmdir(left) if os.path.isdir(left) and not os.path.islink(left) else os.unlink(left)
            except OSError:
                pass
        swaps += 1
        with open("/tmp/swaps.new", "w") as file: file.write(str(swaps))
        os.replace("/tmp/swaps.new", "/tmp/swaps")
END
race "$PWD/testing/case-001"
for try in $(seq 200); do
    rm -rf "$private" "$entry"
    TRACE="timeout 5" results
    python3 - "$private/private.json" <<'END'
import json, sys
private = json.load(open(sys.argv[1]))
first, second = private["cases"]
assert first["verdict"] in ("passed", "crashed", "suspect"), first
assert second["verdict"] == "wrong-output", second
assert "root:x" not in str(private)
END
done
kill "$racer"
[ "$(swaps)" -gt 2000 ] || fail "only $(swaps) swaps""#,
    );
}

fn r8_an_outcome_that_is_missing_cut_or_of_another_case_is_suspect() {
    documents(
        r#"
for length in range(len(good.rstrip())):
    if length % 7 == 0 or length > len(good.rstrip()) - 5:
        plant(f"cut after {length}", good[:length])
other("of another case", id="case-002")
other("of no case", id="case-999")
other("of another version", **{"api-version": "assay.dev/v0"})
other("longer than what is there", **{"stdout-bytes": document["stdout-bytes"] + 1})
other("shorter than what is there", **{"stdout-bytes": 0})
other("with errors that are not there", **{"stderr-bytes": 1})
"#,
        "suspect",
    );
    judged(
        r#"
rm testing/case-001/outcome.json; judged suspect "no outcome"
restore left; rm -r testing/case-001; judged suspect "nothing of it"
restore left; rm testing/case-001/stdout; judged suspect "no output"
restore left; echo >> testing/case-001/stdout; judged suspect "more output"
restore left; cp testing/case-002/outcome.json testing/case-001/outcome.json; judged suspect "the next case's outcome""#,
    );
}

fn r8_outcomes_of_a_stage_that_did_not_run_are_suspect() {
    judged(
        r#"
TEST_STATUS=Omitted TEST_EXIT=none results
python3 - "$private/private.json" <<'END'
import json, sys
private = json.load(open(sys.argv[1]))
assert [case["verdict"] for case in private["cases"]] == ["suspect"] * 2, private["cases"]
assert private["conclusion"]["points"] == 0 and len(private["oddities"]) == 2, private["oddities"]
END"#,
    );
}

/// Outcomes bear no mark of their job, so none may be there when Test begins: its volume is made for the job and goes with
/// it. What Test skips, because it is done, it has done itself.
fn r8_what_a_stage_finds_where_it_would_write_is_not_kept() {
    judged(
        r#"
echo '{"what": "is no outcome"}' > setup-configuration/outputs/outcome
echo forged > submission/plan.json
mkdir -p results/outputs; echo passed > results/outputs/verdict; echo 3 > results/outputs/points; echo '{}' > results/result.json
setup; judged passed "what was there before"
[ "$(known results verdict)" = wrong-output ] && [ "$(known results points)" = 1 ]
! grep -q forged submission/plan.json"#,
    );
}

fn r9_what_nobody_asked_for_earns_nothing() {
    judged(
        r#"
cp -r testing/case-001 testing/case-999; sed -i s/case-001/case-999/ testing/case-999/outcome.json
cp -r testing/case-001 testing/case-003; sed -i s/case-001/case-003/ testing/case-003/outcome.json
judged passed "more cases than there are"
[ "$(grep -c '"case-' "$private/private.json")" = 2 ] || fail "a case was added""#,
    );
    documents(
        r#"
other("points", points=3)
other("more time than there is", usage={**document["usage"], "cpu-ms": (1 << 64) - 1})
other("more memory than there is", usage={**document["usage"], "memory-bytes": (1 << 64) - 1})
"#,
        "suspect",
    );
    // Answers that are worth more than anything can be are the system's fault, and nobody's marks.
    Stages::of_a_job().script(
        r#"
setup
answers="private-results/tests/engine/answers/$revision/answers.json"
for points in 4000000 1e999 -1 0.0001; do
    python3 - "$answers" "$points" <<'END'
import re, sys
path, points = sys.argv[1:]
text = open(path).read()
open(path, "w").write(re.sub(r'("points": )[^,\n]*', lambda m: m[1] + points, text))
END
    code=0
    results >/tmp/said 2>&1 || code=$?
    case "$code" in
        32) ;;
        0) grep -q '"verdict": "not-run"' "$private/private.json" && grep -q '"fault": "system"' "$private/private.json" || fail "$points" ;;
        *) cat /tmp/said; fail "$points: $code" ;;
    esac
done"#,
    );
}

fn r9_marks_out_of_range_are_not_signed() {
    Stages::of_a_job().script(
        r#"
setup; results
before="$(everything .)"
for POINTS in 3.001 4 11 -1 1e999 1e0 0.0001 NaN '' 4294967296 18446744073709551617 '1,5' $'1\e[2J'; do
    ends 2 finalise "$POINTS"
    same "$before" "$(everything .)" "$POINTS"
    ! grep -q $'\e' /tmp/said || fail "$POINTS is not escaped"
done
unset POINTS
finalise
grep -q '"points": 1,' "$entry""#,
    );
}
