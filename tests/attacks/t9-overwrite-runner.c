// threat: T9; ends: passed
// Opens the program that runs the cases, for writing: by its path, as the parent's executable, through descriptors.
#include "attack.h"

int main(void) {
    char parent[64];
    const char *formats[] = {"/proc/%d/exe", "/proc/%d/root/volumes/submission/tool/assay-stage", "/proc/%d/cwd", "/proc/%d/fd/0", "/proc/%d/map_files", "/proc/%d/mem"};
    const int flags[] = {O_WRONLY, O_RDWR, O_RDONLY, O_RDWR | O_TRUNC};
    for (int i = 0; i < 6; i++)
        for (int who = 0; who < 2; who++)
            for (int flag = 0; flag < 4; flag++) {
                snprintf(parent, sizeof parent, formats[i], who ? getppid() : 1);
                attempt(parent, open(parent, flags[flag]) >= 0);
                int path = open(parent, O_PATH);
                snprintf(parent, sizeof parent, "/proc/self/fd/%d", path);
                attempt(parent, path >= 0 && open(parent, flags[flag]) >= 0);
            }
    const char *tool = "/volumes/submission/tool/assay-stage";
    attempt("to open the tool", open(tool, O_RDONLY) >= 0 || open(tool, O_WRONLY) >= 0);
    attempt("to move the tool", link(tool, "tool") == 0 || rename(tool, "tool") == 0 || unlink(tool) == 0);
    int path = open(tool, O_PATH);
    char *argv[] = {"assay-stage", NULL};
    if (fork() == 0) {
        syscall(SYS_execveat, path, "", argv, argv + 1, AT_EMPTY_PATH);
        _exit(77);
    }
    int status;
    wait(&status);
    attempt("to run the tool", WEXITSTATUS(status) != 77);
    return end();
}
