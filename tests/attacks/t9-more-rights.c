// threat: T9; ends: passed
// Becomes another user, takes capabilities, raises its limits and priority, changes those of others, leaves the filter.
#include "attack.h"
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>

int main(void) {
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct all[2] = {{~0u, ~0u, ~0u}, {~0u, ~0u, ~0u}};
    attempt("capabilities", syscall(SYS_capset, &head, all) == 0);
    for (int capability = 0; capability < 41; capability++) attempt("an ambient capability", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0);
    for (int user = 0; user < 3; user++) {
        const int ids[] = {0, 1000, 20001};
        attempt("another user", ids[user] != (int)getuid() && setresuid(ids[user], ids[user], ids[user]) == 0);
        attempt("another group", ids[user] != (int)getgid() && (setresgid(ids[user], ids[user], ids[user]) == 0 || setgroups(1, (gid_t *)&ids[user]) == 0));
    }
    for (int resource = 0; resource < 16; resource++) {
        struct rlimit now, more;
        getrlimit(resource, &now);
        more.rlim_cur = more.rlim_max = now.rlim_max + 1;
        attempt("a higher limit", now.rlim_max != RLIM_INFINITY && setrlimit(resource, &more) == 0);
        attempt("the stage's limits", prlimit(getppid(), resource, &now, NULL) == 0 || prlimit(1, resource, NULL, &now) == 0);
    }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    struct sched_param idle = {0}, fast = {1};
    attempt("the stage's processors", sched_setaffinity(getppid(), sizeof one, &one) == 0 || sched_setscheduler(getppid(), SCHED_IDLE, &idle) == 0);
    attempt("the stage's priority", setpriority(PRIO_PROCESS, getppid(), 19) == 0 || setpriority(PRIO_USER, 0, 19) == 0 || setpriority(PRIO_PGRP, getpgid(getppid()), 19) == 0);
    attempt("a better priority", setpriority(PRIO_PROCESS, 0, -5) == 0 || sched_setscheduler(0, SCHED_FIFO, &fast) == 0);
    attempt("to leave the filter", prctl(PR_SET_SECCOMP, 0, 0, 0, 0) == 0 || prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
    return end();
}
