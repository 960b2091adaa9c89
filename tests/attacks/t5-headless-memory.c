// threat: T5; ends: memory-limit
// Takes memory in a process of which the first thread has ended: `/proc` shows it as dead and without any memory.
#include "attack.h"
#include <pthread.h>

static void *take(void *unused) {
    usleep(20000);
    for (int i = 0; i < 320; i++) memset(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, 1 << 20);
    sleep(10);
    return unused;
}

int main(void) {
    // The kernel tells the stage the most memory of the first process alone.
    if (fork() == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, take, NULL);
        syscall(SYS_exit, 0);
    }
    sleep(3);
    attempt("320 MiB in a process without a head", 1);
    return end();
}
