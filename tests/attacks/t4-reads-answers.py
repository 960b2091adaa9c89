# threat: T4; ends: passed
# Looks for plan, answers and inputs of other cases wherever they could be mounted.
import os

from attack import attempt, end, read

volumes = ["assignment-configuration", "private-results", "raw-submissions", "setup-configuration", "student", "results", "finalisation"]
for volume in volumes:
    attempt(f"volume {volume}", read, f"/volumes/{volume}")
for path in ["/volumes", "/volumes/submission", "/volumes/submission/plan.json", "/volumes/submission/files", "/volumes/testing",
             "/volumes/testing/case-001/stdout", "/volumes/testing/case-002/outcome.json", "/volumes/testing/scratch", "/volumes/verification/tree",
             "/volumes/verification/outcome.json", "..", "../.."]:
    if os.path.realpath(path) != os.path.realpath(".."):
        attempt(path, read, path)
# Its standard input is a file of the submission's volume: the way from there to its neighbours.
attempt("the input's folder", read, "/proc/self/fd/0/..")
attempt("the input's neighbours", os.listdir, os.path.dirname(os.readlink("/proc/self/fd/0")))
end()
