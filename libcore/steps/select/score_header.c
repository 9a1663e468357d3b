/* What stands in a picks stream of how its rows came about. */
#include "steps/select/score_header.h"
#include "base/error.h"
#include "data/images_refs.h"
#include "steps/select/noise.h"
#include "stream/rows.h"

/* What the pairs' header says of their origin goes on into the picks'. */
static int copy_origin(amkd_header *header, const amkd_header *pairs)
{
    static const char *const keys[] = {"shard", "pool", "single", "provenance"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        const json_t *value = json_object_get(pairs->more, keys[k]);
        if (value && amkd_header_put(header, keys[k], json_deep_copy(value)))
            return -1;
    }
    return amkd_images_copy_refs(header, pairs);
}

/* A list of numbers, NULL without memory. */
static json_t *list_of(const double *values, size_t n)
{
    json_t *list = json_array();
    for (size_t v = 0; list && v < n; v++)
        if (json_array_append_new(list, json_real(values[v]))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static int put_share(amkd_header *header, const amkd_score_options *options,
                     const amkd_header *pairs)
{
    const json_t *pool = json_object_get(pairs->more, "pool");
    const uint64_t neach = options->by == AMKD_BY_C1 ? options->nlambdas : 1;
    if (!json_is_integer(pool) || json_integer_value(pool) < 1)
        return amkd_fail(
            "the pairs' header does not say how large the pool is, of which a "
            "share is to be drawn");
    return amkd_noise_put_share(header, options->random_share, options->seed, options->k,
                                (uint64_t)json_integer_value(pool) * neach);
}

int amkd_score_header(amkd_header *header, const amkd_score_options *options,
                      const double *coarse, const amkd_header *pairs)
{
    if (amkd_picks_header(header))
        return -1;
    if (amkd_header_put(header, "lambdas",
                        list_of(options->lambdas, options->nlambdas)) ||
        amkd_header_put(header, "by", json_string(amkd_score_by_name(options->by))) ||
        copy_origin(header, pairs))
        return -1;
    if (coarse && amkd_header_put(header, "refine",
                                  json_pack("{s:f, s:o}", "candidates", options->refine,
                                            "coarse", list_of(coarse, options->ncoarse))))
        return -1;
    if (options->diverse > 0 &&
        amkd_header_put(header, "diverse", json_real(options->diverse)))
        return -1;
    if (options->noise > 0 && amkd_noise_put(header, options->noise, options->seed))
        return -1;
    if (options->random_share > 0 && put_share(header, options, pairs))
        return -1;
    return amkd_header_add_provenance(header, "amkd-score", options->command, NULL);
}
