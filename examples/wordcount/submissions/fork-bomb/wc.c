/*
 * Starts processes without end, slowly, each of which sleeps, so that it is the process limit that is passed and no
 * other. It stops at 200 in case nothing stops it. Empty input is answered.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ENOUGH = 200, SECONDS = 20, PAUSE = 10000 };

int main(void)
{
    if (getchar() == EOF) {
        printf("0 0 0\n");
        return 0;
    }

    for (int started = 0; started < ENOUGH;) {
        pid_t child = fork();
        if (child == 0) {
            sleep(SECONDS);
            _exit(0);
        }
        started += child > 0; /* Where it is refused, it tries again: the limit must be noticed. */
        usleep(PAUSE);
    }
    while (wait(NULL) > 0)
        ;
    return 0;
}
