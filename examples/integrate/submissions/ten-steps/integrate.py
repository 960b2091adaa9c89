"""Mistake: ten steps of the trapezoidal rule are right for straight lines only."""

import math
import sys

FUNCTIONS = {"line": lambda x: x, "sin": math.sin, "exp": math.exp, "sqrt": math.sqrt, "inverse": lambda x: 1 / x}
STEPS = 10


def integrate(f, a, b):
    """The integral of `f` from `a` to `b`, by the trapezoidal rule."""
    h = (b - a) / STEPS
    inner = sum(f(a + i * h) for i in range(1, STEPS))
    return h * ((f(a) + f(b)) / 2 + inner)


for line in sys.stdin:
    if line.strip():
        name, a, b = line.split()
        print(integrate(FUNCTIONS[name], float(a), float(b)))
