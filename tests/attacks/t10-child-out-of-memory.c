// threat: T10; ends: memory-limit
// Passes the memory's limit in a child that dies of it, while the parent looks innocent.
#include "attack.h"

int main(void) {
    if (fork() == 0) {
        for (;;) memset(malloc(1 << 20), 1, 1 << 20);
    }
    wait(NULL);
    return end();
}
