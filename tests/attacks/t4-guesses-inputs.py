# threat: T4; ends: passed
# Guesses the input of a hidden case and asks whether a file of that digest is there: Landlock does not rule what only looks.
import hashlib
import os

from attack import attempt, end

for guess in [b"canary-input-7c41\n", b"canary-input-7c41"]:
    digest = hashlib.sha256(guess).hexdigest()
    for path in [f"/volumes/submission/files/{digest}", f"/volumes/submission/files-/{digest}", f"/volumes/submission/{digest}"]:
        attempt("to confirm a guess", os.stat, path)
# Their folder has a name that would have to be found out first.
for look in [os.listdir, os.scandir]:
    attempt("to list names", look, "/volumes/submission")
end()
