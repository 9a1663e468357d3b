/* What tools say, unless another process says it. */
#include "base/cli_say.h"
#include "base/error.h"
#include <stdio.h>

static int silent;

void amkd_cli_say(const char *name, const char *kind, const char *message)
{
    if (!silent)
        fprintf(stderr, "%s: %s%s\n", name, kind, message);
}

int amkd_cli_silence(void)
{
    silent = 1;
    return freopen("/dev/null", "w", stdout) ? 0 : amkd_fail_errno("'/dev/null'");
}

void amkd_cli_speak(void)
{
    silent = 0;
}

int amkd_cli_is_silent(void)
{
    return silent;
}
