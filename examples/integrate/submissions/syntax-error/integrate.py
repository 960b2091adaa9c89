"""Mistake: was changed in the last minute and not run again."""

import math
import sys

FUNCTIONS = {"line": lambda x: x, "sin": math.sin, "exp": math.exp, "sqrt": math.sqrt, "inverse": lambda x: 1 / x}
STEPS = 20000


def integrate(f, a, b)
    """The integral of `f` from `a` to `b`, by Simpson's rule."""
    h = (b - a) / STEPS
    ends = f(a) + f(b)
    odd = sum(f(a + i * h) for i in range(1, STEPS, 2))
    even = sum(f(a + i * h) for i in range(2, STEPS, 2))
    return h / 3 * (ends + 4 * odd + 2 * even)


for line in sys.stdin:
    if line.strip():
        name, a, b = line.split()
        print(integrate(FUNCTIONS[name], float(a), float(b)))
