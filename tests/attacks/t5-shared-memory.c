// threat: T5; ends: memory-limit
// Fills memory that parent and child share page by page; pages that are shared count once, and too many are too many.
#include "attack.h"

int main(void) {
    const size_t piece = 64 << 20;
    for (int i = 0; i < 8; i++) {
        memset(mmap(NULL, piece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, piece);
        if (i == 0 && fork() == 0) pause();
    }
    sleep(1);
    attempt("memory that is shared", 1);
    return end();
}
