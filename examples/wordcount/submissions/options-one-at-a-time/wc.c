/* Mistake: looks at the first option only. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    long lines = 0, words = 0, bytes = 0;
    int c, before = ' ';

    while ((c = getchar()) != EOF) {
        bytes++;
        lines += c == '\n';
        words += !isspace(c) && isspace(before);
        before = c;
    }

    if (argc < 2)
        printf("%ld %ld %ld\n", lines, words, bytes);
    else if (strcmp(argv[1], "-l") == 0)
        printf("%ld\n", lines);
    else if (strcmp(argv[1], "-w") == 0)
        printf("%ld\n", words);
    else if (strcmp(argv[1], "-c") == 0)
        printf("%ld\n", bytes);
    return 0;
}
