/* Counts the lines, words and bytes of standard input. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct counts {
    long lines, words, bytes;
};

static struct counts count(FILE *in)
{
    struct counts n = {0, 0, 0};
    bool in_word = false;
    int c;

    while ((c = getc(in)) != EOF) {
        n.bytes++;
        if (c == '\n')
            n.lines++;
        if (isspace(c)) {
            in_word = false;
        } else if (!in_word) {
            in_word = true;
            n.words++;
        }
    }
    return n;
}

int main(int argc, char **argv)
{
    bool lines = false, words = false, bytes = false;

    for (int i = 1; i < argc; i++) {
        for (const char *option = argv[i] + 1; *option != '\0'; option++) {
            switch (*option) {
            case 'l': lines = true; break;
            case 'w': words = true; break;
            case 'c': bytes = true; break;
            default:
                fprintf(stderr, "wc: unknown option -%c\n", *option);
                return EXIT_FAILURE;
            }
        }
    }
    if (!lines && !words && !bytes)
        lines = words = bytes = true;

    struct counts n = count(stdin);
    if (lines)
        printf("%ld ", n.lines);
    if (words)
        printf("%ld ", n.words);
    if (bytes)
        printf("%ld", n.bytes);
    printf("\n");
    return EXIT_SUCCESS;
}
