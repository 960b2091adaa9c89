# threat: T9; ends: passed
# Goes round by way of `/proc`: magic links, its own controls, the settings of the kernel.
import os

from attack import attempt, end, read

for path in ["/proc/self/root/volumes/submission/plan.json", "/proc/self/root/proc/1/environ", "/proc/self/cwd/../../..", "/proc/thread-self/root/root",
             f"/proc/{os.getppid()}/root/volumes", "/proc/1/root/etc/shadow", "/proc/self/task/1/environ", "/dev/fd/0/.."]:
    attempt(path, read, path)
for path in ["/proc/self/oom_score_adj", "/proc/self/uid_map", "/proc/self/gid_map", "/proc/self/setgroups", "/proc/self/mem", "/proc/self/clear_refs",
             "/proc/self/coredump_filter", "/proc/self/timerslack_ns", "/proc/self/attr/current", "/proc/self/loginuid", "/proc/1/oom_score_adj",
             f"/proc/{os.getppid()}/oom_score_adj", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/ns_last_pid", "/proc/sysrq-trigger", "/proc/1/mem",
             "/proc/self/exe", "/proc/self/comm"]:
    attempt(f"to write {path}", lambda: os.open(path, os.O_WRONLY))
for path in ["/", "/volumes", "/volumes/testing"]:
    # A descriptor that stands for a path gives no more than the path does.
    descriptor = os.open(path, os.O_PATH | os.O_DIRECTORY)
    attempt(f"to list {path}", lambda: os.listdir(descriptor))
    attempt(f"to reopen {path}", os.open, f"/proc/self/fd/{descriptor}", os.O_RDONLY)
    attempt(f"to make something in {path}", lambda: os.mkdir("made", dir_fd=descriptor) is None)
    attempt(f"to move its own out to {path}", lambda: os.rename("common", "common", dst_dir_fd=descriptor) is None)
end()
