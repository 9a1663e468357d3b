/* The fields of pairs, picks and labels. Rows are read straight into the structures of
 * rows.h, so these must lie as the fields do. */
#include "stream/rows.h"
#include "base/error.h"
#include <stddef.h>
#include <string.h>

_Static_assert(sizeof(amkd_pair) == 8, "a pair is packed");
_Static_assert(sizeof(amkd_pick) == 16, "a pick is packed");
_Static_assert(sizeof(amkd_label_key) == 12, "a label key is packed");

static int add_scalars(amkd_header *header, const char *const *names_dtypes)
{
    for (; *names_dtypes; names_dtypes += 2)
        if (amkd_header_add(header, names_dtypes[0], names_dtypes[1], NULL, 0))
            return -1;
    return 0;
}

static int make(amkd_header *header, const char *kind, size_t nclasses)
{
    static const char *const pair[] = {"i", "<u4", "j", "<u4", NULL};
    static const char *const lambda[] = {"lambda", "<f4", NULL};
    static const char *const score[] = {"score", "<f4", NULL};
    if (amkd_header_init(header, kind) || add_scalars(header, pair))
        goto failed;
    if (strcmp(kind, "pairs") && add_scalars(header, lambda))
        goto failed;
    if (!strcmp(kind, "picks") && add_scalars(header, score))
        goto failed;
    if (nclasses && amkd_header_add(header, "p", "<f4", &nclasses, 1))
        goto failed;
    return 0;
failed:
    amkd_header_clear(header);
    return -1;
}

int amkd_pairs_header(amkd_header *header)
{
    return make(header, "pairs", 0);
}

int amkd_picks_header(amkd_header *header)
{
    return make(header, "picks", 0);
}

int amkd_labels_header(amkd_header *header, size_t nclasses)
{
    if (!nclasses)
        return amkd_fail("labels of 0 classes");
    return make(header, "labels", nclasses);
}

static int check(const amkd_header *header, const char *kind, size_t nclasses)
{
    amkd_header expected;
    if (make(&expected, kind, nclasses))
        return -1;
    int result = amkd_header_expect_same(header, &expected);
    amkd_header_clear(&expected);
    return result;
}

int amkd_pairs_check(const amkd_header *header)
{
    return check(header, "pairs", 0);
}

int amkd_picks_check(const amkd_header *header)
{
    return check(header, "picks", 0);
}

int amkd_labels_check(const amkd_header *header, size_t *nclasses)
{
    const amkd_field *p;
    if (amkd_header_expect(&p, header, "p", "<f4", 1) ||
        check(header, "labels", p->nitems))
        return -1;
    *nclasses = p->nitems;
    return 0;
}
