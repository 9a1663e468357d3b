/* amkd-merge: the picks of a pool's shards as if the pool had been scored whole. */
#include "base/cli.h"
#include "steps/select/merge.h"
#include <inttypes.h>
#include <stdio.h>

static const char notes[] =
    "The result is the same, byte for byte, as from the unsharded pool.\n\n"
    "Example:\n"
    "  for i in 0 1 2 3; do\n"
    "      amkd-pool --shard $i/4 real.amkd |\n"
    "          amkd-score -s student.safetensors -k 1000 -o part$i.amkd &\n"
    "  done; wait\n"
    "  amkd-merge -o picks.amkd part?.amkd\n";

static int run(const amkd_merge_options *options, int verbose)
{
    amkd_merge_counts counts;
    if (amkd_merge_write(&counts, options))
        return -1;
    if (verbose)
        fprintf(stderr, "amkd-merge: kept %" PRIu64 " of %" PRIu64 " picks\n",
                counts.kept, counts.read);
    return 0;
}

int main(int argc, char **argv)
{
    amkd_common common;
    amkd_common_init(&common);
    amkd_merge_options merge = {0};
    amkd_texts images = {0};
    const amkd_option options[] = {
        {'k', "lowest", AMKD_COUNT, &merge.k, "K",
         "keep the K lowest picks (default: as many as each shard was to keep)", 0, 1,
         0x1p62},
        {0, "images", AMKD_TEXTS, &images, "FILE",
         "where views lie that the picks name, if they moved; again for each set",
         AMKD_WHERE, 0, 0},
        AMKD_OPTION_OUTPUT(common),
        AMKD_OPTION_THREADS(common),
        AMKD_OPTION_QUIET(common),
        AMKD_OPTION_VERBOSE(common),
        AMKD_OPTION_END,
    };
    const amkd_tool tool = {.name = "amkd-merge",
                            .summary = "merge the picks of a pool's shards",
                            .usage = "[OPTION]... PICKS...",
                            .notes = notes,
                            .options = options,
                            .min_arguments = 1,
                            .max_arguments = 65536};
    amkd_cli cli;
    int rc = amkd_cli_open(&cli, &tool, argc, argv);
    if (rc)
        return cli.status;
    merge.paths = cli.arguments;
    merge.npaths = cli.narguments;
    merge.images = images.text;
    merge.nimages = images.n;
    merge.output = common.output;
    merge.nthreads = common.nthreads;
    merge.quiet = common.quiet;
    return amkd_cli_close(&cli, run(&merge, common.verbose));
}
