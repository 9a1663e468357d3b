/* Names of classes of any bytes, by lines and by commas: not taken, or as many as the text
 * has parts at most, the last of them with a name. */
#include "data/class_names.h"
#include "fuzz/target.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    char *text = malloc(nbytes + 1);
    if (!text)
        return 0;
    if (nbytes)
        memcpy(text, bytes, nbytes);
    text[nbytes] = '\0';
    for (int commas = 0; commas < 2; commas++) {
        json_t *names;
        if (amkd_class_names_parse(&names, text, nbytes, commas ? ',' : '\n'))
            continue;
        const size_t n = json_array_size(names);
        if (n == 0 || n > nbytes || !*json_string_value(json_array_get(names, n - 1)))
            abort();
        amkd_class_names_distinct(names);
        json_decref(names);
    }
    free(text);
    return 0;
}
