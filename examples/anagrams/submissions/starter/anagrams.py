"""Prints the groups of words that are anagrams of each other."""

import sys


def groups(words):
    """The sets of words that have the same letters, each as a sorted list, in alphabetical order."""
    return []  # Your work starts here.


def main():
    words = sys.stdin.read().split()
    for group in groups(words):
        print(*group)


if __name__ == "__main__":
    main()
