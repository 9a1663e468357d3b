/* XXH3-128 over shape and pixels. */
#include "data/images_digest.h"
#include "base/error.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct amkd_digest {
    XXH3_state_t *state;
};

int amkd_digest_new(amkd_digest **out, size_t height, size_t width, size_t channels)
{
    const uint64_t shape[3] = {height, width, channels};
    uint8_t bytes[24];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(shape[i / 8] >> i % 8 * 8);
    amkd_digest *digest = amkd_alloc(1, sizeof *digest);
    if (!digest)
        return -1;
    digest->state = XXH3_createState();
    if (!digest->state) {
        free(digest);
        return amkd_fail("out of memory");
    }
    XXH3_128bits_reset(digest->state);
    XXH3_128bits_update(digest->state, bytes, sizeof bytes);
    *out = digest;
    return 0;
}

void amkd_digest_add(amkd_digest *digest, const uint8_t *pixels, size_t nbytes)
{
    XXH3_128bits_update(digest->state, pixels, nbytes);
}

void amkd_digest_print(char text[AMKD_DIGEST_SIZE], const amkd_digest *digest)
{
    static const char hex[] = "0123456789abcdef";
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(digest->state));
    strcpy(text, "xxh3-128:");
    for (size_t i = 0; i < sizeof canonical.digest; i++) {
        text[9 + 2 * i] = hex[canonical.digest[i] >> 4];
        text[10 + 2 * i] = hex[canonical.digest[i] & 15];
    }
    text[41] = 0;
}

void amkd_digest_free(amkd_digest *digest)
{
    if (!digest)
        return;
    XXH3_freeState(digest->state);
    free(digest);
}
