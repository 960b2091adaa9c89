// threat: T10; ends: passed
// Sets the machine's clocks, by which times and limits are measured.
#include "attack.h"
#include <sys/time.h>
#include <sys/timex.h>

int main(void) {
    struct timespec past = {1, 0};
    struct timeval old = {1, 0};
    for (int clock = 0; clock < 12; clock++) attempt("to set a clock", clock_settime(clock, &past) == 0);
    attempt("to set the time of day", settimeofday(&old, NULL) == 0);
    struct timex slow = {.modes = ADJ_FREQUENCY, .freq = -32768000};
    attempt("to slow the clock", adjtimex(&slow) >= 0 || clock_adjtime(CLOCK_REALTIME, &slow) >= 0);
    attempt("the clock's device", open("/dev/rtc0", O_RDONLY) >= 0 || open("/dev/ptp0", O_RDWR) >= 0);
    return end();
}
