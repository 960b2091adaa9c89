// threat: T9; ends: passed
// Asks for namespaces of its own, by every call that gives them, and for the mounts that one could make there.
#include "attack.h"
#include <sys/mount.h>

int main(void) {
    const unsigned long kinds[] = {0x10000000, 0x20000, 0x20000000, 0x40000000, 0x8000000, 0x4000000, 0x2000000, 0x80};
    for (int i = 0; i < 8; i++) {
        attempt("to unshare", syscall(SYS_unshare, kinds[i]) == 0);
        // Of 0x80 `clone` reads a part of the child's last signal.
        long child = i < 7 ? syscall(SYS_clone, kinds[i] | SIGCHLD, 0, 0, 0, 0) : -1;
        if (child == 0) _exit(0);
        attempt("to clone into a namespace", child > 0);
        uint64_t more[11] = {kinds[i], 0, 0, 0, SIGCHLD};
        child = syscall(SYS_clone3, more, sizeof more);
        if (child == 0) _exit(0);
        attempt("clone3", child > 0);
    }
    attempt("to enter one", syscall(SYS_setns, open("/proc/1/ns/mnt", O_RDONLY), 0) == 0);
    attempt("to mount", mount("none", ".", "tmpfs", 0, NULL) == 0 || mount("/", ".", NULL, MS_BIND, NULL) == 0);
    attempt("to unmount", umount2("/proc", MNT_DETACH) == 0);
    attempt("to remount", mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL) == 0);
    attempt("a new root", chroot(".") == 0 || syscall(SYS_pivot_root, ".", ".") == 0);
    attempt("the new calls of mounts", syscall(SYS_open_tree, AT_FDCWD, "/", 1) >= 0 || syscall(SYS_fsopen, "tmpfs", 0) >= 0);
    return end();
}
