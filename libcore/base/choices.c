/* Lists of words, looked through in place. */
#include "base/choices.h"
#include <string.h>

int amkd_choices_place(const char *choices, const char *text)
{
    static const char between[] = ", ";
    const size_t length = strlen(text);
    for (int place = 0; *choices; place++) {
        const size_t n = strcspn(choices, between);
        if (n == length && !memcmp(choices, text, n))
            return place;
        choices += n;
        choices += strspn(choices, between);
    }
    return -1;
}
