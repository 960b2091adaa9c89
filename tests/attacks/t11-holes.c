// threat: T11; ends: passed
// Leaves sparse giants; the largest file is limited, so a hole larger than the disk cannot be made.
#include "attack.h"
#include <sys/resource.h>

int main(void) {
    signal(SIGXFSZ, SIG_IGN);
    int file = open("hole", O_CREAT | O_RDWR, 0600);
    attempt("a terabyte", ftruncate(file, 1L << 40) == 0 || pwrite(file, "x", 1, 1L << 40) == 1 || fallocate(file, 0, 0, 1L << 32) == 0);
    struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
    attempt("no limit", setrlimit(RLIMIT_FSIZE, &none) == 0);
    return end();
}
