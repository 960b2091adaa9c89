"""Mistake: sorts the words of a group, but not the groups."""

import sys

at_least = int(sys.argv[2]) if len(sys.argv) > 2 else 2

groups = {}
for word in sys.stdin.read().lower().split():
    groups.setdefault(tuple(sorted(word)), set()).add(word)

for group in groups.values():
    if len(group) >= at_least:
        print(" ".join(sorted(group)))
