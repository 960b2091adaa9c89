// threat: T3; ends: passed
// Changes modes, owners, sizes and names of what belongs to the stage and to earlier cases: notes for later cases, or traps.
#include "attack.h"

int main(void) {
    const char *paths[] = {"/volumes/testing/case-001/outcome.json", "/volumes/testing/case-001/stdout", "/volumes/testing/case-001",
                           "/volumes/testing/confinement.json", "/volumes/testing/scratch", "/volumes/testing", "/volumes/submission",
                           "/volumes/submission/plan.json", "/volumes/verification", "../..", ".."};
    for (int i = 0; i < 9; i++) {
        char what[128];
        snprintf(what, sizeof what, "to change %s", paths[i]);
        attempt(what, chmod(paths[i], 0700) == 0
            || syscall(452, AT_FDCWD, paths[i], 0700, 0) == 0 || chown(paths[i], getuid(), getgid()) == 0
            || truncate(paths[i], 0) == 0 || rename(paths[i], "taken") == 0);
    }
    return end();
}
