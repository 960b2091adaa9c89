// threat: T5; ends: process-limit
// Starts siblings instead of children (CLONE_PARENT), so that the stage would have to wait for them.
#include "attack.h"

int main(void) {
    for (int i = 0; i < 100; i++)
        if (syscall(SYS_clone, 0x8000 | SIGCHLD, 0, 0, 0, 0) == 0) sleep(100);
    sleep(1);
    attempt("a hundred siblings", 1);
    return end();
}
