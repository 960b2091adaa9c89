# threat: T7; ends: passed
# Looks for tokens, keys, other processes' environments, devices and files of the kernel.
import os

from attack import attempt, end, read

KNOWN = {"PATH", "HOME", "TMPDIR", "LANG", "LC_CTYPE", "PWD", "OLDPWD", "SHLVL", "_", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}
for name in os.environ:
    attempt(f"variable {name}", lambda: name not in KNOWN)
for pid in [1, os.getppid()]:
    for part in ["environ", "cmdline", "fd", "root", "cwd", "maps", "task", "net/tcp"]:
        attempt(f"/proc/{pid}/{part}", read, f"/proc/{pid}/{part}")
for path in ["/var/run/secrets/kubernetes.io/serviceaccount/token", "/run/secrets", "/var/run/docker.sock", "/run/containerd/containerd.sock",
             "/sys", "/sys/fs/cgroup", "/sys/kernel/security", "/dev/kmsg", "/dev/mem", "/dev/sda", "/dev/vda", "/dev/fuse", "/dev/kvm", "/dev/net/tun",
             "/dev/shm", "/dev/mqueue", "/proc", "/proc/keys", "/proc/kcore", "/proc/kallsyms", "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern",
             "/etc/shadow", "/etc/kubernetes", "/var/lib/kubelet", "/var/log", "/var/run/argo", "/run", "/root", "/tmp", "/mnt", "/srv/secrets"]:
    attempt(path, read, path)
end()
