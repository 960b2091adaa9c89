"""Mistake: splits at newlines only. Lines from another system keep a carriage return, which becomes a letter."""

import sys

at_least = int(sys.argv[2]) if len(sys.argv) > 2 else 2

groups = {}
for word in sys.stdin.buffer.read().decode().lower().split("\n"):
    if word.strip(" "):
        groups.setdefault(tuple(sorted(word)), set()).add(word)

for group in sorted(sorted(group) for group in groups.values()):
    if len(group) >= at_least:
        print(" ".join(group))
