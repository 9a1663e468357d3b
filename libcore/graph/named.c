/* The texts of named networks. */
#include "graph/named.h"
#include "base/memory.h"
#include <stdio.h>
#include <string.h>

/* The third layer's 5x5 kernel needs an input that two poolings leave at 5x5: 28 with
 * padding, 32 without. */
static char *lenet5(amkd_shape in, int half)
{
    const int is28 = in.height == 28 && in.width == 28;
    const int is32 = in.height == 32 && in.width == 32;
    char third[32];
    const int n = half ? 60 : 120;
    snprintf(third, sizeof third, is28 || is32 ? "conv %d k5" : "fc %d", n);
    return amkd_format(
        "conv %d k5%s | relu | maxpool 2 | conv %d k5 | relu | maxpool 2 | "
        "%s | relu | fc %d | relu | fc classes",
        half ? 3 : 6, is32 ? "" : " p2", half ? 8 : 16, third, half ? 42 : 84);
}

int amkd_named_text(char **out, const char *name, amkd_shape in)
{
    *out = NULL;
    if (!strcmp(name, "lenet5") || !strcmp(name, "lenet5-half"))
        *out = lenet5(in, !strcmp(name, "lenet5-half"));
    else if (!strcmp(name, "mlp"))
        *out = amkd_strdup("flatten | fc 256 | relu | fc 128 | relu | fc classes");
    else
        return 0;
    return *out ? 0 : -1;
}
