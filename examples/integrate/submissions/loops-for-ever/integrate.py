"""Mistake: steps until it stands exactly at the end. Passes it by and loops where a step is no exact number."""

import math
import sys

FUNCTIONS = {"line": lambda x: x, "sin": math.sin, "exp": math.exp, "sqrt": math.sqrt, "inverse": lambda x: 1 / x}
STEPS = 1024


def integrate(f, a, b):
    """The integral of `f` from `a` to `b`, by Simpson's rule."""
    h = (b - a) / STEPS
    area = 0.0
    x = a
    while x != b:
        area += h / 6 * (f(x) + 4 * f(x + h / 2) + f(x + h))
        x += h
    return area


for line in sys.stdin:
    if line.strip():
        name, a, b = line.split()
        print(integrate(FUNCTIONS[name], float(a), float(b)))
