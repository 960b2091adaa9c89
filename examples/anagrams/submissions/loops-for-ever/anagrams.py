"""Mistake: waits for the end of a list that it never shortens. Loops where a word stands twice; right elsewhere."""

import sys

at_least = int(sys.argv[2]) if len(sys.argv) > 2 else 2
words = sys.stdin.read().lower().split()

for word in words:
    while words.count(word) > 1:
        duplicates = [other for other in words if other == word]
        duplicates.pop()

groups = {}
for word in words:
    groups.setdefault(tuple(sorted(word)), []).append(word)

for group in sorted(sorted(group) for group in groups.values()):
    if len(group) >= at_least:
        print(" ".join(group))
