"""Mistake: takes `Lager` and `regal` for words of different letters."""

import sys

at_least = int(sys.argv[2]) if len(sys.argv) > 2 else 2

groups = {}
for word in sys.stdin.read().split():
    groups.setdefault(tuple(sorted(word)), set()).add(word)

for group in sorted(sorted(group) for group in groups.values()):
    if len(group) >= at_least:
        print(" ".join(group).lower())
