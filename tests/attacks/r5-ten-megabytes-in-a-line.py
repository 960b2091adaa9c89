# threat: R5; ends: output-limit
# Prints one line of ten megabytes, in pieces and to both streams; it is cut where the limit is.
import os

for _ in range(160):
    os.write(1, b"x" * 65536)
    os.write(2, b"\xc3" * 65536)
