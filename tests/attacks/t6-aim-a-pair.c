// threat: T6; ends: passed
// Turns a connected pair of streams towards other addresses: abstract names, paths, the loopback.
#include "attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

int main(void) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return end();
    struct sockaddr_un paths[] = {{AF_UNIX, "/var/run/docker.sock"}, {AF_UNIX, "/run/containerd/containerd.sock"}, {AF_UNIX, "\0/tmp/.X11-unix/X0"}};
    struct sockaddr_in api = {AF_INET, htons(443), {htonl(0x0a600001)}};
    for (int i = 0; i < 3; i++) {
        attempt("connect", connect(ends[0], (struct sockaddr *)&paths[i], sizeof paths[i]) == 0);
        attempt("bind", bind(ends[1], (struct sockaddr *)&paths[i], sizeof paths[i]) == 0);
        attempt("send to", sendto(ends[0], "x", 1, MSG_DONTWAIT, (struct sockaddr *)&paths[i], sizeof paths[i]) == 1);
    }
    attempt("connect to the API server", connect(ends[0], (struct sockaddr *)&api, sizeof api) == 0);
    attempt("listen", listen(ends[0], 1) == 0 || accept(ends[0], NULL, NULL) >= 0);
    return end();
}
