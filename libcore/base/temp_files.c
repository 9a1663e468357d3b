/* The list of live temporary files. Signal handlers read it, on any thread and at any
 * time, so it is a fixed array of atomic pointers: who exchanges a path out of its slot
 * owns it. */
#include "base/temp_files.h"
#include "base/error.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { NSLOTS = 64 };

static _Atomic(char *) slots[NSLOTS];
static pid_t owner; /* a forked child must not remove its parent's files */
static pthread_once_t once = PTHREAD_ONCE_INIT;

void amkd_temp_remove_all(void)
{
    if (getpid() != owner)
        return;
    for (int i = 0; i < NSLOTS; i++) {
        char *path = atomic_exchange(&slots[i], NULL);
        if (path)
            unlink(path);
    }
}

/* Installed with SA_RESETHAND: the second signal ends the process as it should. */
static void on_signal(int number)
{
    amkd_temp_remove_all();
    raise(number);
}

static void install(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    owner = getpid();
    atexit(amkd_temp_remove_all);
    for (int i = 0; i < 3; i++) {
        struct sigaction before,
            action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
        sigemptyset(&action.sa_mask);
        /* A signal ignored (nohup) or handled by someone else stays so. */
        if (!sigaction(numbers[i], NULL, &before) && before.sa_handler == SIG_DFL)
            sigaction(numbers[i], &action, NULL);
    }
}

int amkd_temp_add(char *path)
{
    pthread_once(&once, install);
    for (int i = 0; i < NSLOTS; i++) {
        char *empty = NULL;
        if (atomic_compare_exchange_strong(&slots[i], &empty, path))
            return 0;
    }
    return amkd_fail("'%s': more than %d files are being written", path, NSLOTS);
}

void amkd_temp_remove(char *path)
{
    for (int i = 0; i < NSLOTS; i++) {
        char *same = path;
        if (atomic_compare_exchange_strong(&slots[i], &same, NULL)) {
            free(path);
            return;
        }
    }
    /* Not found: a signal handler took it, and the process is about to end. */
}
