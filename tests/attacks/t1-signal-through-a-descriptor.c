// threat: T1; ends: passed
// Lets the kernel signal the stage when a pipe has news (F_SETOWN); the sender's Landlock domain is remembered.
#include "attack.h"

int main(void) {
    for (pid_t target = 1; target <= getppid(); target = target == 1 && getppid() != 1 ? getppid() : getppid() + 1) {
        int ends[2];
        socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
        fcntl(ends[0], F_SETOWN, target);
        fcntl(ends[0], F_SETSIG, SIGKILL);
        fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK);
        for (int i = 0; i < 100; i++) write(ends[1], "x", 1);
    }
    usleep(50000);
    // A stage that died here has no outcome of this case, nor of any after it.
    return end();
}
