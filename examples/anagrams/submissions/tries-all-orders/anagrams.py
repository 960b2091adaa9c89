"""Mistake: tries all orders of the letters of each word. Right, and hopeless for words of twelve letters."""

import sys
from itertools import permutations

at_least = int(sys.argv[2]) if len(sys.argv) > 2 else 2
words = set(sys.stdin.read().lower().split())

groups = set()
for word in words:
    group = set()
    for order in permutations(word):
        if "".join(order) in words:
            group.add("".join(order))
    groups.add(tuple(sorted(group)))

for group in sorted(groups):
    if len(group) >= at_least:
        print(" ".join(group))
