/* What stands in a picks stream of how its rows came about. */
#include "steps/select/score_header.h"
#include "base/error.h"
#include "data/images_refs.h"
#include "steps/select/noise.h"
#include "stream/keys.h"
#include "stream/rows.h"

/* What the pairs' header says of their origin goes on into the picks'. */
static int copy_origin(amkd_header *header, const amkd_header *pairs)
{
    const json_t *runs = amkd_header_provenance(pairs);
    return amkd_header_copy_pool(header, pairs) ||
                   (runs && amkd_header_put_provenance(header, runs)) ||
                   amkd_images_copy_refs(header, pairs)
               ? -1
               : 0;
}

static int put_share(amkd_header *header, const amkd_score_options *options,
                     const amkd_header *pairs)
{
    const uint64_t npool = amkd_header_pool(pairs);
    const uint64_t neach = options->by == AMKD_BY_C1 ? options->nlambdas : 1;
    if (!npool)
        return amkd_fail(
            "the pairs' header does not say how large the pool is, of which a "
            "share is to be drawn");
    return amkd_noise_put_share(header, options->random_share, options->seed, options->k,
                                npool * neach);
}

int amkd_score_header(amkd_header *header, const amkd_score_options *options,
                      const double *coarse, const amkd_header *pairs)
{
    if (amkd_picks_header(header))
        return -1;
    if (amkd_picks_put_lambdas(header, options->lambdas, options->nlambdas) ||
        amkd_picks_put_by(header, amkd_score_by_name(options->by)) ||
        copy_origin(header, pairs))
        return -1;
    if (coarse &&
        amkd_picks_put_refine(header, options->refine, coarse, options->ncoarse))
        return -1;
    if (options->diverse > 0 && amkd_picks_put_diverse(header, options->diverse))
        return -1;
    if (options->noise > 0 && amkd_noise_put(header, options->noise, options->seed))
        return -1;
    if (options->random_share > 0 && put_share(header, options, pairs))
        return -1;
    return amkd_header_add_provenance(header, "amkd-score", options->command, NULL);
}
