"""Mistake: prints a blank after each word, also after the last. Only a case that compares exactly minds."""

import sys

at_least = int(sys.argv[2]) if len(sys.argv) > 2 else 2

groups = {}
for word in sys.stdin.read().lower().split():
    groups.setdefault(tuple(sorted(word)), set()).add(word)

for group in sorted(sorted(group) for group in groups.values()):
    if len(group) >= at_least:
        for word in group:
            print(word, end=" ")
        print()
