/* A selection: amkd_lowest with a stream behind it, or the stream alone. */
#include "steps/selection.h"
#include "base/error.h"
#include "base/memory.h"
#include "steps/lowest.h"
#include "stream/stream.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct amkd_selection {
    amkd_selection_options options;
    amkd_header header;
    amkd_noise noise;
    amkd_lowest *lowest; /* NULL without k */
    amkd_writer *writer; /* NULL with k until the end */
    uint64_t npicks;
};

static int put_count(amkd_header *header, const char *key, uint64_t value)
{
    return amkd_header_put(header, key, json_integer((json_int_t)value));
}

static int new_lowest(amkd_selection *selection, uint64_t k)
{
    const amkd_selection_options *options = &selection->options;
    if (amkd_lowest_new(&selection->lowest, k, options->max_per_image, options->nimages))
        return -1;
    amkd_lowest_noise(selection->lowest, &selection->noise);
    /* Of a coarse pass a class has the same part as of the picks. */
    const uint64_t limit = options->max_per_class;
    const uint64_t most =
        k <= options->k ? limit
                        : (uint64_t)ceil((double)limit * (double)k / (double)options->k);
    if (limit && amkd_lowest_classes(selection->lowest, most, options->classes->of_image,
                                     options->classes->n))
        return -1;
    return amkd_lowest_sources(selection->lowest, options->sources, options->nsources);
}

static int open_lowest(amkd_selection *selection)
{
    const amkd_selection_options *options = &selection->options;
    if (put_count(&selection->header, "k", options->k) ||
        (options->max_per_image &&
         put_count(&selection->header, "max_per_image", options->max_per_image)) ||
        (options->max_per_class &&
         (put_count(&selection->header, "max_per_class", options->max_per_class) ||
          amkd_header_put(&selection->header, "classes",
                          json_string(options->classes->digest)))))
        return -1;
    return new_lowest(selection, options->ncoarse ? options->ncoarse : options->k);
}

int amkd_selection_open(amkd_selection **out, const amkd_header *header,
                        const amkd_selection_options *options)
{
    amkd_selection *selection = amkd_alloc(1, sizeof *selection);
    if (!selection)
        return -1;
    selection->options = *options;
    if (amkd_header_copy(&selection->header, header) ||
        amkd_noise_get(&selection->noise, header) ||
        (options->k ? open_lowest(selection)
                    : amkd_writer_open(&selection->writer, options->output,
                                       &selection->header, options->nthreads))) {
        amkd_selection_discard(selection);
        return -1;
    }
    *out = selection;
    return 0;
}

int amkd_selection_add(amkd_selection *selection, const amkd_pick *picks, size_t n)
{
    if (selection->lowest)
        return amkd_lowest_offer(selection->lowest, picks, n);
    selection->npicks += n;
    return amkd_writer_write(selection->writer, picks, n);
}

float amkd_selection_threshold(const amkd_selection *selection)
{
    return selection->lowest ? amkd_lowest_threshold(selection->lowest) : INFINITY;
}

const amkd_noise *amkd_selection_noise(const amkd_selection *selection)
{
    return &selection->noise;
}

double amkd_selection_cutoff(const amkd_selection *selection)
{
    return selection->lowest ? amkd_lowest_cutoff(selection->lowest) : (double)INFINITY;
}

int amkd_selection_refine(amkd_selection *selection, amkd_pair **pairs, size_t *n)
{
    const amkd_pick *coarse;
    if (amkd_lowest_finish(selection->lowest, &coarse, n))
        return -1;
    *pairs = amkd_alloc(*n ? *n : 1, sizeof **pairs);
    if (!*pairs)
        return -1;
    for (size_t p = 0; p < *n; p++)
        (*pairs)[p] = (amkd_pair){coarse[p].i, coarse[p].j};
    amkd_lowest_free(selection->lowest);
    selection->lowest = NULL;
    return new_lowest(selection, selection->options.k);
}

static int fail_few(const amkd_selection_options *options, size_t n, uint64_t nasked)
{
    char limit[80] = "", by_class[80] = "", asked[80] = "";
    if (options->max_per_image)
        snprintf(limit, sizeof limit, " when an image takes part in at most %" PRIu64,
                 options->max_per_image);
    if (options->max_per_class)
        snprintf(by_class, sizeof by_class, "%s a class in at most %" PRIu64,
                 options->max_per_image ? " and" : " when", options->max_per_class);
    if (nasked)
        snprintf(asked, sizeof asked, ", without the %" PRIu64 " pairs asked before",
                 nasked);
    return amkd_fail("cannot pick %" PRIu64 ": the pool has %zu candidates%s%s%s",
                     options->k, n, limit, by_class, asked);
}

static int write_lowest(amkd_selection *selection, uint64_t nasked)
{
    const amkd_selection_options *options = &selection->options;
    const amkd_pick *picks;
    size_t n;
    if (options->shard) {
        if (amkd_lowest_finish_shard(selection->lowest, &picks, &n))
            return -1;
    } else {
        if (amkd_lowest_finish(selection->lowest, &picks, &n))
            return -1;
        if (n < options->k)
            return fail_few(options, n, nasked);
    }
    if (put_count(&selection->header, "rows", n) ||
        amkd_writer_open(&selection->writer, options->output, &selection->header,
                         options->nthreads))
        return -1;
    selection->npicks = n;
    return amkd_writer_write(selection->writer, picks, n);
}

static void free_selection(amkd_selection *selection)
{
    amkd_lowest_free(selection->lowest);
    amkd_header_clear(&selection->header);
    free(selection);
}

int amkd_selection_close(amkd_selection *selection, uint64_t *npicks, uint64_t nasked)
{
    if (selection->lowest && write_lowest(selection, nasked)) {
        amkd_selection_discard(selection);
        return -1;
    }
    *npicks = selection->npicks;
    const int rc = amkd_writer_close(selection->writer);
    free_selection(selection);
    return rc;
}

void amkd_selection_discard(amkd_selection *selection)
{
    if (!selection)
        return;
    amkd_writer_discard(selection->writer);
    free_selection(selection);
}
