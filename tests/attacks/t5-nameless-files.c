// threat: T5; ends: output-limit
// Fills the disk with files that never had a name (O_TMPFILE), from a process that forbids to be looked at.
#include "attack.h"
#include <sys/prctl.h>

int main(void) {
    static char block[1 << 20];
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    for (int i = 0; i < 16; i++) {
        int file = open(".", O_TMPFILE | O_RDWR, 0600);
        if (file < 0 || write(file, block, sizeof block) != sizeof block) return end();
    }
    sleep(1);
    attempt("16 MiB in files without a name", 1);
    return end();
}
