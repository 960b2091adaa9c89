/* Mistake: counts a last line that has no newline, as editors do. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    long lines = 0, words = 0, bytes = 0;
    int c, before = ' ', last = '\n';
    char options[100] = "";

    for (int i = 1; i < argc; i++)
        strcat(options, argv[i] + 1);

    while ((c = getchar()) != EOF) {
        bytes++;
        if (c == '\n')
            lines++;
        if (!isspace(c) && isspace(before))
            words++;
        before = last = c;
    }
    if (last != '\n')
        lines++;

    if (options[0] == '\0')
        strcpy(options, "lwc");
    if (strchr(options, 'l'))
        printf("%ld ", lines);
    if (strchr(options, 'w'))
        printf("%ld ", words);
    if (strchr(options, 'c'))
        printf("%ld ", bytes);
    printf("\n");
    return 0;
}
