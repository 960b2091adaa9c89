// threat: T11; ends: output-limit
// Leaves a tree too deep to be named, half of it without permissions; it is removed from inside, step by step.
#include "attack.h"

int main(void) {
    for (int depth = 0; depth < 5000; depth++) {
        if (mkdir("d", 0700) != 0 || chdir("d") != 0) break;
        if (depth % 2) mkdir("locked", 0);
    }
    return end();
}
