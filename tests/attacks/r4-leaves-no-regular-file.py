# threat: R4; ends: passed
# Leaves pipes, links, sockets and loops in everything that belongs to it; outputs are taken by pipe, and no file of this is opened.
import os
import socket

from attack import end

for number, folder in enumerate([".", "..", os.environ["HOME"], os.environ["TMPDIR"]]):
    for name in ["stdout", "outcome.json", "case-001", "work.link"]:
        try:
            os.mkfifo(f"{folder}/{name}")
        except OSError:
            pass
    os.symlink(f"loop{number}", f"{folder}/loop{number}")
    os.symlink("/dev/zero", f"{folder}/endless{number}")
    try:
        socket.socketpair()[0].bind(f"{folder}/socket")
    except OSError:
        pass
for folder in [os.environ["HOME"], os.environ["TMPDIR"]]:
    os.rename(folder, f"{folder}.gone")
    os.symlink("/etc", folder)
end()
