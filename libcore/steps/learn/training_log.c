/* Lines appended by single writes, so that a reader of the growing file sees whole ones.
 */
#include "steps/learn/training_log.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_NBYTES = 1 << 30 }; /* of a file that goes on */

void amkd_training_log_init(amkd_training_log *log, const char *path, int resumes)
{
    *log = (amkd_training_log){.path = path, .resumes = resumes, .fd = -1};
    amkd_training_log_begin(log);
}

void amkd_training_log_begin(amkd_training_log *log)
{
    log->began = amkd_now();
}

/* ------------------------------------------------------------ a file that goes on -- */

/* Reads the step, of how many, and the seconds of a line of nbytes. */
static int parse_line(uint64_t *step, uint64_t *nsteps, double *seconds, const char *line,
                      size_t nbytes)
{
    json_t *object = json_loadb(line, nbytes, 0, NULL);
    json_t *number = json_object_get(object, "step"),
           *all = json_object_get(object, "steps"),
           *time = json_object_get(object, "seconds");
    const int rc =
        json_is_integer(number) && json_is_integer(all) && json_is_number(time) ? 0 : -1;
    *step = (uint64_t)json_integer_value(number);
    *nsteps = (uint64_t)json_integer_value(all);
    *seconds = json_number_value(time);
    json_decref(object);
    return rc;
}

static const char *name_of(const amkd_training_log *log)
{
    return strcmp(log->path, "-") ? log->path : "stdout";
}

/* *nkept: the bytes up to the last line of a step up to since. nsteps: of the training
 * that goes on, 0 where it is not known or begins anew; lines of another one are refused.
 */
static int find_kept(size_t *nkept, amkd_training_log *log, const char *bytes,
                     size_t nbytes, uint64_t since, uint64_t nsteps)
{
    *nkept = 0;
    for (size_t at = 0, number = 1; at < nbytes; number++) {
        const char *line = bytes + at, *end = memchr(line, '\n', nbytes - at);
        uint64_t step, all;
        double seconds;
        if (!end && *line == '{')
            return 0; /* cut short */
        if (!end || parse_line(&step, &all, &seconds, line, (size_t)(end - line)))
            return amkd_fail("'%s': line %zu is none of --metrics: it stays as it is",
                             log->path, number);
        if (nsteps && all != nsteps)
            return amkd_fail(
                "'%s': line %zu is of a training of %llu steps, this one has "
                "%llu: it stays as it is",
                log->path, number, (unsigned long long)all, (unsigned long long)nsteps);
        at = (size_t)(end + 1 - bytes);
        if (step <= since) {
            *nkept = at;
            log->before = seconds;
        }
    }
    return 0;
}

/* The bytes of the file; NULL, 0 where there is none, and where it is not regular. */
static int read_back(char **bytes, size_t *nbytes, const amkd_training_log *log)
{
    struct stat status;
    *bytes = NULL;
    *nbytes = 0;
    if (!log->path || stat(log->path, &status) || !S_ISREG(status.st_mode))
        return 0;
    return amkd_file_read(bytes, nbytes, log->path, MAX_NBYTES);
}

int amkd_training_log_check(amkd_training_log *log, uint64_t nsteps)
{
    char *bytes;
    size_t nbytes, nkept;
    if (read_back(&bytes, &nbytes, log))
        return -1;
    const int rc = find_kept(&nkept, log, bytes, nbytes, 0, log->resumes ? nsteps : 0);
    free(bytes);
    return rc;
}

/* Cuts off what the training does again, all where it begins anew. */
static int cut(amkd_training_log *log, const amkd_train_report *report)
{
    char *bytes;
    size_t nbytes, nkept;
    if (read_back(&bytes, &nbytes, log))
        return -1;
    int rc = find_kept(&nkept, log, bytes, nbytes, log->resumes ? report->since : 0,
                       log->resumes ? report->nsteps : 0);
    free(bytes);
    if (!rc && nbytes && ftruncate(log->fd, (off_t)nkept))
        rc = amkd_fail_errno("'%s'", log->path);
    return rc;
}

static int open_file(amkd_training_log *log, const amkd_train_report *report)
{
    if (!strcmp(log->path, "-")) {
        log->fd = dup(STDOUT_FILENO);
        return log->fd < 0 ? amkd_fail_errno("stdout") : 0;
    }
    log->fd = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (log->fd < 0)
        return amkd_fail_errno("'%s'", log->path);
    return cut(log, report);
}

/* -------------------------------------------------------------------- the lines -- */

static int write_all(const amkd_training_log *log, const char *bytes, size_t nbytes)
{
    while (nbytes) {
        const ssize_t n = write(log->fd, bytes, nbytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return amkd_fail_errno("'%s'", name_of(log));
        bytes += n;
        nbytes -= (size_t)n;
    }
    return 0;
}

static json_t *object_of(const amkd_training_log *log, const amkd_train_report *report,
                         int taught, const amkd_agreement *val, double now)
{
    json_t *object =
        json_pack("{s:I, s:I, s:f, s:f, s:f, s:f}", "step", (json_int_t)report->step,
                  "steps", (json_int_t)report->nsteps, "epoch", report->epoch, "rate",
                  report->rate, "loss", report->diverged ? 0 : report->loss, "top",
                  report->diverged ? 0 : report->agreement);
    int rc = object ? 0 : -1;
    if (!rc && report->diverged)
        rc = json_object_set_new(object, "loss", json_null()) ||
             json_object_set_new(object, "top", json_null()) ||
             json_object_set_new(object, "diverged", json_true());
    if (!rc && taught)
        rc = json_object_set_new(object, "taught", json_real(report->taught));
    if (!rc && val)
        rc = json_object_set_new(
                 object, "val_loss",
                 json_real(amkd_calibration_log_loss(&val->calibration))) ||
             json_object_set_new(object, "val_top", json_real(val->agreement));
    const double seconds = report->seconds;
    if (!rc)
        rc = json_object_set_new(
                 object, "images_per_second",
                 json_real(seconds > 0 ? report->nsamples / seconds : 0)) ||
             json_object_set_new(object, "seconds",
                                 json_real(log->before + now - log->began));
    if (!rc)
        return object;
    json_decref(object);
    return NULL;
}

int amkd_training_log_add(amkd_training_log *log, const amkd_train_report *report,
                          int taught, const amkd_agreement *val)
{
    if (log->fd < 0 && open_file(log, report))
        return -1;
    const double now = amkd_now();
    json_t *object = object_of(log, report, taught, val, now);
    char *text =
        object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    const size_t length = text ? strlen(text) : 0;
    int rc = text ? 0 : amkd_fail("no memory for a line of metrics");
    json_decref(object);
    if (!rc) {
        text[length] = '\n'; /* in place of the zero, which is not written */
        rc = write_all(log, text, length + 1);
    }
    free(text);
    return rc;
}

int amkd_training_log_close(amkd_training_log *log)
{
    if (log->fd < 0)
        return 0;
    /* A pipe or terminal cannot be synced. */
    int rc = fsync(log->fd) && errno != EINVAL && errno != EROFS
                 ? amkd_fail_errno("'%s'", name_of(log))
                 : 0;
    if (close(log->fd) && !rc)
        rc = amkd_fail_errno("'%s'", name_of(log));
    log->fd = -1;
    return rc;
}
