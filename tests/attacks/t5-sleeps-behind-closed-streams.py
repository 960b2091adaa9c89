# threat: T5; ends: time-limit
# Closes all of its streams and stops itself: nothing to read and nothing to wait for but the clock.
import os
import signal

for descriptor in range(3):
    os.close(descriptor)
os.kill(os.getpid(), signal.SIGSTOP)
