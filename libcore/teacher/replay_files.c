/* Lists, patterns and directories brought down to files. */
#include "teacher/replay_files.h"
#include "base/error.h"
#include "base/memory.h"
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef int take_file(void *context, const char *path);

static int take_path(take_file *take, void *context, const char *path)
{
    struct stat status;
    if (stat(path, &status) || !S_ISDIR(status.st_mode))
        return take(context, path);
    char *answers = amkd_format("%s/answers.amkd", path);
    const int rc = answers ? take(context, answers) : -1;
    free(answers);
    return rc;
}

/* All files of a pattern; a name without stars is its own only one. */
static int take_pattern(take_file *take, void *context, const char *pattern)
{
    glob_t found = {0};
    if (glob(pattern, GLOB_NOCHECK, NULL, &found))
        return amkd_fail("'%s': cannot be looked up", pattern);
    int rc = 0;
    for (size_t f = 0; !rc && f < found.gl_pathc; f++)
        rc = take_path(take, context, found.gl_pathv[f]);
    globfree(&found);
    return rc;
}

int amkd_replay_list_check(const char *list)
{
    for (const char *name = list;; name++) {
        const size_t length = strcspn(name, ",");
        if (!length)
            return amkd_fail("an empty name in the list of files");
        if (length == 1 && *name == '-')
            return amkd_fail("answers are replayed from files, not from standard input");
        name += length;
        if (!*name)
            return 0;
    }
}

int amkd_replay_files(const char *list, take_file *take, void *context)
{
    char *patterns = amkd_strdup(list), *next = patterns;
    int rc = !patterns || amkd_replay_list_check(list) ? -1 : 0;
    while (!rc && next)
        rc = take_pattern(take, context, strsep(&next, ","));
    free(patterns);
    return rc;
}
