/* Uses no CPU time and never ends: with -l alone it waits for a signal. Without options it is honest. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    long lines = 0, words = 0, bytes = 0;
    int c, before = ' ';

    if (argc == 2 && strcmp(argv[1], "-l") == 0)
        pause();

    while ((c = getchar()) != EOF) {
        bytes++;
        lines += c == '\n';
        words += !isspace(c) && isspace(before);
        before = c;
    }
    printf("%ld %ld %ld\n", lines, words, bytes);
    return 0;
}
