"""Mistake: collects words in lists, so that a word twice is a group."""

import sys

at_least = int(sys.argv[2]) if len(sys.argv) > 2 else 2

groups = {}
for word in sys.stdin.read().lower().split():
    groups.setdefault(tuple(sorted(word)), []).append(word)

for group in sorted(sorted(group) for group in groups.values()):
    if len(group) >= at_least:
        print(" ".join(group))
