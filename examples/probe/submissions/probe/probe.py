"""Tries to reach everything that a program could reach, and prints what it reached.

Each line is `topic: finding`; lines are sorted, and say yes or no rather than how, so that two runs on one machine
print the same. Nothing here harms the machine it runs on: what is attempted is undone, or attempted in a child that
ends.
"""

import ctypes
import errno
import os
import platform
import re
import resource
import signal
import socket
import stat
import sys

REPORT = "build-report.txt"
CANARY = re.compile(rb"assay-canary-[0-9a-f]{12}")
VOLUMES = [
    *["student", "assignment-configuration", "raw-submissions", "private-results", "setup-configuration"],
    *["submission", "verification", "testing", "results", "finalisation"],
]
SECRETS = [
    *["/etc/shadow", "/var/run/argo", "/var/run/secrets", "/var/run/docker.sock"],
    *["/dev/kmsg", "/dev/mem", "/sys/fs/cgroup"],
]
FOLDERS = [
    *["/", "/bin", "/dev", "/dev/shm", "/etc", "/home", "/root", "/run"],
    *["/sys/fs/cgroup", "/tmp", "/usr", "/var/tmp"],
]
FAMILIES = [
    *["AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET"],
    *["AF_VSOCK", "AF_ALG", "AF_BLUETOOTH", "AF_CAN", "AF_TIPC"],
]
ROOTS = [
    *["/volumes", "..", "../..", "/tmp", "/var/tmp", "/dev/shm"],
    *["/home", "/root", "/srv", "/mnt", "/run", "/etc"],
]
OWN = os.getcwd()

libc = ctypes.CDLL(None, use_errno=True)


def possible(action, *arguments):
    """Whether an action works."""
    try:
        action(*arguments)
    except (OSError, ValueError, AttributeError):
        return "no"
    return "yes"


def call(function, *arguments):
    """Calls a function of the C library and raises its error."""
    result = function(*arguments)
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def possible_in_child(action, *arguments):
    """The same for an action that would change this process, or end it."""
    child = os.fork()
    if child == 0:
        os._exit(0 if possible(action, *arguments) == "yes" else 1)
    _, status = os.waitpid(child, 0)
    return "yes" if status == 0 else "no"


# --- files


def read_somewhat(path):
    """Reads a directory's names or a file's first byte."""
    if os.path.isdir(path):
        os.listdir(path)
    else:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            os.read(descriptor, 1)
        finally:
            os.close(descriptor)


def write_below(folder):
    """Makes a file in a folder and removes it."""
    path = os.path.join(folder, f".probe-{os.getpid()}")
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    os.unlink(path)


def files():
    for name in sorted(os.listdir("/")) if possible(os.listdir, "/") == "yes" else ["bin", "etc", "usr", "proc"]:
        yield f"read /{name}", possible(read_somewhat, f"/{name}")
    for volume in VOLUMES:
        yield f"read volume {volume}", possible(read_somewhat, f"/volumes/{volume}")
        yield f"write volume {volume}", possible(write_below, f"/volumes/{volume}")
    for path in SECRETS:
        yield f"read {path}", possible(read_somewhat, path)
    for folder in FOLDERS:
        yield f"write {folder}", possible(write_below, folder)
    yield "write own directory", possible(write_below, OWN)
    yield "write directory above", possible(write_below, os.path.dirname(OWN))
    yield "read directory above", possible(os.listdir, os.path.dirname(OWN))


def file_tricks():
    with open("trick", "w", encoding="utf-8") as file:
        file.write("x")
    yield "trick change mode", possible(os.chmod, "trick", 0o600)
    yield "trick make set-uid", possible(os.chmod, "trick", 0o4755)
    yield "trick change owner", possible(os.chown, "trick", 0, 0)
    yield "trick set extended attribute", possible(os.setxattr, "trick", "user.probe", b"1")
    yield "trick make device", possible(os.mknod, "trick-device", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    yield "trick make fifo", possible(os.mkfifo, "trick-fifo")
    yield "trick link to foreign file", possible(os.link, "/etc/passwd", "trick-link")
    for name in os.listdir("."):
        if name.startswith("trick"):
            os.unlink(name)


# --- processes


def processes():
    own = {os.getpid()}
    names = os.listdir("/proc") if possible(os.listdir, "/proc") == "yes" else []
    listed = {int(name) for name in names if name.isdigit()}
    foreign = sorted((listed | {1, os.getppid()}) - own - {0})
    yield "processes listed in /proc", "own only" if listed == own else "others too" if listed else "none"
    yield "signal a foreign process", any_of(possible(os.kill, pid, 0) for pid in foreign)
    for part in ["environ", "cwd", "fd", "mem", "root"]:
        paths = [f"/proc/{pid}/{part}" for pid in foreign]
        yield f"read {part} of a foreign process", any_of(possible(read_somewhat, path) for path in paths)
    yield "trace a foreign process", any_of(possible_in_child(trace, pid) for pid in foreign)
    yield "change a foreign process's limits", any_of(
        possible(resource.prlimit, pid, resource.RLIMIT_NOFILE) for pid in foreign
    )


def any_of(findings):
    return "yes" if "yes" in list(findings) else "no"


def trace(pid):
    attach, detach = 16, 17
    call(libc.ptrace, attach, pid, None, None)
    libc.ptrace(detach, pid, None, None)


# --- network


def sockets():
    for name in FAMILIES:
        for kind in ["SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW", "SOCK_SEQPACKET"]:
            yield f"socket {name} {kind}", possible(make_socket, getattr(socket, name, None), getattr(socket, kind))
    yield "socket pair", possible(lambda: [end.close() for end in socket.socketpair()])


def make_socket(family, kind):
    if family is None:
        raise OSError(errno.EAFNOSUPPORT, "unknown to Python")
    socket.socket(family, kind).close()


# --- privileges

PR_GET_SECCOMP, PR_CAPBSET_READ, PR_GET_NO_NEW_PRIVS = 21, 23, 39
LAST_CAPABILITY = 40
CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET = 0x10000000, 0x00020000, 0x40000000

# System calls without a function in the C library, by their numbers.
EVERYWHERE = {"io_uring_setup": 425, "pidfd_open": 434}
NUMBERS = {
    "x86_64": {"keyctl": 250, "perf_event_open": 298, "bpf": 321, "userfaultfd": 323, **EVERYWHERE},
    "aarch64": {"keyctl": 219, "perf_event_open": 241, "bpf": 280, "userfaultfd": 282, **EVERYWHERE},
}
ARGUMENTS = {"io_uring_setup": (1, ctypes.create_string_buffer(120)), "pidfd_open": (os.getppid() or 1, 0)}


class CapabilityHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


def capabilities():
    """Effective, permitted and inheritable ones, as `capget` tells them, each as a number."""
    header = CapabilityHeader(0x20080522, 0)
    words = (ctypes.c_uint32 * 6)()
    call(libc.capget, ctypes.byref(header), words)
    return {name: words[i] | words[i + 3] << 32 for i, name in enumerate(["effective", "permitted", "inheritable"])}


def privileges():
    yield "user", f"{os.getresuid()}"
    yield "group", f"{os.getresgid()} and {sorted(os.getgroups())}"
    try:
        for name, bits in capabilities().items():
            yield f"capabilities {name}", f"{bits:#x}"
    except OSError:
        yield "capabilities", "unknown"
    bits = range(LAST_CAPABILITY + 1)
    bounding = sum((libc.prctl(PR_CAPBSET_READ, bit, 0, 0, 0) == 1) << bit for bit in bits)
    yield "capabilities bounding", f"{bounding:#x}"
    yield "no new privileges", "yes" if libc.prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 else "no"
    yield "seccomp", {0: "off", 1: "strict", 2: "filter"}.get(libc.prctl(PR_GET_SECCOMP, 0, 0, 0, 0), "unknown")
    for name, flag in [("user", CLONE_NEWUSER), ("mount", CLONE_NEWNS), ("network", CLONE_NEWNET)]:
        yield f"new {name} namespace", possible_in_child(call, libc.unshare, flag)
    yield "mount", possible_in_child(call, libc.mount, b"none", OWN.encode(), b"tmpfs", 0, None)
    yield "change root", possible_in_child(os.chroot, ".")
    yield "become root", possible_in_child(os.setuid, 0) if os.getuid() else "is root"
    yield "raise own priority", possible_in_child(os.nice, -1)
    more = (1 << 20, resource.RLIM_INFINITY)
    yield "raise own limits", possible_in_child(resource.setrlimit, resource.RLIMIT_CORE, more)
    for name, number in NUMBERS.get(platform.machine(), {}).items():
        yield f"call {name}", possible_in_child(call, libc.syscall, number, *ARGUMENTS.get(name, (0, 0, 0, 0, 0)))


# --- what it was given

KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFIFO: "pipe",
    stat.S_IFCHR: "device",
    stat.S_IFSOCK: "socket",
    stat.S_IFDIR: "folder",
}


def given():
    for name in sorted(os.environ):
        yield f"variable {name}", "set"
    for descriptor in range(256):
        try:
            mode = os.fstat(descriptor).st_mode
        except OSError:
            continue
        yield f"descriptor {descriptor:03}", KINDS.get(stat.S_IFMT(mode), "other")
    for name in ["AS", "CORE", "CPU", "DATA", "FSIZE", "NOFILE", "NPROC", "STACK"]:
        limit = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1]
        yield f"limit {name}", "none" if limit == resource.RLIM_INFINITY else limit
    yield "terminal", possible(lambda: os.close(os.open("/dev/tty", os.O_RDWR)))


def mounts():
    try:
        with open("/proc/self/mounts", encoding="utf-8") as file:
            lines = [line.split() for line in file]
    except OSError:
        yield "mounts", "unknown"
        return
    for _, point, kind, options, *_ in lines:
        if not point.startswith(("/proc/", "/sys/", "/dev/")):
            # Own directories have names that vary.
            point = point.replace(OWN, "OWN")
            yield f"mount {point}", f"{kind}, {'read only' if 'ro' in options.split(',') else 'writable'}"


# --- the canary


def canary():
    """The canary, wherever a file that can be read holds it."""
    for root in ROOTS:
        for folder, _, names in os.walk(root):
            for name in names:
                try:
                    descriptor = os.open(os.path.join(folder, name), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
                except OSError:
                    continue
                try:
                    found = CANARY.search(os.read(descriptor, 1 << 20))
                    if found:
                        return found.group().decode()
                except OSError:
                    continue
                finally:
                    os.close(descriptor)
    return "no canary found"


def report():
    findings = set()
    for part in [files, file_tricks, processes, sockets, privileges, given, mounts]:
        findings.update(f"{topic}: {finding}" for topic, finding in part())
    return "\n".join(sorted(findings))


def main():
    # An attempt that is answered by a signal must not hide the others.
    for number in [signal.SIGSYS, signal.SIGXFSZ]:
        signal.signal(number, signal.SIG_IGN)
    match sys.argv[1]:
        case "case":
            print(report())
        case "build":
            with open(REPORT, "w", encoding="utf-8") as file:
                print(report(), file=file)
        case "report":
            with open(REPORT, encoding="utf-8") as file:
                print(file.read(), end="")
        case "canary":
            print(canary())


main()
