/* amkd-pool: the candidate pairs of an image set, or its images by themselves. */
#include "base/cli.h"
#include "base/cli_paths.h"
#include "base/error.h"
#include "pool-shard.h"
#include "steps/select/pool.h"
#include <inttypes.h>
#include <stdio.h>

static const char notes[] =
    "With two image sets every image of the first is paired with every image of the\n"
    "second. --single lists the images of all sets, each by itself.\n\n"
    "Examples:\n"
    "  amkd-pool real.amkd | amkd-score -s student.safetensors -k 1000 -o picks.amkd\n"
    "  amkd-pool -n 1M --seed 7 -o pairs.amkd real.amkd\n"
    "  amkd-pool --shard 0/8 real.amkd | amkd-score -s student.safetensors -k 1000\n"
    "  sbatch --array=0-999 score.sh   # with amkd-pool --shard array/1000 in it\n";

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

static int check(const amkd_cli *cli, const amkd_pool_options *pool)
{
    return amkd_cli_probe_paths(cli) || amkd_pool_check(pool) ? -1 : 0;
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
         "was picked from the parts. array: as the place of this job in an array\n"
         "of Slurm's; array/N: part I of N is that of job I",
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
    if (shard && pool_shard_parse(&pool.shard, &pool.nshards, shard))
        rc = amkd_cli_misuse(&cli, "%s", amkd_error());
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
    return amkd_cli_close(&cli,
                          common.check ? check(&cli, &pool) : run(&pool, common.verbose));
}
