"""Fills its directory with files, each small, until nothing more fits.

It stops at 64 MiB in case nothing stops it, and then waits, so that it is seen. Without words it is honest.
"""

import signal
import sys
import time

SIZE = 256 << 10
FILES = 256

if not sys.stdin.read().split():
    sys.exit()

for number in range(FILES):
    try:
        with open(f"full-{number:03}", "wb") as file:
            file.write(b"x" * SIZE)
    except OSError:
        pass  # Refused: try again, the limit must be noticed.
    time.sleep(0.005)
signal.pause()
