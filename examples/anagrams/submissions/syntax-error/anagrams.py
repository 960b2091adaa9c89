"""Mistake: was changed in the last minute and not run again. Without a build, that is a crash in every case."""

import sys

groups = {}
for word in sys.stdin.read().lower().split()
    groups.setdefault(tuple(sorted(word)), set()).add(word)
