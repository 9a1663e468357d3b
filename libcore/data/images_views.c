/* Sources put into headers, and taken from streams. */
#include "data/images_views.h"
#include "base/error.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

int amkd_images_header_views(amkd_header *header, const amkd_images *images,
                             uint64_t seed, json_t *transforms)
{
    const amkd_images_ref *ref = images->refs;
    json_t *views = json_pack("{s:{s:s?, s:I, s:s}, s:I, s:o}", "of", "path",
                              images->sources ? NULL : ref->path, "rows",
                              (json_int_t)ref->source_rows, "digest", ref->source_digest,
                              "seed", (json_int_t)seed, "transforms", transforms);
    if (!views)
        return amkd_fail("image set '%s': the path is not UTF-8",
                         ref->path ? ref->path : "stdin");
    if (amkd_header_put(header, "views", views))
        return -1;
    return amkd_header_add(header, "source", "<u4", NULL, 0);
}

int amkd_images_check_sources(amkd_images *images, const amkd_images_layout *layout)
{
    if (!layout->source)
        return 0;
    images->refs->source_rows = layout->source_rows;
    strcpy(images->refs->source_digest, layout->source_digest);
    images->nsources = (size_t)layout->source_rows;
    for (size_t r = 0; r < images->n; r++)
        if (images->sources[r] >= images->nsources)
            return amkd_fail("row %zu: source %u is outside 0..%zu", r,
                             (unsigned)images->sources[r], images->nsources - 1);
    return 0;
}

int amkd_images_take_sources(amkd_images *images, const amkd_images_layout *layout,
                             const uint8_t *rows, size_t row_nbytes)
{
    if (!layout->source)
        return 0;
    images->sources = amkd_alloc(images->n, sizeof *images->sources);
    if (!images->sources)
        return -1;
    for (size_t r = 0; r < images->n; r++)
        memcpy(&images->sources[r], rows + r * row_nbytes + layout->source->offset,
               sizeof *images->sources);
    return amkd_images_check_sources(images, layout);
}
