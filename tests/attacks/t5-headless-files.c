// threat: T5; ends: output-limit
// Keeps files without a name open in a thread while the first thread, by whose descriptors it is known, has none.
#include "attack.h"
#include <pthread.h>

static void *fill(void *unused) {
    static char block[1 << 20];
    usleep(20000);
    for (int i = 0; i < 16; i++) {
        int file = open(".", O_TMPFILE | O_RDWR, 0600);
        if (write(file, block, sizeof block) != sizeof block) break;
    }
    sleep(1);
    attempt("16 MiB behind a thread", 1);
    exit(end());
    return unused;
}

int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, fill, NULL);
    syscall(SYS_exit, 0);
}
