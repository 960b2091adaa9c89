# threat: T9; ends: passed
# Runs programs that have more rights than itself, and makes some of its own (set-user-id, capabilities, devices).
. common/attack.sh
attempt su su -c true
attempt sudo sudo -n true
attempt mount mount -t tmpfs none .
attempt unshare unshare --user --map-root-user true
attempt "unshare of processes" unshare --pid --fork true
attempt nsenter nsenter --target 1 --mount true
attempt chroot chroot . /bin/true
attempt mknod mknod device c 1 3
attempt losetup losetup -f
attempt strace strace -p $PPID
cp /usr/bin/id own-id
attempt "set-user-id" chmod 4755 own-id
attempt "a mode of its own" chmod 700 own-id
attempt "a capability" setcap cap_setuid+ep own-id
attempt "another owner" chown 0 own-id
attempt "an attribute" setfattr -n user.x -v 1 own-id
attempt "an unchangeable file" chattr +i own-id
attempt "to be root" bash -c '[ $EUID = 0 ]'
end
