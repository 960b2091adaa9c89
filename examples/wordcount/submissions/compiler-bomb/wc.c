/* A short source whose program is a gigabyte: the build passes its disk limit, or another one first. */
#include <stdio.h>

int ballast[1 << 28] = {1};

int main(void)
{
    printf("0 0 0\n");
    return ballast[0] - 1;
}
