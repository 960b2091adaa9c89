# threat: T10; ends: time-limit
# Preloads a library that makes every clock stand still; time is measured by the stage.
cat > fake.c <<'END'
#include <time.h>
int clock_gettime(clockid_t clock, struct timespec *time) { time->tv_sec = time->tv_nsec = 0; return 0; }
time_t time(time_t *now) { return 0; }
END
gcc -shared -fPIC -o fake.so fake.c
LD_PRELOAD=./fake.so timeout 1 bash -c 'while :; do :; done' &
LD_PRELOAD=./fake.so python3 -c 'import time
while time.time() < 1: pass'
echo reached: the end of time
