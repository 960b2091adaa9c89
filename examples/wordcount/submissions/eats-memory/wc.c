/*
 * Takes memory and touches every page of it, slowly enough to be watched. It stops at 1 GiB in case nothing stops it.
 * Empty input is answered.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { STEP = 4 << 20, STEPS = 256 };

int main(void)
{
    if (getchar() == EOF) {
        printf("0 0 0\n");
        return 0;
    }

    for (int i = 0; i < STEPS; i++) {
        volatile char *block = malloc(STEP);
        for (size_t at = 0; block != NULL && at < STEP; at += 4096)
            block[at] = 1;
        usleep(10000);
    }
    return 0;
}
