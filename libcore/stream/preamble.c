/* Makes and checks what stands before the rows. */
#include "stream/preamble.h"
#include "base/error.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

enum { VERSION = 1, ALIGNMENT = 64 };

static const uint8_t magic[8] = {'A', 'M', 'K', 'D', VERSION, 0, 0, 0};

int amkd_preamble_make(char **bytes, size_t *nbytes, const amkd_header *header)
{
    if (!header->row_nbytes)
        return amkd_fail("a stream of kind '%s' without fields", header->kind);
    char *text = amkd_header_print(header);
    if (!text)
        return -1;
    size_t used = AMKD_PREAMBLE_NBYTES + strlen(text);
    size_t total = (used + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    size_t text_nbytes = total - AMKD_PREAMBLE_NBYTES;
    char *made = NULL;
    if (text_nbytes > AMKD_HEADER_MAX_NBYTES)
        amkd_fail("the header is %zu bytes, at most %d are possible", text_nbytes,
                  AMKD_HEADER_MAX_NBYTES);
    else
        made = amkd_alloc(total, 1);
    if (made) {
        memcpy(made, magic, sizeof magic);
        for (int i = 0; i < 4; i++)
            made[8 + i] = (char)(text_nbytes >> (8 * i) & 0xff);
        memset(made + AMKD_PREAMBLE_NBYTES, ' ', text_nbytes);
        memcpy(made + AMKD_PREAMBLE_NBYTES, text, strlen(text));
        made[total - 1] = '\n';
        *bytes = made;
        *nbytes = total;
    }
    free(text);
    return made ? 0 : -1;
}

int amkd_preamble_check(size_t *text_nbytes, const uint8_t *bytes)
{
    if (memcmp(bytes, magic, 4))
        return amkd_fail("not an amkd stream: it does not begin with \"AMKD\"");
    if (bytes[4] != VERSION)
        return amkd_fail("version %d of the stream format, this program knows version %d",
                         bytes[4], VERSION);
    if (memcmp(bytes, magic, sizeof magic))
        return amkd_fail("the bytes behind the version are not zero");
    size_t n = 0;
    for (int i = 3; i >= 0; i--)
        n = n << 8 | bytes[8 + i];
    if (n > AMKD_HEADER_MAX_NBYTES)
        return amkd_fail("a header of %zu bytes, at most %d are possible", n,
                         AMKD_HEADER_MAX_NBYTES);
    if ((AMKD_PREAMBLE_NBYTES + n) % ALIGNMENT)
        return amkd_fail(
            "a header of %zu bytes: rows would not begin at a multiple of %d", n,
            ALIGNMENT);
    *text_nbytes = n;
    return 0;
}

int amkd_preamble_parse(amkd_header *header, const char *text, size_t text_nbytes)
{
    if (text[text_nbytes - 1] != '\n')
        return amkd_fail("the header does not end in a newline");
    return amkd_header_parse(header, text, text_nbytes);
}
