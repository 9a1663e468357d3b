/* Protocol Buffers messages, written field by field (protobuf.dev, "Encoding"). A field
 * is a varint, field number << 3 | wire type, and its value; a message in a message has
 * its length in front. Large data stays where it is until the message is written.
 *
 * Room that cannot be had is remembered in wire->failed, to be looked at once at the end;
 * amkd_wire_write does. */
#ifndef AMKD_EMIT_WIRE_H
#define AMKD_EMIT_WIRE_H

#include "base/bytes.h"
#include "base/file.h"
#include <stdint.h>

/* Data of somebody else that stands in the message. */
typedef struct amkd_wire_piece {
    size_t at; /* in front of which of the message's own bytes */
    const void *data;
    size_t nbytes;
} amkd_wire_piece;

typedef struct amkd_wire {
    amkd_bytes own; /* all but the pieces */
    amkd_wire_piece *pieces;
    size_t npieces, nborrowed; /* bytes of all pieces */
    int failed;                /* with the error set */
} amkd_wire;                   /* begins zeroed */

/* Where a message in the message begins. */
typedef struct amkd_wire_mark {
    size_t at, npieces, nborrowed;
} amkd_wire_mark;

/* Wire type 0: int32, int64, enum. A negative number is given as its two's complement. */
void amkd_wire_number(amkd_wire *wire, unsigned field, uint64_t value);

/* Wire type 5: float. */
void amkd_wire_float(amkd_wire *wire, unsigned field, float value);

/* Wire type 2: string, and bytes. */
void amkd_wire_text(amkd_wire *wire, unsigned field, const char *text);
void amkd_wire_bytes(amkd_wire *wire, unsigned field, const void *data, size_t nbytes);

/* As amkd_wire_bytes, but data is read only when the message is written. */
void amkd_wire_borrow(amkd_wire *wire, unsigned field, const void *data, size_t nbytes);

/* Wire type 2: what is added in between is a message. */
amkd_wire_mark amkd_wire_begin(amkd_wire *wire, unsigned field);
void amkd_wire_end(amkd_wire *wire, amkd_wire_mark mark);

/* Adds all fields of another message. */
void amkd_wire_append(amkd_wire *wire, const amkd_wire *other);

/* How long the message is. */
size_t amkd_wire_nbytes(const amkd_wire *wire);

/* Writes the message. Fails where something could not be added, and beyond 2 GiB, which
 * no reader takes. */
int amkd_wire_write(const amkd_wire *wire, amkd_output *output);

void amkd_wire_clear(amkd_wire *wire); /* a zeroed one is fine */

#endif
