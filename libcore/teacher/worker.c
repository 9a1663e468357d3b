/* The worker's life and its pipes. Pipes and not sockets, because programs open
 * /dev/stdin and /dev/stdout, and a process group, because sh -c may leave the command
 * itself to a child. */
#include "teacher/worker.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static const double PATIENCE = 2; /* seconds that a worker has to end */

struct amkd_worker {
    pid_t pid;    /* -1 once it was waited for */
    int in, out;  /* our ends of its stdin and stdout, not blocking */
    char *answer; /* [capacity] */
    size_t capacity;
};

/* One exchange under way. */
typedef struct exchange {
    const amkd_request *request;
    size_t nsent, nreceived;
    size_t needed; /* bytes of the answer, or of its part that tells its length */
    int measured;
    double deadline; /* 0 for none */
} exchange;

/* ------------------------------------------------------------------ start and end -- */

static int spawn(pid_t *pid, int in, int out, const char *command)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGXFSZ);
    int rc = posix_spawn_file_actions_init(&actions);
    if (rc)
        return rc;
    rc = posix_spawnattr_init(&attributes);
    if (rc) {
        posix_spawn_file_actions_destroy(&actions);
        return rc;
    }
    const short flags =
        POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    rc = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    if (!rc)
        rc = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (!rc) /* nothing else is the worker's, nor a daemon's that it leaves behind */
        rc = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    if (!rc)
        rc = posix_spawnattr_setflags(&attributes, flags);
    if (!rc)
        rc = posix_spawnattr_setsigmask(&attributes, &none);
    if (!rc)
        rc = posix_spawnattr_setsigdefault(&attributes, &defaults);
    char *arguments[] = {"sh", "-c", (char *)command, NULL};
    if (!rc)
        rc = posix_spawn(pid, "/bin/sh", &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

static int do_not_block(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static void close_pipe(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

int amkd_worker_open(amkd_worker **out, const char *command)
{
    int in[2], output[2];
    amkd_worker *worker = amkd_alloc(1, sizeof *worker);
    if (!worker)
        return -1;
    if (pipe2(in, O_CLOEXEC)) {
        free(worker);
        return amkd_fail_errno("cannot make a pipe");
    }
    if (pipe2(output, O_CLOEXEC)) {
        close_pipe(in);
        free(worker);
        return amkd_fail_errno("cannot make a pipe");
    }
    int rc = do_not_block(in[1]) || do_not_block(output[0]) ? errno : 0;
    if (rc == 0)
        rc = spawn(&worker->pid, in[0], output[1], command);
    if (rc) {
        close_pipe(in);
        close_pipe(output);
        free(worker);
        return amkd_fail("cannot start: %s", strerror(rc));
    }
    close(in[0]);
    close(output[1]);
    worker->in = in[1];
    worker->out = output[0];
    *out = worker;
    return 0;
}

/* Whether the worker ends within PATIENCE; *status is waitpid's. */
static int ends(amkd_worker *worker, int *status)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    for (double start = amkd_now(); amkd_now() - start < PATIENCE;) {
        pid_t pid = waitpid(worker->pid, status, WNOHANG);
        if (pid == worker->pid)
            return 1;
        if (pid < 0 && errno != EINTR)
            return 0;
        nanosleep(&pause, NULL);
    }
    return 0;
}

void amkd_worker_close(amkd_worker *worker)
{
    if (!worker)
        return;
    int status;
    close(worker->in);
    close(worker->out);
    if (worker->pid > 0 && !ends(worker, &status)) {
        kill(-worker->pid, SIGKILL);
        while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    free(worker->answer);
    free(worker);
}

/* The worker hung up: says how it ended. */
static int fail_ended(amkd_worker *worker, const exchange *x)
{
    int status;
    if (!ends(worker, &status))
        return amkd_fail("closed its stdin or stdout with %zu bytes of an answer given",
                         x->nreceived);
    worker->pid = -1;
    int signal = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status) - 128;
    if (signal > 0 && signal < 65) /* a shell reports a killed command as 128 + signal */
        return amkd_fail("was killed by signal %d (%s) with %zu bytes of an answer given",
                         signal, strsignal(signal), x->nreceived);
    return amkd_fail("exited with status %d with %zu bytes of an answer given",
                     WEXITSTATUS(status), x->nreceived);
}

/* ------------------------------------------------------------------- the exchange -- */

/* write() that reports a reader gone as EPIPE alone, whatever the program does on
 * SIGPIPE: the signal is held back, and taken off this thread. */
static ssize_t write_quietly(int fd, const void *bytes, size_t nbytes)
{
    sigset_t pipe_signal, pending, old;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &old);
    ssize_t n = write(fd, bytes, nbytes);
    int error = errno;
    if (n < 0 && error == EPIPE && !sigismember(&pending, SIGPIPE))
        sigtimedwait(&pipe_signal, NULL, &(struct timespec){0});
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = error;
    return n;
}

static size_t request_nbytes(const amkd_request *request)
{
    return request->head_nbytes + request->body_nbytes;
}

static int send_some(amkd_worker *worker, exchange *x)
{
    const amkd_request *request = x->request;
    const char *bytes = request->head;
    size_t done = x->nsent, nbytes = request->head_nbytes;
    if (done >= nbytes) {
        bytes = request->body;
        done -= nbytes;
        nbytes = request->body_nbytes;
    }
    ssize_t n = write_quietly(worker->in, bytes + done, nbytes - done);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n < 0 && errno == EPIPE)
        return fail_ended(worker, x);
    if (n < 0)
        return amkd_fail_errno("cannot write to it");
    x->nsent += (size_t)n;
    return 0;
}

/* Asks for the length until it is known or more bytes are needed to know it. */
static int measure(amkd_worker *worker, exchange *x)
{
    const amkd_request *request = x->request;
    while (!x->measured && x->nreceived >= x->needed) {
        const char *bytes = worker->answer ? worker->answer : "";
        int rc = request->measure(request->context, &x->needed, bytes, x->nreceived);
        if (rc < 0)
            return -1;
        x->measured = rc;
    }
    if (x->needed > worker->capacity) {
        char *block = amkd_realloc(worker->answer, x->needed, 1);
        if (!block)
            return -1;
        worker->answer = block;
        worker->capacity = x->needed;
    }
    return 0;
}

static int fail_talkative(amkd_worker *worker, const char *when)
{
    int nbytes = 0;
    if (ioctl(worker->out, FIONREAD, &nbytes) == 0 && nbytes > 0)
        return amkd_fail("wrote %d bytes or more to its stdout %s", nbytes, when);
    return 0;
}

/* Reads no more than the answer, so that what is left tells of a worker that prints. */
static int receive_some(amkd_worker *worker, exchange *x)
{
    ssize_t n =
        read(worker->out, worker->answer + x->nreceived, x->needed - x->nreceived);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n < 0)
        return amkd_fail_errno("cannot read from it");
    if (n == 0)
        return fail_ended(worker, x);
    x->nreceived += (size_t)n;
    return measure(worker, x);
}

static int wait_for_pipes(struct pollfd fds[2], const exchange *x)
{
    int wait_ms = -1;
    if (x->deadline > 0) {
        double left = x->deadline - amkd_now();
        if (left <= 0)
            return amkd_fail("no answer within %g s (%zu of %zu bytes of the request "
                             "taken, %zu bytes of an answer given)",
                             x->request->timeout, x->nsent, request_nbytes(x->request),
                             x->nreceived);
        wait_ms = left > 3600 ? 3600000 : (int)(left * 1000) + 1;
    }
    int n = poll(fds, 2, wait_ms);
    if (n < 0 && errno != EINTR)
        return amkd_fail_errno("cannot wait for it");
    if (n <= 0)
        fds[0].revents = fds[1].revents = 0;
    return 0;
}

static int step(amkd_worker *worker, exchange *x)
{
    int sending = x->nsent < request_nbytes(x->request);
    int receiving = x->nreceived < x->needed;
    struct pollfd fds[2] = {{.fd = worker->out, .events = POLLIN},
                            {.fd = sending ? worker->in : -1, .events = POLLOUT}};
    if (!receiving && fail_talkative(worker, "behind its answer"))
        return -1;
    if (!receiving)
        fds[0].fd = -1;
    if (wait_for_pipes(fds, x))
        return -1;
    if (fds[0].revents && receive_some(worker, x))
        return -1;
    return fds[1].revents ? send_some(worker, x) : 0;
}

int amkd_worker_ask(amkd_worker *worker, const void **answer, size_t *nbytes,
                    const amkd_request *request)
{
    exchange x = {.request = request};
    if (request->timeout > 0)
        x.deadline = amkd_now() + request->timeout;
    if (fail_talkative(worker, "before it was asked") || measure(worker, &x))
        return -1;
    while (x.nsent < request_nbytes(request) || x.nreceived < x.needed)
        if (step(worker, &x))
            return -1;
    if (fail_talkative(worker, "behind its answer"))
        return -1;
    *answer = worker->answer;
    *nbytes = x.nreceived;
    return 0;
}
