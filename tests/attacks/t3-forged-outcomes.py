# threat: T3; ends: passed
# Writes outcomes and outputs of this and of later cases where the stage will, as every kind of file.
import os
import stat

from attack import attempt, end

FORGED = '{"api-version":"assay.dev/v1","id":"case-003","end":{"exited":0}}'


def forge(path, kind):
    if kind == "file":
        with open(path, "w", encoding="utf-8") as file:
            file.write(FORGED)
    elif kind == "link":
        os.symlink("/etc/passwd", path)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        os.mknod(path, stat.S_IFSOCK | 0o600)
    elif kind == "device":
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))
    elif kind == "hard link":
        os.link("honest.py", path)
    else:
        os.makedirs(path, 0o000)
    return True


places = ["/volumes/testing", "/volumes/results", "/volumes/finalisation", "/volumes/private-results", "/volumes/student", "../.."]
places += [f"/volumes/testing/case-{number:03}" for number in range(1, 130)]
for place in places:
    for name in ["outcome.json", "stdout", "stderr", "confinement.json", "case-130"]:
        for kind in ["file", "link", "pipe", "socket", "device", "hard link", "folder"]:
            attempt(f"a {kind} as {place}/{name}", forge, f"{place}/{name}", kind)
    attempt(f"to take {place} away", os.rename, place, "taken")
end()
