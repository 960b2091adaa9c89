"""Prints the groups of words that are anagrams of each other."""

import argparse
import sys
from collections import defaultdict


def groups(words):
    """The sets of words that have the same letters, each as a sorted list, in alphabetical order."""
    by_letters = defaultdict(set)
    for word in words:
        by_letters["".join(sorted(word))].add(word)
    return sorted(sorted(group) for group in by_letters.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-least", type=int, default=2, metavar="N", help="the fewest words of a group")
    at_least = parser.parse_args().at_least

    words = (line.strip().lower() for line in sys.stdin)
    for group in groups(word for word in words if word):
        if len(group) >= at_least:
            print(*group)


if __name__ == "__main__":
    main()
