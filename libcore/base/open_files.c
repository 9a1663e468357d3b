/* The limit of open files, which most systems set far below what they allow. */
#include "base/open_files.h"
#include "base/error.h"
#include <sys/resource.h>

int amkd_open_files_raise(uint64_t *limit, uint64_t wanted)
{
    struct rlimit now;
    if (getrlimit(RLIMIT_NOFILE, &now))
        return amkd_fail_errno("limit of open files");
    if (now.rlim_cur < wanted) {
        now.rlim_cur = now.rlim_max < wanted ? now.rlim_max : wanted;
        if (setrlimit(RLIMIT_NOFILE, &now))
            return amkd_fail_errno("limit of open files");
    }
    *limit = now.rlim_cur;
    return 0;
}
