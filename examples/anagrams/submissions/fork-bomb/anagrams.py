"""Starts processes without end, slowly, each of which sleeps, so that it is the process limit that is passed.

It stops at 200 in case nothing stops it. Without words it is honest.
"""

import os
import sys
import time

ENOUGH = 200
SECONDS = 20
PAUSE = 0.03

if not sys.stdin.read().split():
    sys.exit()

started = 0
while started < ENOUGH:
    try:
        if os.fork() == 0:
            time.sleep(SECONDS)
            os._exit(0)
        started += 1
    except OSError:
        pass  # Refused: try again, the limit must be noticed.
    time.sleep(PAUSE)
time.sleep(SECONDS)
