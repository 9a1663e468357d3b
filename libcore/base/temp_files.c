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

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
enum { NSIGNALS = sizeof numbers / sizeof *numbers };
static struct sigaction before[NSIGNALS]; /* what is done about them else */
static _Atomic int left;                  /* bits: they are somebody else's */

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

/* Then what was there before: the end, or a handler of a library that has files of its
 * own (LLVM, in OpenCL drivers, has one). */
static void on_signal(int number)
{
    amkd_temp_remove_all();
    for (int s = 0; s < NSIGNALS; s++)
        if (numbers[s] == number)
            sigaction(number, &before[s], NULL);
    raise(number);
}

static void install(void)
{
    owner = getpid();
    atexit(amkd_temp_remove_all);
    for (int s = 0; s < NSIGNALS; s++) {
        struct sigaction action = {.sa_handler = on_signal};
        sigemptyset(&action.sa_mask);
        /* A signal ignored (nohup) stays so. */
        if (!(atomic_load(&left) & 1 << s) && !sigaction(numbers[s], NULL, &before[s]) &&
            before[s].sa_handler != SIG_IGN)
            sigaction(numbers[s], &action, NULL);
    }
}

void amkd_temp_leave(int number)
{
    for (int s = 0; s < NSIGNALS; s++)
        if (numbers[s] == number)
            atomic_fetch_or(&left, 1 << s);
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
