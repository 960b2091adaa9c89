# threat: F2; ends: passed
# Reads every file that it can, toolchain aside, and prints each canary of the answers; they are in no volume of this stage.
import os
import re

from attack import end, reached

CANARY = re.compile(rb"canary-(?:answer|name|group)-[0-9a-z]+")
found = set()
for root in ["/volumes", "/proc/self", "/proc/1", "/tmp", "/var/tmp", "/run", "/home", "/root", "/srv", "/mnt", "/opt", "/dev/shm", "/argo", "/mainctrfs", "../.."]:
    for folder, _, names in os.walk(root):
        for name in names:
            try:
                descriptor = os.open(os.path.join(folder, name), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
                found.update(CANARY.findall(os.read(descriptor, 1 << 20)))
                os.close(descriptor)
            except OSError:
                pass
for word in sorted(found):
    reached(word.decode())
end()
