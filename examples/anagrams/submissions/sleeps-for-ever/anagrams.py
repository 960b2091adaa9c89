"""Uses no CPU time and never ends: given an option, it waits for a signal. Without one it is honest."""

import signal
import sys

if len(sys.argv) > 1:
    signal.pause()

groups = {}
for word in sys.stdin.read().lower().split():
    groups.setdefault(tuple(sorted(word)), set()).add(word)

for group in sorted(sorted(group) for group in groups.values()):
    if len(group) >= 2:
        print(" ".join(group))
