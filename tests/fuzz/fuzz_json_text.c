/* Bytes of any kind as an answer's JSON: JSON stays what it is, and what was mended once
 * needs no more. */
#include "fuzz/target.h"
#include "teacher/json_text.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    amkd_bytes once = {0}, twice = {0};
    if (amkd_json_mend(&once, (const char *)bytes, nbytes) ||
        amkd_json_mend(&twice, once.n ? once.data : "", once.n))
        abort();
    if (once.n != twice.n || (once.n && memcmp(once.data, twice.data, once.n) != 0))
        abort();
    json_t *json = json_loadb((const char *)bytes, nbytes, 0, NULL);
    json_t *mended = json_loadb(once.n ? once.data : "", once.n, 0, NULL);
    if (json && !json_equal(json, mended))
        abort();
    json_decref(json);
    json_decref(mended);
    amkd_bytes_clear(&once);
    amkd_bytes_clear(&twice);
    return 0;
}
