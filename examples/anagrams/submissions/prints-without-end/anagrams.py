"""Mistake: prints the groups in a loop that nothing ends. Right where there is no group to print."""

import sys

at_least = int(sys.argv[2]) if len(sys.argv) > 2 else 2

groups = {}
for word in sys.stdin.read().lower().split():
    groups.setdefault(tuple(sorted(word)), set()).add(word)

left = [sorted(group) for group in groups.values() if len(group) >= at_least]
while left:
    for group in sorted(left):
        print(" ".join(group))
