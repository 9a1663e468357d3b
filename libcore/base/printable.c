/* Control characters out of a text, in its place. */
#include "base/printable.h"
#include <string.h>

void amkd_make_printable(char *text, const char *kept)
{
    for (unsigned char *c = (unsigned char *)text; *c; c++) {
        if ((*c < ' ' || *c == 127) && !strchr(kept, *c))
            *c = '?';
        else if (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
            c[0] = c[1] = '?';
    }
}
