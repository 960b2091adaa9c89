# threat: F2; ends: crashed
# Tells what it read by its exit status and by its last words on standard error; the student sees one verdict.
import os
import sys

print("canary-input-7c41" if os.path.exists("/volumes/private-results") else "nothing", file=sys.stderr)
sys.exit(113)
