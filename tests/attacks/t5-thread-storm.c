// threat: T5; ends: passed
// Starts threads until it is refused; threads are bounded by the user's and the stage's number of tasks.
#include "attack.h"
#include <pthread.h>

static void *wait_for_ever(void *unused) {
    pause();
    return unused;
}

int main(void) {
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 16384);
    int started = 0;
    for (pthread_t thread; started < 8192 && pthread_create(&thread, &small, wait_for_ever, NULL) == 0;) started++;
    attempt("eight thousand threads", started >= 8192);
    return end();
}
