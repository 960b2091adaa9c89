/* Mistake: trusts that no word is longer than its buffer. Right, and then it crashes on the long word. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void next_word(int first, long *lines, long *bytes)
{
    char word[64];
    int length = 0, c = first;

    while (c != EOF && !isspace(c)) {
        word[length++] = c;
        c = getchar();
    }
    word[length] = '\0';
    *bytes += strlen(word) + (c != EOF);
    *lines += c == '\n';
}

int main(int argc, char **argv)
{
    long lines = 0, words = 0, bytes = 0;
    int c;
    char options[16] = "";

    for (int i = 1; i < argc; i++)
        strcat(options, argv[i] + 1);

    while ((c = getchar()) != EOF) {
        if (isspace(c)) {
            bytes++;
            lines += c == '\n';
        } else {
            words++;
            next_word(c, &lines, &bytes);
        }
    }

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
