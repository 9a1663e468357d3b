/* The parts stand one after another, and the header says how long each is. */
#include "steps/select/score_checkpoint.h"
#include "base/error.h"
#include "base/memory.h"
#include "stream/keys.h"
#include "stream/rows.h"
#include "stream/stream.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static const char kind[] = "scoring";

/* ------------------------------------------------------------- of which scoring it is --
 */

static json_t *digest_model(const amkd_model *model)
{
    const size_t nbytes = amkd_model_nscales(model) * sizeof *model->mean;
    XXH64_hash_t digest = XXH3_64bits(model->graph.text, strlen(model->graph.text));
    digest = XXH3_64bits_withSeed(model->parameters,
                                  model->graph.nparameters * sizeof(float), digest);
    digest = XXH3_64bits_withSeed(model->mean, nbytes, digest);
    digest = XXH3_64bits_withSeed(model->std, nbytes, digest);
    return json_sprintf("xxh3-64:%016" PRIx64, digest);
}

json_t *amkd_score_describe(const amkd_score_options *options, const amkd_header *picks,
                            uint64_t excluded, const amkd_model *model)
{
    json_t *scoring = json_copy(picks->more);
    if (!scoring)
        return NULL;
    json_object_del(scoring, "provenance");
    if (json_object_set_new(scoring, "k", json_integer((json_int_t)options->k)) ||
        json_object_set_new(scoring, "max_per_image",
                            json_integer((json_int_t)options->max_per_image)) ||
        (options->by == AMKD_BY_RANDOM &&
         json_object_set_new(scoring, "seed", json_integer((json_int_t)options->seed))) ||
        json_object_set_new(scoring, "refine_sample",
                            json_pack("[I, I]", (json_int_t)options->sample_least,
                                      (json_int_t)options->sample_most)) ||
        json_object_set_new(scoring, "exclude",
                            json_sprintf("xxh3-64:%016" PRIx64, excluded)) ||
        json_object_set_new(scoring, "student",
                            model ? digest_model(model) : json_null())) {
        json_decref(scoring);
        return NULL;
    }
    return scoring;
}

/* The value as text, freed with free(). */
static char *print(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS)
                 : amkd_strdup("missing");
}

static int fail_other(const char *key, const json_t *found, const json_t *scoring)
{
    char *is = print(found, key), *expected = print(scoring, key);
    if (is && expected)
        amkd_fail("the checkpoint is of another scoring: its \"%s\" is\n  %s\nnot\n  %s",
                  key, is, expected);
    else
        amkd_fail("out of memory");
    free(is);
    free(expected);
    return -1;
}

static int check_same(json_t *found, const json_t *scoring)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)scoring, key, value)
        if (!json_equal(value, json_object_get(found, key)))
            return fail_other(key, found, scoring);
    json_object_foreach (found, key, value)
        if (!json_object_get(scoring, key))
            return fail_other(key, found, scoring);
    return 0;
}

/* ------------------------------------------------------------------------- the stream --
 */

static int put_state(amkd_header *header, const amkd_score_state *s)
{
    json_t *lengths = json_array();
    for (size_t p = 0; p < AMKD_KEPT_PARTS; p++)
        if (json_array_append_new(lengths, json_integer((json_int_t)s->parts[p].n))) {
            json_decref(lengths);
            return amkd_fail("out of memory");
        }
    return amkd_scoring_put_state(
        header, json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "fine", s->fine,
                          "read", (json_int_t)s->nread, "asked", (json_int_t)s->nasked,
                          "thinned", (json_int_t)s->nthinned, "digest",
                          (json_int_t)s->digest, "sampled", (json_int_t)s->nsampled,
                          "read_fine", (json_int_t)s->nfine, "kept", lengths));
}

/* Rows are picks. */
static int make_header(amkd_header *header)
{
    if (amkd_picks_header(header))
        return -1;
    memcpy(header->kind, kind, sizeof kind);
    return 0;
}

static int write_parts(const amkd_score_state *state, const amkd_header *header,
                       const char *path)
{
    amkd_writer *writer;
    if (amkd_writer_open(&writer, path, header, 0))
        return -1;
    for (size_t p = 0; p < AMKD_KEPT_PARTS; p++)
        if (amkd_writer_write(writer, state->parts[p].picks, state->parts[p].n)) {
            amkd_writer_discard(writer);
            return -1;
        }
    return amkd_writer_close(writer);
}

int amkd_score_state_save(const amkd_score_state *state, const char *path,
                          const json_t *scoring)
{
    amkd_header header = {0};
    uint64_t nrows = 0;
    for (size_t p = 0; p < AMKD_KEPT_PARTS; p++)
        nrows += state->parts[p].n;
    const int rc = make_header(&header) || amkd_header_put_rows(&header, nrows) ||
                   put_state(&header, state) || amkd_scoring_put(&header, scoring) ||
                   write_parts(state, &header, path);
    amkd_header_clear(&header);
    return rc ? -1 : 0;
}

/* Numbers and lengths; the parts have no rows yet. */
static int read_state(amkd_score_state *s, const amkd_header *header)
{
    json_int_t read, asked, thinned, digest, sampled, fine;
    json_t *lengths;
    if (json_unpack(amkd_scoring_state(header),
                    "{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "fine", &s->fine, "read",
                    &read, "asked", &asked, "thinned", &thinned, "digest", &digest,
                    "sampled", &sampled, "read_fine", &fine, "kept", &lengths) ||
        json_array_size(lengths) != AMKD_KEPT_PARTS)
        return amkd_fail("the header's \"state\" is not that of a scoring");
    s->nread = (uint64_t)read;
    s->nasked = (uint64_t)asked;
    s->nthinned = (uint64_t)thinned;
    s->digest = (uint64_t)digest;
    s->nsampled = (uint64_t)sampled;
    s->nfine = (uint64_t)fine;
    for (size_t p = 0; p < AMKD_KEPT_PARTS; p++)
        s->parts[p].n = (size_t)json_integer_value(json_array_get(lengths, p));
    return 0;
}

/* Cuts the rows into the parts. */
static int read_parts(amkd_score_state *state, amkd_reader *reader)
{
    amkd_pick *rows;
    size_t nrows, at = 0;
    if (amkd_reader_read_all(reader, (void **)&rows, &nrows))
        return -1;
    int rc = 0;
    for (size_t p = 0; !rc && p < AMKD_KEPT_PARTS; p++) {
        amkd_kept *part = &state->parts[p];
        if (part->n > nrows - at) {
            rc = amkd_fail("%zu rows, fewer than its header's \"state\" says", nrows);
            break;
        }
        part->picks = amkd_alloc(part->n ? part->n : 1, sizeof *part->picks);
        if (!part->picks)
            rc = -1;
        else
            memcpy(part->picks, rows + at, part->n * sizeof *rows);
        at += part->n;
    }
    if (!rc && at != nrows)
        rc = amkd_fail("%zu rows, more than its header's \"state\" says", nrows);
    free(rows);
    return rc;
}

static int check_header(const amkd_header *header, const json_t *scoring)
{
    amkd_header expected = {0};
    json_t *found = amkd_scoring_of(header);
    const int rc = make_header(&expected) || amkd_header_expect_same(header, &expected);
    amkd_header_clear(&expected);
    if (rc)
        return -1;
    return json_is_object(found) ? check_same(found, scoring)
                                 : amkd_fail("not a checkpoint of amkd-score");
}

int amkd_score_state_load(amkd_score_state *state, const char *path,
                          const json_t *scoring)
{
    amkd_reader *reader;
    if (amkd_reader_open(&reader, path, kind, 0))
        return -1;
    const amkd_header *header = amkd_reader_header(reader);
    const int rc = check_header(header, scoring) || read_state(state, header) ||
                   read_parts(state, reader);
    amkd_reader_close(reader);
    return rc ? amkd_fail_in("'%s'", path) : 0;
}

void amkd_score_state_clear(amkd_score_state *state)
{
    for (size_t p = 0; p < AMKD_KEPT_PARTS; p++)
        free(state->parts[p].picks);
    *state = (amkd_score_state){0};
}
