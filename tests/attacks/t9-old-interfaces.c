// threat: T9; ends: crashed
// Calls the kernel by the interface of 32-bit programs, whose numbers mean other calls: a filter must not be fooled.
#include "attack.h"

int main(void) {
#ifdef __x86_64__
    long answer;
    // 20 is getpid there and writev here.
    __asm__ volatile("int $0x80" : "=a"(answer) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
    attempt("a 32-bit call", answer == getpid());
    return end();
#else
    // There is no such interface; it ends as it would have.
    return raise(SIGSYS);
#endif
}
