/* The environment of PoCL. */
#include "device/driver_settings.h"
#include "base/memory.h"
#include "device/cache_files.h"
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* The directory that PoCL takes by itself. */
static char *usual_directory(void)
{
    const char *xdg = environment("XDG_CACHE_HOME"), *home = environment("HOME");
    return xdg    ? amkd_format("%s/pocl/kcache", xdg)
           : home ? amkd_format("%s/.cache/pocl/kcache", home)
                  : amkd_strdup("/tmp/pocl/kcache");
}

static int can_write(const char *directory)
{
    return !amkd_cache_make_directory(directory) && !access(directory, W_OK | X_OK);
}

/* Anyone may make directories beside it: one that another user can change is no place for
 * programs. */
static int is_private(const char *directory)
{
    struct stat status;
    return !lstat(directory, &status) && S_ISDIR(status.st_mode) &&
           status.st_uid == geteuid() && !(status.st_mode & 077);
}

/* Names a directory for the cache where the usual one cannot be had. */
static void prepare_cache(void)
{
    if (environment("POCL_CACHE_DIR"))
        return;
    char *usual = usual_directory();
    if (usual && !can_write(usual)) {
        const char *temporary = environment("TMPDIR");
        char *directory = amkd_format("%s/amkd-%ju", temporary ? temporary : "/tmp",
                                      (uintmax_t)geteuid());
        if (directory && can_write(directory) && is_private(directory))
            (void)setenv("POCL_CACHE_DIR", directory, 1);
        free(directory);
    }
    free(usual);
}

void amkd_driver_settings_prepare(void)
{
    prepare_cache();
    (void)setenv("POCL_WORK_GROUP_SPECIALIZATION", "0", 0);
}
