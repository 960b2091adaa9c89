"""Takes memory and touches every byte of it, slowly enough to be watched.

It stops at 1 GiB in case nothing stops it. Without words it is honest.
"""

import sys
import time

STEP = 4 << 20
STEPS = 256

if not sys.stdin.read().split():
    sys.exit()

taken = []
for step in range(STEPS):
    try:
        taken.append(bytes([step % 255 + 1]) * STEP)
    except MemoryError:
        pass  # Refused: keep what there is, the limit must be noticed.
    time.sleep(0.01)
