# threat: T5; ends: passed
# Opens descriptors of every kind until it is refused; they are bounded for each process.
import os
import select

from attack import attempt, end

kinds = [lambda: os.open("/dev/null", os.O_RDONLY), os.pipe, select.epoll, lambda: os.eventfd(0), lambda: os.dup(0)]
held = []
for kind in kinds:
    try:
        while len(held) < 100000:
            held.append(kind())
    except OSError:
        pass
attempt("ten thousand descriptors", lambda: len(held) > 10000)
end()
