"""Mistake: overlooks that there is an option."""

import sys

groups = {}
for word in sys.stdin.read().lower().split():
    groups.setdefault(tuple(sorted(word)), set()).add(word)

for group in sorted(sorted(group) for group in groups.values()):
    if len(group) >= 2:
        print(" ".join(group))
