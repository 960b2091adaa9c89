// threat: T6; ends: passed
// Asks for a socket of every family and kind, by every number that the call has; without a network there is none.
#include "attack.h"

int main(void) {
    char what[64];
    for (int family = 0; family < 64; family++)
        for (int kind = 1; kind <= 10; kind++)
            for (int protocol = 0; protocol < 20; protocol++) {
                snprintf(what, sizeof what, "socket %d %d %d", family, kind, protocol);
                attempt(what, socket(family, kind, protocol) >= 0);
#ifdef __x86_64__
                attempt("a socket by way of x32", syscall(0x40000000 + SYS_socket, family, kind, protocol) >= 0);
#endif
            }
    int ends[2];
    for (int kind = 1; kind <= 10; kind++)
        attempt("a pair that could be aimed elsewhere", kind != SOCK_STREAM && socketpair(AF_UNIX, kind, 0, ends) == 0);
    return end();
}
