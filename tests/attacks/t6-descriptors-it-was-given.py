# threat: T6; ends: passed
# Looks through the descriptors that it was given for a socket, a directory or a pipe to somebody else.
import os
import stat

from attack import attempt, end


def useful(descriptor):
    mode = os.fstat(descriptor).st_mode
    # Its output goes into pipes, and its input is a file or `/dev/null`.
    return descriptor > 2 or stat.S_ISSOCK(mode) or stat.S_ISDIR(mode)


for descriptor in range(1100):
    # The interpreter itself opens nothing that stays open.
    attempt(f"descriptor {descriptor}", useful, descriptor)
attempt("to write its input", os.write, 0, b"x")
# An empty input is `/dev/null`, which takes anything.
attempt("to open its input for writing", lambda: stat.S_ISREG(os.fstat(0).st_mode) and os.open("/proc/self/fd/0", os.O_WRONLY))
end()
