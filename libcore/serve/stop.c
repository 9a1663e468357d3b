/* The signals that ask a server to stop. */
#include "serve/stop.h"
#include "base/error.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

static void stop_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
}

int amkd_stop_hold(void)
{
    sigset_t set;
    stop_signals(&set);
    errno = pthread_sigmask(SIG_BLOCK, &set, NULL);
    return errno ? amkd_fail_errno("cannot hold signals") : 0;
}

int amkd_stop_wait(double seconds)
{
    sigset_t set;
    stop_signals(&set);
    const struct timespec timeout = {
        .tv_sec = (time_t)seconds,
        .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    return sigtimedwait(&set, NULL, &timeout) > 0;
}
