# threat: V3; ends: passed
# From a build: moves, links and exchanges its way out of its own directory.
import ctypes
import os

from attack import attempt, end

libc = ctypes.CDLL(None, use_errno=True)
os.mkdir("box")
for target in ["/volumes/verification", "/volumes/submission", "/volumes/submission/tree", "/volumes/verification/scratch", "/usr", "/etc", "/tmp", "/"]:
    attempt(f"to move out to {target}", lambda: os.rename("box", f"{target}/box") is None)
    attempt(f"to link out to {target}", lambda: os.link("honest.py", f"{target}/linked") is None)
    attempt(f"to exchange {target}", lambda: libc.renameat2(-100, b"box", -100, target.encode(), 2) == 0)
    attempt(f"to replace {target}", lambda: os.symlink("box", f"{target}/linked") is None)
    attempt(f"to make {target}/made", lambda: os.mkdir(f"{target}/made") is None)
for file in ["/volumes/submission/plan.json", "/volumes/submission/tool/assay-stage", "/etc/passwd", "/volumes/submission/tree/run.sh"]:
    attempt(f"to link {file}", lambda: os.link(file, "taken") is None)
    attempt(f"to take {file}", lambda: os.rename(file, "taken") is None)
    attempt(f"to open {file}", os.open, file, os.O_WRONLY)
    attempt(f"to empty {file}", lambda: os.truncate(file, 0) is None)
end()
