// threat: V1; ends: build-failed
// Lets the compiler look for files that it must not read; it stops at the first that it is refused.
#include "attack.h"

static const char *found[] = {
#if __has_include("/volumes/submission/plan.json")
    "plan.json",
#endif
#if __has_include("/volumes/setup-configuration/job.json")
    "job.json",
#endif
#if __has_include("/proc/1/environ")
    "process 1",
#endif
#if __has_include("/etc/shadow")
    "shadow",
#endif
#if __has_include("/var/run/secrets/kubernetes.io/serviceaccount/token")
    "a token",
#endif
#if __has_include("/volumes/private-results")
    "private results",
#endif
    NULL,
};

int main(void) {
    for (int i = 0; found[i] != NULL; i++) attempt(found[i], 1);
    return end();
}
