// threat: T10; ends: time-limit
// Ignores and blocks every signal, the kernel's about used time too, and computes on.
#include "attack.h"

int main(void) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (int number = 1; number < SIGRTMAX; number++) signal(number, SIG_IGN);
    for (;;) {}
}
