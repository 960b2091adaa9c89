// threat: T5; ends: output-limit or time-limit
// Makes more empty files than can be counted; what cannot be counted is too much, and on a slow disk takes too long.
#include "attack.h"

int main(void) {
    char name[32];
    for (int i = 0; i < 250000; i++) {
        snprintf(name, sizeof name, "f%d", i);
        int file = open(name, O_CREAT | O_WRONLY, 0600);
        if (file < 0) break;
        close(file);
    }
    return end();
}
