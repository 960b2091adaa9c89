#include <stdio.h>

/* Skips numbers below zero, and an int is too small for large sums. */
int main(void) {
    int sum = 0, number;
    while (scanf("%d", &number) == 1) {
        if (number > 0) {
            sum += number;
        }
    }
    printf("%d\n", sum);
    return 0;
}
