/* The routines that a program of a network may call: the files of
 * emit/routines/, as text. */
#ifndef AMKD_EMIT_ROUTINES_H
#define AMKD_EMIT_ROUTINES_H

/* The bit of the routine of this name, which is there, and the bits of all that it
 * needs. */
unsigned amkd_routine_bits(const char *name);

/* The text of routine number n, which stands behind those that it needs; NULL behind the
 * last. */
const char *amkd_routine_text(unsigned n);

#endif
