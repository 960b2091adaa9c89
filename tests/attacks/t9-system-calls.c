// threat: T9; ends: passed
// Makes every system call that no program needs, by its number; none may answer with anything but an error.
#include "attack.h"

#define CALL(name, ...) attempt(#name, syscall(SYS_##name, ##__VA_ARGS__) >= 0)

int main(void) {
    static char room[4096];
    CALL(bpf, 0, room, 64);
    CALL(perf_event_open, room, 0, -1, -1, 0);
    CALL(userfaultfd, 1);
    CALL(io_uring_setup, 1, room);
    CALL(io_uring_enter, 0, 0, 0, 0, 0);
    CALL(io_uring_register, 0, 0, 0, 0);
    CALL(add_key, "user", "x", "x", 1, -3);
    CALL(request_key, "user", "x", 0, -3);
    CALL(keyctl, 0, -3, 1);
    CALL(memfd_create, "x", 0);
    CALL(memfd_secret, 0);
    CALL(shmget, 0, 4096, 01600);
    CALL(msgget, 0, 01600);
    CALL(semget, 0, 1, 01600);
    CALL(mq_open, "/x", O_CREAT | O_RDWR, 0600, 0);
    CALL(name_to_handle_at, AT_FDCWD, ".", room, room + 2048, 0);
    CALL(open_by_handle_at, AT_FDCWD, room, O_RDONLY);
    CALL(fanotify_init, 0, 0);
    CALL(kexec_load, 0, 0, 0, 0);
    CALL(init_module, room, 1, "");
    CALL(syslog, 3, room, 100);
    CALL(quotactl, 0, "/", 0, room);
    CALL(setxattr, ".", "user.x", "1", 1, 0);
    CALL(personality, 0x0040000);
    CALL(ioprio_set, 1, 1, 0);
    CALL(move_pages, getppid(), 0, 0, 0, 0, 0);
    CALL(migrate_pages, getppid(), 0, 0, 0);
    CALL(process_madvise, 0, 0, 0, 0, 0);
    CALL(reboot, 0xfee1dead, 672274793, 0, 0);
    CALL(sethostname, "x", 1);
    CALL(swapon, "x", 0);
    CALL(acct, NULL);
    CALL(vhangup);
    CALL(setfsuid, 0) /* Tells the old one, so an answer would be a user. */;
    return end();
}
