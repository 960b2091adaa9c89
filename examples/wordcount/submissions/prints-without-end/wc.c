/* Mistake: without options it prints its counts in a loop that nothing ends. With options it is right. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    long lines = 0, words = 0, bytes = 0;
    int c, before = ' ';
    char options[100] = "";

    for (int i = 1; i < argc; i++)
        strcat(options, argv[i] + 1);

    while ((c = getchar()) != EOF) {
        bytes++;
        lines += c == '\n';
        words += !isspace(c) && isspace(before);
        before = c;
    }

    do {
        if (options[0] == '\0' || strchr(options, 'l'))
            printf("%ld ", lines);
        if (options[0] == '\0' || strchr(options, 'w'))
            printf("%ld ", words);
        if (options[0] == '\0' || strchr(options, 'c'))
            printf("%ld ", bytes);
        printf("\n");
    } while (options[0] == '\0');
    return 0;
}
