/* What libamkd does for the process that it is in. */
#include "base/error.h"
#include "base/temp_files.h"
#include "base/version.h"
#include "device/last_words.h"
#include "public/amkd.h"
#include "public/library_internal.h"
#include <pthread.h>
#include <signal.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void leave_signals(void)
{
    amkd_temp_leave(SIGINT);
    amkd_temp_leave(SIGTERM);
    amkd_temp_leave(SIGHUP);
    amkd_last_words_leave();
}

void amkd_library_prepare(void)
{
    pthread_once(&once, leave_signals);
}

const char *amkd_library_name(const json_t *names, size_t c)
{
    return json_string_value(json_array_get(names, c));
}

const char *amkd_library_version(void)
{
    return AMKD_VERSION;
}

const char *amkd_last_error(void)
{
    return amkd_error();
}
