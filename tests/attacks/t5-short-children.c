// threat: T5; ends: time-limit
// Computes in children of two milliseconds that the kernel forgets at once (SIGCHLD ignored), so that no look finds them.
#include "attack.h"

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

int main(void) {
    signal(SIGCHLD, SIG_IGN);
    // The limit is one second of processor time; this takes as much as it can get of two.
    for (double start = now(); now() - start < 2.5;) {
        if (fork() == 0) {
            for (double born = now(); now() - born < 0.002;) {}
            _exit(0);
        }
        while (wait(NULL) > 0) {}
    }
    attempt("two seconds of processor time", 1);
    return end();
}
