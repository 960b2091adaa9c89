// threat: T4; ends: passed
// Asks for sizes and times of what a hidden case left, which could tell its input by them: it stands first and runs last.
#include "attack.h"

int main(void) {
    const char *names[] = {"", "/outcome.json", "/stdout", "/stderr"};
    for (int i = 0; i < 4; i++) {
        char path[64];
        struct stat seen;
        snprintf(path, sizeof path, "/volumes/testing/case-001%s", names[i]);
        attempt(path, stat(path, &seen) == 0 || access(path, F_OK) == 0 || open(path, O_PATH) >= 0);
    }
    return end();
}
