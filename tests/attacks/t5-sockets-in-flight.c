// threat: T5; ends: passed
// Sends sockets with full buffers over another socket and closes them: they live on as a message, and nobody has them open.
#include "attack.h"

static int send_descriptor(int through, int what) {
    char byte = 0, control[CMSG_SPACE(sizeof what)];
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof what);
    memcpy(CMSG_DATA(header), &what, sizeof what);
    return sendmsg(through, &message, MSG_DONTWAIT) == 1;
}

int main(void) {
    static char block[65536];
    int through[2], ends[2], sent = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, through) != 0) return end();
    for (int i = 0; i < 200 && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0; i++) {
        for (int side = 0; side < 2; side++) {
            fcntl(ends[side], F_SETFL, O_NONBLOCK);
            while (write(ends[side], block, sizeof block) > 0) {}
        }
        for (int side = 0; side < 2; side++) {
            sent += send_descriptor(through[0], ends[side]);
            close(ends[side]);
        }
    }
    attempt("sockets that no process has open", sent > 0);
    return end();
}
