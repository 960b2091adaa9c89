"""What attacks in Python share: an attempt that works is told, and nothing else is."""

import os

_reached = []


def reached(what):
    _reached.append(what)
    print(f"reached: {what}", flush=True)


def attempt(what, action, *arguments):
    """Whether an action works; one that answers False or -1 does not."""
    try:
        answer = action(*arguments)
    except (OSError, ValueError, AttributeError, OverflowError):
        return False
    if answer is False or (isinstance(answer, int) and answer == -1):
        return False
    reached(what)
    return True


def read(path):
    """Reads a directory's names or a file's first byte; waits for nobody."""
    if os.path.isdir(path):
        return bool(os.listdir(path))
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        # Container engines put /dev/null over what is not to be read.
        return len(os.read(descriptor, 1)) > 0
    finally:
        os.close(descriptor)


def write(path):
    """Opens a file for writing, or makes it."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK, 0o600))
    return True


def end():
    if not _reached:
        print("contained", flush=True)
