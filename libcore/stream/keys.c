/* Keys of headers, read and put. */
#include "stream/keys.h"
#include "base/error.h"

static json_t *get(const amkd_header *header, const char *key)
{
    return json_object_get(header->more, key);
}

static const char *get_text(const amkd_header *header, const char *key)
{
    return json_string_value(get(header, key));
}

static int put_count(amkd_header *header, const char *key, uint64_t value)
{
    return amkd_header_put(header, key, json_integer((json_int_t)value));
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

/* ---------------------------------------------------------------------- any stream -- */

uint64_t amkd_header_rows(const amkd_header *header)
{
    const json_t *rows = get(header, "rows");
    return rows ? (uint64_t)json_integer_value(rows) : UINT64_MAX;
}

int amkd_header_put_rows(amkd_header *header, uint64_t nrows)
{
    return put_count(header, "rows", nrows);
}

json_t *amkd_header_provenance(const amkd_header *header)
{
    return get(header, "provenance");
}

int amkd_header_put_provenance(amkd_header *header, const json_t *runs)
{
    return amkd_header_put(header, "provenance", json_deep_copy(runs));
}

/* --------------------------------------------------- images, labels and journals -- */

json_t *amkd_header_class_names(const amkd_header *header)
{
    return get(header, "class_names");
}

int amkd_header_put_class_names(amkd_header *header, const json_t *names)
{
    return amkd_header_put(header, "class_names", json_deep_copy(names));
}

/* ------------------------------------------------------------- labels and journals -- */

const char *amkd_header_teacher(const amkd_header *header)
{
    return get_text(header, "teacher");
}

int amkd_header_put_teacher(amkd_header *header, const char *teacher)
{
    return amkd_header_put(header, "teacher", json_string(teacher));
}

json_t *amkd_labels_rule(const amkd_header *header)
{
    return get(header, "answers");
}

int amkd_labels_put_rule(amkd_header *header, const json_t *rule)
{
    return amkd_header_put(header, "answers", json_deep_copy(rule));
}

json_t *amkd_labels_origin(const amkd_header *header)
{
    return get(header, "origin");
}

int amkd_labels_put_origin(amkd_header *header, const json_t *origin)
{
    return amkd_header_put(header, "origin", json_deep_copy(origin));
}

/* ----------------------------------------------------------------- pairs and picks -- */

uint64_t amkd_header_pool(const amkd_header *header)
{
    const json_int_t npool = json_integer_value(get(header, "pool"));
    return npool > 0 ? (uint64_t)npool : 0;
}

int amkd_header_is_single(const amkd_header *header)
{
    return json_is_true(get(header, "single"));
}

int amkd_header_put_pool(amkd_header *header, uint64_t npool, int single)
{
    return put_count(header, "pool", npool) ||
                   (single && amkd_header_put(header, "single", json_true()))
               ? -1
               : 0;
}

int amkd_header_is_shard(const amkd_header *header)
{
    return get(header, "shard") != NULL;
}

int amkd_header_shard(uint64_t *index, uint64_t *count, const amkd_header *header)
{
    json_t *shard = get(header, "shard");
    json_int_t i = 0, n = 0;
    *index = *count = 0;
    if (!shard)
        return 0;
    if (json_unpack(shard, "{s:I, s:I}", "index", &i, "count", &n) || i < 0 || i >= n)
        return amkd_fail("the header's \"shard\" is no {\"index\", \"count\"}");
    *index = (uint64_t)i;
    *count = (uint64_t)n;
    return 0;
}

int amkd_header_put_shard(amkd_header *header, uint64_t index, uint64_t count)
{
    return amkd_header_put(
        header, "shard",
        json_pack("{s:I, s:I}", "index", (json_int_t)index, "count", (json_int_t)count));
}

int amkd_header_copy_pool(amkd_header *header, const amkd_header *source)
{
    static const char *const keys[] = {"shard", "pool", "single"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        const json_t *value = get(source, keys[k]);
        if (value && amkd_header_put(header, keys[k], json_deep_copy(value)))
            return -1;
    }
    return 0;
}

void amkd_header_join_shards(amkd_header *header)
{
    json_object_del(header->more, "shard");
    json_object_del(header->more, "rows");
}

/* --------------------------------------------------------------------------- picks -- */

const char *amkd_picks_by(const amkd_header *header)
{
    return get_text(header, "by");
}

int amkd_picks_put_by(amkd_header *header, const char *by)
{
    return amkd_header_put(header, "by", json_string(by));
}

int amkd_picks_put_lambdas(amkd_header *header, const double *lambdas, size_t n)
{
    return amkd_header_put(header, "lambdas", list_of(lambdas, n));
}

int amkd_picks_put_refine(amkd_header *header, double candidates, const double *coarse,
                          size_t ncoarse)
{
    return amkd_header_put(header, "refine",
                           json_pack("{s:f, s:o}", "candidates", candidates, "coarse",
                                     list_of(coarse, ncoarse)));
}

int amkd_picks_put_recall(amkd_header *header, uint64_t nsampled, uint64_t nfound)
{
    json_t *refine = json_object_get(header->more, "refine");
    return json_object_set_new(refine, "sampled", json_integer((json_int_t)nsampled)) ||
                   json_object_set_new(refine, "found", json_integer((json_int_t)nfound))
               ? amkd_fail("out of memory")
               : 0;
}

int amkd_picks_are_diverse(const amkd_header *header)
{
    return get(header, "diverse") != NULL;
}

int amkd_picks_put_diverse(amkd_header *header, double candidates)
{
    return amkd_header_put(header, "diverse", json_real(candidates));
}

/* An integer, or 0 where the key is absent or null. */
static int read_count(uint64_t *count, const amkd_header *header, const char *key)
{
    const json_t *value = get(header, key);
    *count = 0;
    if (!value || json_is_null(value))
        return 0;
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return amkd_fail("the header's \"%s\" is no count", key);
    *count = (uint64_t)json_integer_value(value);
    return 0;
}

int amkd_picks_limits_read(amkd_picks_limits *limits, const amkd_header *header)
{
    return read_count(&limits->k, header, "k") ||
                   read_count(&limits->max_per_image, header, "max_per_image")
               ? -1
               : 0;
}

int amkd_picks_put_limits(amkd_header *header, const amkd_picks_limits *limits)
{
    return (limits->k && put_count(header, "k", limits->k)) ||
                   (limits->max_per_image &&
                    put_count(header, "max_per_image", limits->max_per_image))
               ? -1
               : 0;
}

json_t *amkd_scoring_of(const amkd_header *header)
{
    return get(header, "scoring");
}

int amkd_scoring_put(amkd_header *header, const json_t *scoring)
{
    return amkd_header_put(header, "scoring", json_deep_copy(scoring));
}

json_t *amkd_scoring_state(const amkd_header *header)
{
    return get(header, "state");
}

int amkd_scoring_put_state(amkd_header *header, json_t *state)
{
    return amkd_header_put(header, "state", state);
}
