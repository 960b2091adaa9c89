"""Integrates functions numerically."""

import math
import sys

FUNCTIONS = {"line": lambda x: x, "sin": math.sin, "exp": math.exp, "sqrt": math.sqrt, "inverse": lambda x: 1 / x}


def integrate(f, a, b):
    """The integral of `f` from `a` to `b`."""
    return 0.0  # Your work starts here.


def main():
    for line in sys.stdin:
        if line.strip():
            name, a, b = line.split()
            print(integrate(FUNCTIONS[name], float(a), float(b)))


if __name__ == "__main__":
    main()
