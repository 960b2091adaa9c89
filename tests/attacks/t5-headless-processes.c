// threat: T5; ends: process-limit
// Starts processes whose first threads end at once: they look dead and run on.
#include "attack.h"
#include <pthread.h>

static void *run_on(void *unused) {
    sleep(10);
    return unused;
}

int main(void) {
    for (int i = 0; i < 100; i++)
        if (fork() == 0) {
            pthread_t thread;
            pthread_create(&thread, NULL, run_on, NULL);
            syscall(SYS_exit, 0);
        }
    sleep(2);
    attempt("a hundred processes without a head", 1);
    return end();
}
