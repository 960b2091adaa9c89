// threat: T9; ends: passed
// Types into the terminal of whoever runs the stage; there is none, and the calls that type are refused.
#include "attack.h"
#include <sys/ioctl.h>

int main(void) {
    const char *terminals[] = {"/dev/tty", "/dev/console", "/dev/ptmx", "/dev/pts/0", "/dev/tty1", "/dev/vcs", "/dev/uinput"};
    for (int i = 0; i < 7; i++) attempt(terminals[i], open(terminals[i], O_RDWR | O_NOCTTY | O_NONBLOCK) >= 0);
    for (int descriptor = 0; descriptor < 16; descriptor++) {
        attempt("TIOCSTI", ioctl(descriptor, TIOCSTI, "x") == 0);
        attempt("TIOCSTI with high bits", syscall(SYS_ioctl, descriptor, 0xffffffff00000000 | TIOCSTI, "x") == 0);
        attempt("TIOCLINUX", ioctl(descriptor, TIOCLINUX, "\2") == 0);
        attempt("TIOCSCTTY", ioctl(descriptor, TIOCSCTTY, 1) == 0);
        attempt("a terminal", isatty(descriptor));
    }
    return end();
}
