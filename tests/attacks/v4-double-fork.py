# threat: V4; ends: passed
# From a build: leaves daemons that ignore every signal, without streams, session or parent; they end with the stage.
import os
import signal
import time

from attack import end

for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
                signal.signal(number, signal.SIG_IGN)
            for descriptor in range(3):
                os.close(descriptor)
            os.chdir("/")
            time.sleep(1000)
        os._exit(0)
end()
