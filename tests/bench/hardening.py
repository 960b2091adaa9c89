"""Runs Setup and Test by two stage tools in turn; the first process of a root and of process ids of its own (hardening.sh)."""

import hashlib
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

PAIRS, CASES = int(sys.argv[1]), int(sys.argv[2])
GIVEN, VOLUMES, KEPT = pathlib.Path("/given"), pathlib.Path("/volumes"), pathlib.Path("/given/kept")
TOOLS = ["hardened", "bare"]
REVISION = next(entry.name for entry in (KEPT / "assignment-configuration/bench/hardening").iterdir() if "json" not in entry.name)
KEY = (GIVEN / "key.pem").read_text()


def run(tool, *args):
    """Seconds by the clock, and on a processor with all that it started."""
    command = [f"/given/{tool}", *args]
    with open("/tmp/said", "wb") as said:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=said, stderr=said, env={"ASSAY_SIGNING_KEY": KEY, "PATH": os.environ["PATH"]})
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{command}: {child.returncode}: {pathlib.Path('/tmp/said').read_text()}")
    return wall, usage.ru_utime + usage.ru_stime


def fresh(*volumes):
    for volume in VOLUMES.iterdir():
        shutil.rmtree(volume)
    for volume in volumes:
        (VOLUMES / volume).mkdir()


def setup(tool, submission):
    fresh("student", "raw-submissions", "setup-configuration", "submission", "private-results")
    shutil.copytree(KEPT / "assignment-configuration", VOLUMES / "assignment-configuration")
    content = submission.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    outbox = VOLUMES / "student/.assay/outbox"
    outbox.mkdir(parents=True)
    (outbox / f"{digest}.zip").write_bytes(content)
    facts = ["--job", "bench", "--assignment", "bench/hardening", "--revision", REVISION, "--student", "bench"]
    took = run(tool, "setup", *facts, "--digest", digest, "--handed-in", "2026-03-01T00:00:00Z")
    assert (VOLUMES / "setup-configuration/outputs/outcome").read_text().strip() == "accepted"
    return took


def test(tool):
    fresh("testing")
    for volume in ["submission", "verification"]:
        shutil.copytree(KEPT / volume, VOLUMES / volume, symlinks=True)
    took = run(tool, "test")
    outcomes = list((VOLUMES / "testing").glob("**/outcome.json"))
    assert len(outcomes) == CASES, outcomes
    assert all('"exited":0' in outcome.read_text().replace(" ", "") for outcome in outcomes), outcomes[0].read_text()
    return took


def compare(what):
    """Medians of pairs: of both by the clock, their difference, their ratio; and the ratio on a processor."""
    pairs = []
    for round in range(PAIRS + 1):
        took = {tool: what(tool) for tool in (TOOLS if round % 2 else reversed(TOOLS))}
        # The first pair warms up what both read.
        if round:
            pairs.append([took[tool] for tool in TOOLS])
    median = lambda of: statistics.median(of(*pair) for pair in pairs)
    return {
        "hardened": median(lambda h, b: h[0]),
        "bare": median(lambda h, b: b[0]),
        "difference": median(lambda h, b: h[0] - b[0]),
        "ratio": median(lambda h, b: h[0] / b[0]),
        "cpu difference": median(lambda h, b: h[1] - b[1]),
        "cpu ratio": median(lambda h, b: h[1] / b[1]),
    }


def row(name, took, per, aim):
    ms = lambda seconds: f"{seconds * 1000 / per:.2f}"
    print(
        f"| {name} | {ms(took['hardened'])} | {ms(took['bare'])} | {ms(took['difference'])} | {took['ratio']:.3f} "
        f"| {ms(took['cpu difference'])} | {took['cpu ratio']:.3f} | {aim} |",
        flush=True,
    )


print(f"medians of {PAIRS} pairs, in milliseconds:")
print("| | hardened | without | difference | ratio | difference on a processor | ratio | aim |")
print("|---|---|---|---|---|---|---|---|")
for submission in sorted((GIVEN / "zips").iterdir(), key=lambda path: path.stat().st_size):
    row(f"setup, {submission.stem}", compare(lambda tool: setup(tool, submission)), 1, "ratio at most 1.08")
row(f"a case that does nothing, of {CASES}", compare(test), CASES, "difference at most 2")
