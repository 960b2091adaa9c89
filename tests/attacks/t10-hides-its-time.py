# threat: T10; ends: time-limit
# Computes in threads and children that nobody waits for, and leaves them to the first process of the stage.
import os
import threading
import time


def compute():
    while True:
        pass


for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            threading.Thread(target=compute, daemon=True).start()
            compute()
        os._exit(0)
time.sleep(100)
