"""What a case that does nothing must find: itself alone, and its files as they were built. With the argument `built`, what the
build left is left alone: it is the submission's."""

import hashlib
import os
import sys


def session(pid):
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def sums():
    for folder, _, names in os.walk("."):
        for name in names:
            path = os.path.join(folder, name)
            if name != "untouched.sums":
                with open(path, "rb") as file:
                    yield f"{hashlib.sha256(file.read()).hexdigest()}  {path}\n"


found = []
# The stage and what holds it, with their threads; a case is a session of its own, and nobody enters another's.
known = {None, session(1), session(os.getppid()), session(0)}
found += [f"process {pid}" for pid in range(2, 40000) if session(pid) not in known]
for variable in ["HOME", "TMPDIR"]:
    found += [f"{variable} holds {name!r}" for name in os.listdir(os.environ[variable])]
if sys.argv[1:] != ["built"]:
    with open("untouched.sums", encoding="utf-8") as file:
        expected = set(file)
    found += [f"changed: {line!r}" for line in expected ^ set(sums())]
print("\n".join(found) or "untouched")
