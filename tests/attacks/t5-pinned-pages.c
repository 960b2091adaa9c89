// threat: T5; ends: passed
// Puts pages into pipes (vmsplice) and unmaps them, so that they are no process's memory any more.
#include "attack.h"
#include <sys/uio.h>

int main(void) {
    const size_t huge = 2 << 20;
    size_t pinned = 0;
    for (int i = 0; i < 8; i++) {
        int ends[2];
        if (pipe(ends) != 0) break;
        for (int slot = 0; slot < 16; slot++) {
            char *memory = mmap(NULL, 2 * huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            char *aligned = (char *)(((uintptr_t)memory + huge - 1) & ~(huge - 1));
            madvise(aligned, huge, MADV_HUGEPAGE);
            aligned[0] = 1;
            struct iovec one = {aligned, 4096};
            if (syscall(SYS_vmsplice, ends[1], &one, 1, 0) == 4096) pinned += 4096;
            munmap(memory, 2 * huge);
        }
    }
    attempt("pages in pipes", pinned > 0);
    return end();
}
