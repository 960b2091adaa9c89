// What attacks in C share: an attempt that works is told, and nothing else is.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int reached;

static inline void attempt(const char *what, int worked) {
    if (worked) {
        printf("reached: %s\n", what);
        fflush(stdout);
        reached = 1;
    }
}

static inline int end(void) {
    if (!reached) puts("contained");
    return 0;
}
