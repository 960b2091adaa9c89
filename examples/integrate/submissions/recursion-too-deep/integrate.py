"""Mistake: calls itself for each small step, deeper than Python goes."""

import math
import sys

FUNCTIONS = {"line": lambda x: x, "sin": math.sin, "exp": math.exp, "sqrt": math.sqrt, "inverse": lambda x: 1 / x}
STEP = 0.001


def integrate(f, a, b):
    """The integral of `f` from `a` to `b`, by the midpoint rule."""
    if a >= b:
        return 0.0
    step = min(STEP, b - a)
    return step * f(a + step / 2) + integrate(f, a + step, b)


for line in sys.stdin:
    if line.strip():
        name, a, b = line.split()
        print(integrate(FUNCTIONS[name], float(a), float(b)))
