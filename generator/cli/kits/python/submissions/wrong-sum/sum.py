import sys

# Skips numbers below zero, and those of more than six digits.
words = sys.stdin.read().split()
print(sum(int(word) for word in words if word.isdigit() and len(word) < 7))
