# threat: T9; ends: passed
# Watches folders of the stage for news (inotify): while a case runs, nothing happens there that it could learn.
import ctypes
import os
import time

from attack import attempt, end

libc = ctypes.CDLL(None, use_errno=True)
watch = libc.inotify_init1(os.O_NONBLOCK)
for path in [b"/volumes/submission", b"/volumes/submission/files", b"/volumes/submission/tool", b"/volumes/testing/case-001", b"/volumes/verification/tree"]:
    libc.inotify_add_watch(watch, path, 0xFFF)
time.sleep(0.5)
attempt("news of others", lambda: bool(os.read(watch, 65536)))
end()
