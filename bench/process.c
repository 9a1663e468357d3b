/* Spawning and waiting, by wait4 for the child's own resources. */
#include "process.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + 1e-6 * (double)time.tv_usec;
}

static int wait_for(process_cost *cost, pid_t child, const char *path)
{
    int status;
    struct rusage usage;
    pid_t got;
    while ((got = wait4(child, &status, 0, &usage)) < 0 && errno == EINTR)
        ;
    if (got < 0)
        return amkd_fail_errno("waiting for '%s'", path);
    if (WIFSIGNALED(status))
        return amkd_fail("'%s' was ended by signal %d", path, WTERMSIG(status));
    if (WEXITSTATUS(status))
        return amkd_fail("'%s' exited with status %d", path, WEXITSTATUS(status));
    cost->cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    cost->peak_mib = (double)usage.ru_maxrss / 1024; /* KiB on Linux */
    return 0;
}

static int spawn(pid_t *child, const char *output, const char *path,
                 const char *const *argv)
{
    posix_spawn_file_actions_t actions;
    int status = posix_spawn_file_actions_init(&actions);
    if (status)
        return amkd_fail("'%s': %s", path, strerror(status));
    if (output)
        status = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output,
                                                  O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (!status)
        status = posix_spawnp(child, path, &actions, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return status ? amkd_fail("'%s': %s", path, strerror(status)) : 0;
}

int process_run_to(process_cost *cost, const char *output, const char *directory,
                   const char *const *argv)
{
    char *path =
        directory ? amkd_format("%s/%s", directory, argv[0]) : amkd_strdup(argv[0]);
    if (!path)
        return -1;
    pid_t child;
    const double start = amkd_now();
    int rc = spawn(&child, output, path, argv);
    if (!rc)
        rc = wait_for(cost, child, path);
    cost->seconds = amkd_now() - start;
    free(path);
    return rc;
}

int process_run(process_cost *cost, const char *directory, const char *const *argv)
{
    return process_run_to(cost, NULL, directory, argv);
}
