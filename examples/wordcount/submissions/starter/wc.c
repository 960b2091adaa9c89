/* Counts the lines, words and bytes of standard input. */
#include <stdio.h>

int main(void)
{
    long lines = 0, words = 0, bytes = 0;

    /* Your work starts here. */

    printf("%ld %ld %ld\n", lines, words, bytes);
    return 0;
}
