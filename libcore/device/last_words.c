/* The handlers of fatal signals that are there while a driver compiles. They only call
 * what a signal handler may call, and never return. */
#include "device/last_words.h"
#include "base/temp_files.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

typedef struct words {
    const char *text, *path;
    const void *note;
    size_t nbytes;
} words;

static const int numbers[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
enum { NSIGNALS = sizeof numbers / sizeof *numbers, STACK_NBYTES = 64 * 1024 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static size_t nopen;                      /* threads between begin and end */
static struct sigaction before[NSIGNALS]; /* what is done about them else */
static words latest;                      /* for threads that have none */
static _Thread_local words own;
static _Atomic int left; /* the signals are somebody else's */

/* Recursion without an end is a usual way for a compiler to die: the handler needs a
 * stack of its own. */
static _Thread_local char stack[STACK_NBYTES];
static _Thread_local stack_t stack_before;

static void put(const char *text)
{
    size_t n = strlen(text);
    while (n) {
        const ssize_t written = write(STDERR_FILENO, text, n);
        if (written < 0)
            return;
        text += written;
        n -= (size_t)written;
    }
}

static void keep(const words *w)
{
    const int fd =
        w->path ? open(w->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return;
    /* What is cut short is no entry of the cache. */
    if (write(fd, w->note, w->nbytes) < 0)
        (void)unlink(w->path);
    (void)close(fd);
}

static void on_signal(int number)
{
    const words *w = own.text ? &own : &latest;
    (void)number;
    keep(w);
    put(program_invocation_short_name);
    put(": ");
    put(w->text ? w->text : "the OpenCL driver died while it compiled");
    put("\n");
    amkd_temp_remove_all();
    _exit(1);
}

void amkd_last_words_begin(const char *text, const char *path, const void *note,
                           size_t nbytes)
{
    if (atomic_load(&left))
        return;
    own = (words){text, path, note, nbytes};
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    if (sigaltstack(&alternate, &stack_before))
        stack_before = (stack_t){.ss_flags = SS_DISABLE};
    pthread_mutex_lock(&lock);
    latest = own;
    if (!nopen++)
        for (int s = 0; s < NSIGNALS; s++) {
            struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
            sigfillset(&action.sa_mask);
            sigaction(numbers[s], &action, &before[s]);
        }
    pthread_mutex_unlock(&lock);
}

void amkd_last_words_end(void)
{
    if (atomic_load(&left))
        return;
    pthread_mutex_lock(&lock);
    if (latest.text == own.text)
        latest = (words){0};
    if (!--nopen)
        for (int s = 0; s < NSIGNALS; s++)
            sigaction(numbers[s], &before[s], NULL);
    pthread_mutex_unlock(&lock);
    sigaltstack(&stack_before, NULL);
    own = (words){0};
}

void amkd_last_words_leave(void)
{
    atomic_store(&left, 1);
}
