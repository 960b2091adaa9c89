"""Integrates functions numerically by Simpson's rule, halving intervals until it is good enough."""

import math
import sys

FUNCTIONS = {"line": lambda x: x, "sin": math.sin, "exp": math.exp, "sqrt": math.sqrt, "inverse": lambda x: 1 / x}
PIECES = 64
TOLERANCE = 1e-10
DEEPEST = 30


def integrate(f, a, b):
    """The integral of `f` from `a` to `b`."""
    # Several pieces to start with, so that a wave cannot look flat by chance.
    bounds = [a + (b - a) * i / PIECES for i in range(PIECES + 1)]
    pieces = zip(bounds, bounds[1:])
    return math.fsum(refine(f, left, right, simpson(f, left, right), DEEPEST) for left, right in pieces)


def simpson(f, a, b):
    """Simpson's rule for one interval."""
    return (b - a) / 6 * (f(a) + 4 * f((a + b) / 2) + f(b))


def refine(f, a, b, whole, depth):
    """The integral over one interval, of which `whole` is a first guess."""
    middle = (a + b) / 2
    left, right = simpson(f, a, middle), simpson(f, middle, b)
    error = (left + right - whole) / 15
    if depth == 0 or abs(error) <= TOLERANCE * max(1, abs(whole)):
        return left + right + error
    return refine(f, a, middle, left, depth - 1) + refine(f, middle, b, right, depth - 1)


def main():
    for line in sys.stdin:
        if line.strip():
            name, a, b = line.split()
            print(integrate(FUNCTIONS[name], float(a), float(b)))


if __name__ == "__main__":
    main()
