/* Progress on stderr: one line redrawn on a terminal, a plain line now and then in a log.
 */
#include "base/progress.h"
#include "base/clock.h"
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct amkd_progress {
    char tool[32], unit[32];
    uint64_t total; /* 0: unknown */
    int terminal;
    double started;
    atomic_uint_fast64_t done;
    pthread_mutex_t lock; /* of what follows */
    double next_draw;
    char note[128];
};

static double interval(const amkd_progress *progress)
{
    return progress->terminal ? 0.1 : 10;
}

amkd_progress *amkd_progress_new(const char *tool, const char *unit, uint64_t total,
                                 int quiet)
{
    amkd_progress *progress = quiet ? NULL : calloc(1, sizeof *progress);
    if (!progress)
        return NULL;
    snprintf(progress->tool, sizeof progress->tool, "%s", tool);
    snprintf(progress->unit, sizeof progress->unit, "%s", unit);
    progress->total = total;
    progress->terminal = isatty(STDERR_FILENO);
    progress->started = amkd_now();
    progress->next_draw =
        progress->started + (progress->terminal ? 0.5 : interval(progress));
    pthread_mutex_init(&progress->lock, NULL);
    return progress;
}

static void format_rate(char *text, size_t size, double rate)
{
    snprintf(text, size, rate < 10 ? "%.2f" : rate < 100 ? "%.1f" : "%.0f", rate);
}

static void format_left(char *text, size_t size, double seconds)
{
    if (seconds < 90)
        snprintf(text, size, "%.0f s left", seconds);
    else if (seconds < 5400)
        snprintf(text, size, "%.0f min left", seconds / 60);
    else
        snprintf(text, size, "%.1f h left", seconds / 3600);
}

static void draw(amkd_progress *progress, uint64_t done, double now)
{
    double elapsed = now - progress->started;
    double rate = elapsed > 0 ? (double)done / elapsed : 0;
    char line[512], figure[32], left[32] = "";
    format_rate(figure, sizeof figure, rate);
    int n;
    if (progress->total) {
        uint64_t remaining = done < progress->total ? progress->total - done : 0;
        if (rate > 0)
            format_left(left, sizeof left, (double)remaining / rate);
        n = snprintf(line, sizeof line, "%s: %llu of %llu %s, %.0f %%, %s/s%s%s",
                     progress->tool, (unsigned long long)done,
                     (unsigned long long)progress->total, progress->unit,
                     100.0 * (double)done / (double)progress->total, figure,
                     *left ? ", " : "", left);
    } else {
        n = snprintf(line, sizeof line, "%s: %llu %s, %s/s", progress->tool,
                     (unsigned long long)done, progress->unit, figure);
    }
    if (*progress->note && n > 0 && (size_t)n < sizeof line)
        snprintf(line + n, sizeof line - (size_t)n, ", %s", progress->note);
    struct winsize window;
    if (!progress->terminal) {
        fprintf(stderr, "%s\n", line);
        return;
    }
    if (!ioctl(STDERR_FILENO, TIOCGWINSZ, &window) && window.ws_col > 1 &&
        window.ws_col <= sizeof line)
        line[window.ws_col - 1] = 0; /* a line that wraps could not be redrawn */
    fprintf(stderr, "\r%s\033[K", line);
}

void amkd_progress_add(amkd_progress *progress, uint64_t n)
{
    if (!progress)
        return;
    uint64_t done = atomic_fetch_add(&progress->done, n) + n;
    /* A thread that finds another one drawing goes on with its work. */
    if (pthread_mutex_trylock(&progress->lock))
        return;
    double now = amkd_now();
    if (now >= progress->next_draw) {
        draw(progress, done, now);
        progress->next_draw = now + interval(progress);
    }
    pthread_mutex_unlock(&progress->lock);
}

void amkd_progress_note(amkd_progress *progress, const char *format, ...)
{
    if (!progress)
        return;
    pthread_mutex_lock(&progress->lock);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(progress->note, sizeof progress->note, format, arguments);
    va_end(arguments);
    pthread_mutex_unlock(&progress->lock);
}

void amkd_progress_free(amkd_progress *progress)
{
    if (!progress)
        return;
    double elapsed = amkd_now() - progress->started;
    uint64_t done = atomic_load(&progress->done);
    if (progress->terminal)
        fprintf(stderr, "\r\033[K");
    if (elapsed >= 1) {
        char figure[32];
        format_rate(figure, sizeof figure, (double)done / elapsed);
        fprintf(stderr, "%s: %llu %s in %.1f s, %s %s/s%s%s\n", progress->tool,
                (unsigned long long)done, progress->unit, elapsed, figure, progress->unit,
                *progress->note ? ", " : "", progress->note);
    }
    pthread_mutex_destroy(&progress->lock);
    free(progress);
}
