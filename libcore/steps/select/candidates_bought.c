/* Mixes that were bought as candidates: each at the lambda it was asked with, so that a
 * replay of them has an answer to whatever is picked. */
#include "base/error.h"
#include "base/memory.h"
#include "data/images_refs.h"
#include "steps/ask/asked.h"
#include "steps/learn/dataset.h"
#include "steps/select/candidates.h"
#include "stream/stream.h"
#include <stdlib.h>

/* The stream of the seed for the scores of random picks. */
enum { BOUGHT_CHANCE = 0x626f7567 };

typedef struct bought {
    amkd_dataset mixes; /* but for its images, which are the candidates' */
    amkd_header header; /* of the first labels */
    amkd_asked asked;
} bought;

static int read_bought(amkd_candidates *c, amkd_label_key *keys, size_t *n, size_t most)
{
    const bought *b = c->state;
    for (*n = 0; *n < most && c->nread < b->mixes.n; c->nread++) {
        const amkd_label_key key = b->mixes.keys[c->nread];
        if (amkd_asked_has(&b->asked, (amkd_pair){key.i, key.j})) {
            c->nasked++;
            amkd_progress_add(c->progress, 1);
        } else {
            keys[(*n)++] = key;
        }
    }
    return 0;
}

static void close_bought(amkd_candidates *c)
{
    bought *b = c->state;
    b->mixes.images = NULL;
    amkd_dataset_clear(&b->mixes);
    amkd_header_clear(&b->header);
    amkd_asked_clear(&b->asked);
    free(b);
}

static int read_labels(bought *b, const char *path, const amkd_score_options *o)
{
    amkd_reader *reader;
    if (amkd_reader_open(&reader, path, "labels", o->nthreads))
        return -1;
    const amkd_header *header = amkd_reader_header(reader);
    int rc = 0;
    if (!b->header.kind[0])
        rc = amkd_header_copy(&b->header, header);
    else if (amkd_images_same_refs(&b->header, header))
        rc = amkd_fail_in("'%s'", path);
    if (!rc)
        rc = amkd_dataset_read(&b->mixes, reader, path, o->images, o->nimages,
                               o->nthreads);
    amkd_reader_close(reader);
    return rc;
}

int amkd_candidates_open_bought(amkd_candidates *candidates,
                                const amkd_score_options *options)
{
    bought *b = amkd_alloc(1, sizeof *b);
    if (!b)
        return -1;
    *candidates = (amkd_candidates){.state = b,
                                    .name = options->bought[0],
                                    .what = "mixes",
                                    .header = &b->header,
                                    .chance = BOUGHT_CHANCE,
                                    .read = read_bought,
                                    .close = close_bought};
    int rc = 0;
    for (size_t f = 0; !rc && f < options->nbought; f++)
        rc = read_labels(b, options->bought[f], options);
    candidates->n = b->mixes.n;
    candidates->nclasses = b->mixes.nclasses;
    candidates->images = b->mixes.images;
    candidates->nimages = b->mixes.images ? b->mixes.images->n : 0;
    return rc || amkd_asked_load(&b->asked, options->exclude, options->nexclude,
                                 &b->header, options->nthreads)
               ? -1
               : 0;
}
