/* amkd-pool: the candidate pairs of an image set, or its images by themselves. */
#include "base/cli.h"
#include "steps/select/pool.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char notes[] =
    "With two image sets every image of the first is paired with every image of the\n"
    "second. --single lists the images of all sets, each by itself.\n\n"
    "Examples:\n"
    "  amkd-pool real.amkd | amkd-score -s student.safetensors -k 1000 -o picks.amkd\n"
    "  amkd-pool -n 1M --seed 7 -o pairs.amkd real.amkd\n"
    "  amkd-pool --shard 0/8 real.amkd | amkd-score -s student.safetensors -k 1000\n";

/* "I/N" with I below N. */
static int parse_shard(uint64_t *index, uint64_t *count, const char *text)
{
    char *end;
    errno = 0;
    if (*text < '0' || *text > '9')
        return -1;
    *index = strtoull(text, &end, 10);
    if (*end != '/' || end[1] < '0' || end[1] > '9')
        return -1;
    *count = strtoull(end + 1, &end, 10);
    return errno || *end || *index >= *count ? -1 : 0;
}

static int run(const amkd_pool_options *options, int verbose)
{
    amkd_pool pool;
    if (amkd_pool_write(&pool, options))
        return -1;
    if (verbose)
        fprintf(stderr, "amkd-pool: a pool of %" PRIu64 " of %" PRIu64 " %s\n",
                pool.nrows, pool.ntotal, pool.single ? "images" : "pairs");
    return 0;
}

int main(int argc, char **argv)
{
    amkd_common common;
    amkd_common_init(&common);
    amkd_pool_options pool = {0};
    const char *shard = NULL;
    const amkd_option options[] = {
        {'n', "pairs", AMKD_COUNT, &pool.ndraw, "P",
         "draw P pairs without replacement (default: all pairs, in order)", 0, 1, 0x1p62},
        {0, "single", AMKD_FLAG, &pool.single, NULL,
         "single images, to be asked about as they are, in place of pairs", 0, 0, 0},
        AMKD_OPTION_SEED(pool.seed),
        {0, "shard", AMKD_TEXT, &shard, "I/N",
         "write only part I of N, counted from 0; amkd-merge puts together what\n"
         "was picked from the parts",
         AMKD_WHERE, 0, 0},
        AMKD_OPTION_CHECK(common),
        AMKD_OPTION_OUTPUT(common),
        AMKD_OPTION_THREADS(common),
        AMKD_OPTION_QUIET(common),
        AMKD_OPTION_VERBOSE(common),
        AMKD_OPTION_END,
    };
    const amkd_tool tool = {.name = "amkd-pool",
                            .summary = "list the candidate pairs of an image set",
                            .usage = "[OPTION]... [IMAGES [IMAGES2]]",
                            .notes = notes,
                            .options = options,
                            .max_arguments = 2};
    amkd_cli cli;
    int rc = amkd_cli_open(&cli, &tool, argc, argv);
    if (rc)
        return cli.status;
    if (shard && parse_shard(&pool.shard, &pool.nshards, shard))
        rc = amkd_cli_misuse(&cli, "--shard: '%s' is not I/N with I from 0 to N - 1",
                             shard);
    else if (amkd_cli_given(&cli, "seed") && !pool.ndraw)
        rc = amkd_cli_misuse(&cli, "--seed is for --pairs");
    if (rc) {
        amkd_cli_close(&cli, 0);
        return rc;
    }
    pool.images = cli.narguments > 0 ? cli.arguments[0] : "-";
    pool.second = cli.narguments > 1 ? cli.arguments[1] : NULL;
    pool.output = common.output;
    pool.nthreads = common.nthreads;
    pool.quiet = common.quiet;
    pool.command = cli.command;
    return amkd_cli_close(&cli, common.check ? amkd_pool_check(&pool)
                                             : run(&pool, common.verbose));
}
