/*
 * Fills its directory with files, each small, until nothing more fits. It stops at 64 MiB in case nothing stops it,
 * and then waits, so that it is seen. Empty input is answered.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = 256 << 10, FILES = 256 };

int main(void)
{
    static char block[SIZE];
    char name[32];

    if (getchar() == EOF) {
        printf("0 0 0\n");
        return 0;
    }

    memset(block, 'x', sizeof block);
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "full-%03d", i);
        FILE *file = fopen(name, "w");
        if (file != NULL) {
            fwrite(block, 1, sizeof block, file);
            fclose(file);
        }
        usleep(5000);
    }
    pause();
    return 0;
}
