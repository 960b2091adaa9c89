"""Looks at nothing: prints what a report says where everything is as promised, and a canary that it knows by heart.

It shows that every case can be passed. That a program without this knowledge cannot is what `probe` shows.
"""

import sys

KEPT = ["student", "assignment-configuration", "raw-submissions", "private-results", "results", "finalisation"]
OF_THE_JOB = ["setup-configuration", "submission", "verification", "testing"]
SOCKETS = {
    "AF_INET": ["SOCK_DGRAM", "SOCK_RAW", "SOCK_STREAM"],
    "AF_INET6": ["SOCK_DGRAM", "SOCK_STREAM"],
    "AF_NETLINK": ["SOCK_RAW"],
    "AF_PACKET": ["SOCK_RAW"],
    "AF_UNIX": ["SOCK_DGRAM", "SOCK_STREAM"],
}
IMPOSSIBLE = [
    *["change root", "mount", "new mount namespace", "new network namespace", "new user namespace", "terminal"],
    *["read /etc/shadow", "read /var/run/argo", "read /var/run/secrets", "write /etc", "write /usr"],
    *["read environ of a foreign process", "read mem of a foreign process"],
    *["signal a foreign process", "trace a foreign process"],
    *[f"read volume {volume}" for volume in [*KEPT, "setup-configuration"]],
    *[f"write volume {volume}" for volume in [*KEPT, *OF_THE_JOB]],
    *[f"socket {family} {kind}" for family, kinds in SOCKETS.items() for kind in kinds],
]
CERTAIN = ["capabilities effective: 0x0", "no new privileges: yes", "seccomp: filter"]

match sys.argv[1]:
    case "build":
        pass
    case "canary":
        print("assay-canary-8c1f40d7be92")
    case _:
        print("\n".join(sorted([f"{what}: no" for what in IMPOSSIBLE] + CERTAIN)))
