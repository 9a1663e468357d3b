/* Floats of 16 bits, as arrays and models in files have them. */
#ifndef AMKD_BASE_HALF_H
#define AMKD_BASE_HALF_H

#include <stdint.h>

/* IEEE 754's binary16 ("float16") as float32, which holds every one of its values. */
float amkd_half_float(uint16_t bits);

/* The upper half of a float32 ("bfloat16"). */
float amkd_bfloat_float(uint16_t bits);

#endif
