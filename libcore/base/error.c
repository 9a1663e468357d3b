/* The last error message of each thread, in thread-local storage: no allocation, so that
 * even "out of memory" can be said. */
#include "base/error.h"
#include "base/memory.h"
#include "base/printable.h"
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_NBYTES = 16384 }; /* room for an OpenCL build log */

static _Thread_local char message[MESSAGE_NBYTES];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char remark[1024];

/* Formats into a buffer of its own first: the arguments may point into message. A text
 * that does not fit ends in "...". */
static void set_message(const char *format, va_list arguments, const char *behind)
{
    char text[MESSAGE_NBYTES];
    int n = vsnprintf(text, sizeof text, format, arguments);
    if (n < 0)
        n = snprintf(text, sizeof text, "%s", format);
    size_t used = (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    int more = snprintf(text + used, sizeof text - used, "%s", behind);
    if ((size_t)n >= sizeof text || used + (size_t)more >= sizeof text)
        memcpy(text + sizeof text - 4, "...", 4);
    amkd_make_printable(text, "\n\t");
    memcpy(message, text, strlen(text) + 1);
}

int amkd_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set_message(format, arguments, "");
    va_end(arguments);
    return -1;
}

int amkd_fail_errno(const char *format, ...)
{
    char behind[256];
    const int code = errno;
    snprintf(behind, sizeof behind, ": %s%s", strerror(code),
             code == ENOMEM ? amkd_memory_limit() : "");
    va_list arguments;
    va_start(arguments, format);
    set_message(format, arguments, behind);
    va_end(arguments);
    return -1;
}

int amkd_fail_in(const char *format, ...)
{
    char behind[MESSAGE_NBYTES];
    snprintf(behind, sizeof behind, ": %.*s", MESSAGE_NBYTES - 3, message);
    va_list arguments;
    va_start(arguments, format);
    set_message(format, arguments, behind);
    va_end(arguments);
    return -1;
}

void amkd_remark(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&lock);
    if (!*remark && vsnprintf(remark, sizeof remark, format, arguments) > 0)
        amkd_make_printable(remark, "");
    pthread_mutex_unlock(&lock);
    va_end(arguments);
}

const char *amkd_remarked(void)
{
    return *remark ? remark : NULL;
}

const char *amkd_error(void)
{
    return message;
}
