// threat: T1; ends: passed
// Sends every way of signal to the stage, its parent and everybody; a Landlock domain scopes signals.
#include "attack.h"

static int sends(pid_t pid, int number) {
    siginfo_t info = {.si_signo = number, .si_code = SI_QUEUE};
    return kill(pid, number) == 0 || syscall(SYS_tgkill, pid, pid, number) == 0 || syscall(SYS_tkill, pid, number) == 0
        || syscall(SYS_rt_sigqueueinfo, pid, number, &info) == 0
        || syscall(SYS_rt_tgsigqueueinfo, pid, pid, number, &info) == 0
        || syscall(SYS_pidfd_send_signal, syscall(SYS_pidfd_open, pid, 0), number, NULL, 0) == 0;
}

int main(void) {
    const int numbers[] = {0, SIGKILL, SIGSTOP, SIGTERM, SIGXCPU, SIGCHLD};
    // Its own session would be hit by -1 as well.
    for (int number = SIGHUP; number < SIGRTMAX; number++) signal(number, SIG_IGN);
    for (int i = 0; i < 6; i++) {
        attempt("a signal to process 1", sends(1, numbers[i]));
        attempt("a signal to the stage", sends(getppid(), numbers[i]));
        attempt("a signal to the stage's group", kill(-getpgid(getppid()), numbers[i]) == 0);
    }
    // The kernel calls it well done when there is somebody, hit or not: that the stage goes on is what shows.
    kill(-1, SIGKILL);
    return end();
}
