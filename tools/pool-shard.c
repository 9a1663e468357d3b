/* Parts of a pool by number, and by the variables that Slurm gives to the jobs of an
 * array. */
#include "pool-shard.h"
#include "base/error.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A whole number, behind which end points. */
static int parse_number(uint64_t *number, const char **end, const char *text)
{
    char *behind;
    if (*text < '0' || *text > '9')
        return -1;
    errno = 0;
    *number = strtoull(text, &behind, 10);
    *end = behind;
    return errno ? -1 : 0;
}

static int parse_all(uint64_t *number, const char *text)
{
    const char *end;
    return parse_number(number, &end, text) || *end ? -1 : 0;
}

static int read_variable(uint64_t *number, const char *name)
{
    const char *text = getenv(name);
    if (!text)
        return amkd_fail("--shard: this is no job of an array: %s is not set", name);
    return parse_all(number, text)
               ? amkd_fail("--shard: %s is '%s', not a number", name, text)
               : 0;
}

/* Jobs MIN, MIN + STEP, ..., MAX are shards 0, 1, ..., COUNT - 1. */
static int place_in_array(uint64_t *index, uint64_t *count)
{
    uint64_t id, min, max, step;
    if (read_variable(&id, "SLURM_ARRAY_TASK_ID") ||
        read_variable(count, "SLURM_ARRAY_TASK_COUNT") ||
        read_variable(&min, "SLURM_ARRAY_TASK_MIN") ||
        read_variable(&max, "SLURM_ARRAY_TASK_MAX") ||
        read_variable(&step, "SLURM_ARRAY_TASK_STEP"))
        return -1;
    if (!step || id < min || id > max || (id - min) % step ||
        (max - min) / step != *count - 1)
        return amkd_fail(
            "--shard array: the %" PRIu64 " jobs from %" PRIu64 " to %" PRIu64
            " of this array have gaps, so that they do not tell their places; "
            "array/N does",
            *count, min, max);
    if (*count == 1 && id)
        return amkd_fail("--shard array: job %" PRIu64
                         " is alone in its array, which does "
                         "not say of how many parts it is one; array/N does",
                         id);
    *index = (id - min) / step;
    return 0;
}

static int number_in_array(uint64_t *index, uint64_t count)
{
    if (read_variable(index, "SLURM_ARRAY_TASK_ID"))
        return -1;
    return *index < count ? 0
                          : amkd_fail("--shard array/%" PRIu64 ": job %" PRIu64
                                      " is beyond the last, they are counted from 0",
                                      count, *index);
}

int pool_shard_parse(uint64_t *index, uint64_t *count, const char *text)
{
    const char *end;
    if (strcmp(text, "array") == 0)
        return place_in_array(index, count);
    if (strncmp(text, "array/", 6) == 0 && !parse_all(count, text + 6) && *count)
        return number_in_array(index, *count);
    if (parse_number(index, &end, text) || *end != '/' || parse_all(count, end + 1) ||
        *index >= *count)
        return amkd_fail(
            "--shard: '%s' is neither I/N with I from 0 to N - 1 nor array or "
            "array/N",
            text);
    return 0;
}
