/* The pixels of questions, a chunk of them at a time. */
#include "base/memory.h"
#include "data/images_rows.h"
#include "steps/ask/query_internal.h"
#include <stdlib.h>

static int holds(const query_pixels *made, size_t first, size_t n)
{
    return first >= made->first && first + n <= made->first + made->n;
}

const uint8_t *amkd_query_pixels(query *q, query_pixels *made, size_t first, size_t n)
{
    const amkd_questions *questions = &q->questions;
    const size_t npixels = amkd_images_npixels(questions->images);
    if (!made->pixels)
        made->pixels = amkd_alloc(CHUNK, npixels);
    if (!made->pixels)
        return NULL;
    if (!holds(made, first, n)) {
        const amkd_label_key *keys = questions->keys + first;
        made->n = 0;
        if (amkd_images_mix(made->pixels, questions->images, keys, n))
            return NULL;
        made->first = first;
        made->n = n;
    }
    return made->pixels + (first - made->first) * npixels;
}
