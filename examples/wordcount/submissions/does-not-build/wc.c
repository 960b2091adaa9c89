/* Mistake: was changed in the last minute and not compiled again. */
#include <stdio.h>

int main(void)
{
    long lines = 0, words = 0, bytes = 0
    int c;

    while ((c = getchar()) != EOF)
        bytes++;
    printf("%ld %ld %ld\n", lines, words, bytes);
    return 0;
}
