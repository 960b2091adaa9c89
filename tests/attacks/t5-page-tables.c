// threat: T5; ends: memory-limit
// Reads one byte of every 2 MiB of a huge empty mapping: the zero page is nobody's, but each needs a page of the kernel's tables.
#include "attack.h"

int main(void) {
    const size_t step = 2 << 20, size = step * 131072;
    volatile char *memory = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return end();
    for (size_t at = 0; at < size; at += step) (void)memory[at];
    usleep(50000);
    attempt("512 MiB of page tables", 1);
    return end();
}
