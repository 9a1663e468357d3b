/* The signals that ask a server to stop. They are not blocked: the threads of an OpenCL
 * device were begun before, and would be ended by them. */
#include "serve/stop.h"
#include "base/error.h"
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>

static sem_t came; /* so often, and not yet asked for */

static void on_signal(int number)
{
    const int reason = errno;
    (void)number;
    sem_post(&came);
    errno = reason;
}

int amkd_stop_catch(void)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    if (sem_init(&came, 0, 0))
        return amkd_fail_errno("cannot wait for signals");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction before,
            action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
        sigemptyset(&action.sa_mask);
        if (sigaction(numbers[i], NULL, &before) ||
            (before.sa_handler != SIG_IGN && sigaction(numbers[i], &action, NULL)))
            return amkd_fail_errno("cannot catch signals");
    }
    return 0;
}

int amkd_stop_wait(double seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    const double end = (double)until.tv_nsec * 1e-9 + seconds;
    until.tv_sec += (time_t)end;
    until.tv_nsec = (long)((end - (double)(time_t)end) * 1e9);
    int rc;
    while ((rc = sem_clockwait(&came, CLOCK_MONOTONIC, &until)) && errno == EINTR)
        ;
    return !rc;
}
