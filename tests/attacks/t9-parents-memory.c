// threat: T9; ends: passed
// Reads and writes the memory of the stage, traces it, takes its descriptors.
#include "attack.h"
#include <sys/ptrace.h>
#include <sys/uio.h>

int main(void) {
    char room[64];
    const pid_t targets[] = {1, getppid()};
    for (int i = 0; i < 2; i++) {
        pid_t pid = targets[i];
        struct iovec own = {room, 8}, other = {(void *)0x400000, 8};
        attempt("to read memory", syscall(SYS_process_vm_readv, pid, &own, 1, &other, 1, 0) >= 0);
        attempt("to write memory", syscall(SYS_process_vm_writev, pid, &own, 1, &other, 1, 0) >= 0);
        attempt("to trace", ptrace(PTRACE_ATTACH, pid, 0, 0) == 0 || ptrace(PTRACE_SEIZE, pid, 0, 0) == 0);
        int process = syscall(SYS_pidfd_open, pid, 0);
        attempt("a handle of a process", process >= 0);
        attempt("to take a descriptor", syscall(SYS_pidfd_getfd, process, 1, 0) >= 0);
        attempt("to compare", syscall(SYS_kcmp, getpid(), pid, 0, 1, 1) >= 0);
        attempt("its robust list", syscall(SYS_get_robust_list, pid, room, room + 8) == 0);
        const char *parts[] = {"mem", "environ", "maps", "fd", "auxv", "stack", "syscall", "task", "ns/user", "cmdline", "stat"};
        for (int part = 0; part < 11; part++) {
            snprintf(room, sizeof room, "/proc/%d/%s", pid, parts[part]);
            attempt(room, open(room, O_RDONLY) >= 0 || open(room, O_RDWR) >= 0);
        }
    }
    attempt("to be traced", ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
    return end();
}
