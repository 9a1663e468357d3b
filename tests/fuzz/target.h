/* What a fuzz target is. */
#ifndef AMKD_FUZZ_TARGET_H
#define AMKD_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

/* Feeds the bytes to what is tested; aborts when a promise is broken. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes);

#endif
