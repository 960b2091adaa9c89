// threat: T5; ends: passed
// Leaves dead children uncollected, which hold a process id each; ids of the stage must not run out.
#include "attack.h"

int main(void) {
    int dead = 0;
    for (; dead < 8192; dead++) {
        pid_t child = fork();
        if (child == 0) _exit(0);
        if (child < 0) break;
        siginfo_t info;
        waitid(P_PID, child, &info, WEXITED | WNOWAIT);
    }
    attempt("eight thousand dead children", dead >= 8192);
    return end();
}
