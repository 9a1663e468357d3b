/* The list of the routines. */
#include "emit/routines.h"
#include <stddef.h>
#include <string.h>

extern const char amkd_source_window[], amkd_source_normalize[], amkd_source_conv[],
    amkd_source_fc[], amkd_source_bn[], amkd_source_maxpool[], amkd_source_avgpool[],
    amkd_source_add[], amkd_source_scale[], amkd_source_copy[], amkd_source_subsample[],
    amkd_source_softmax[];

static const struct {
    const char *name, *text;
    const char *needs; /* another one, which stands before; NULL: none */
} routines[] = {
    {"window", amkd_source_window, NULL},
    {"normalize", amkd_source_normalize, NULL},
    {"conv", amkd_source_conv, "window"},
    {"fc", amkd_source_fc, NULL},
    {"bn", amkd_source_bn, NULL},
    {"maxpool", amkd_source_maxpool, "window"},
    {"avgpool", amkd_source_avgpool, "window"},
    {"add", amkd_source_add, NULL},
    {"scale", amkd_source_scale, NULL},
    {"copy", amkd_source_copy, NULL},
    {"subsample", amkd_source_subsample, NULL},
    {"softmax", amkd_source_softmax, NULL},
};
enum { NROUTINES = sizeof routines / sizeof *routines };

unsigned amkd_routine_bits(const char *name)
{
    unsigned r = 0;
    while (r < NROUTINES && strcmp(routines[r].name, name))
        r++;
    return r == NROUTINES
               ? 0
               : 1U << r | (routines[r].needs ? amkd_routine_bits(routines[r].needs) : 0);
}

const char *amkd_routine_text(unsigned n)
{
    return n < NROUTINES ? routines[n].text : NULL;
}
