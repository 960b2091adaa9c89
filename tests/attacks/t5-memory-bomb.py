# threat: T5; ends: memory-limit
# Takes memory in many small children under a name that is no text, so that the sum and not the largest must be seen.
import ctypes
import os
import time

ctypes.CDLL(None).prctl(15, b"\xff) R (\n", 0, 0, 0)
for _ in range(5):
    if os.fork() == 0:
        held = bytearray(60 << 20)
        time.sleep(20)
        os._exit(len(held) & 1)
time.sleep(20)
print("reached: 300 MiB")
