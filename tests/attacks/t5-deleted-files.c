// threat: T5; ends: output-limit
// Fills the disk with files that have no name any more but are still open, which no walk through the directory finds.
#include "attack.h"

int main(void) {
    static char block[1 << 20];
    for (int i = 0; i < 16; i++) {
        int file = open("taken", O_CREAT | O_RDWR, 0600);
        unlink("taken");
        if (write(file, block, sizeof block) != sizeof block) return end();
    }
    sleep(1);
    attempt("16 MiB in deleted files", 1);
    return end();
}
