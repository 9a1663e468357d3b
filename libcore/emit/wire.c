/* Protocol Buffers messages. */
#include "emit/wire.h"
#include "base/error.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

enum { VARINT = 0, LENGTH = 2, FIXED32 = 5 }; /* wire types */
enum { VARINT_NBYTES = 10, MAX_NBYTES = INT32_MAX };

/* Seven bits a byte, the lowest first; the highest bit says that more follow. Returns how
 * many bytes there are. */
static size_t varint(unsigned char *bytes, uint64_t value)
{
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[n++] = (unsigned char)(value | 0x80);
    bytes[n++] = (unsigned char)value;
    return n;
}

static void add(amkd_wire *wire, const void *data, size_t nbytes)
{
    if (!wire->failed)
        wire->failed = amkd_bytes_add(&wire->own, data, nbytes) != 0;
}

static void add_varint(amkd_wire *wire, uint64_t value)
{
    unsigned char bytes[VARINT_NBYTES];
    add(wire, bytes, varint(bytes, value));
}

static void add_key(amkd_wire *wire, unsigned field, unsigned type)
{
    add_varint(wire, (uint64_t)field << 3 | type);
}

void amkd_wire_number(amkd_wire *wire, unsigned field, uint64_t value)
{
    add_key(wire, field, VARINT);
    add_varint(wire, value);
}

void amkd_wire_float(amkd_wire *wire, unsigned field, float value)
{
    uint32_t bits;
    unsigned char bytes[4];
    memcpy(&bits, &value, sizeof bits);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(bits >> (8 * i));
    add_key(wire, field, FIXED32);
    add(wire, bytes, sizeof bytes);
}

void amkd_wire_text(amkd_wire *wire, unsigned field, const char *text)
{
    amkd_wire_bytes(wire, field, text, strlen(text));
}

void amkd_wire_bytes(amkd_wire *wire, unsigned field, const void *data, size_t nbytes)
{
    add_key(wire, field, LENGTH);
    add_varint(wire, nbytes);
    add(wire, data, nbytes);
}

static void add_piece(amkd_wire *wire, amkd_wire_piece piece)
{
    amkd_wire_piece *grown = wire->failed ? NULL
                                          : amkd_realloc(wire->pieces, wire->npieces + 1,
                                                         sizeof *wire->pieces);
    if (!grown) {
        wire->failed = 1;
        return;
    }
    wire->pieces = grown;
    wire->pieces[wire->npieces++] = piece;
    wire->nborrowed += piece.nbytes;
}

void amkd_wire_borrow(amkd_wire *wire, unsigned field, const void *data, size_t nbytes)
{
    add_key(wire, field, LENGTH);
    add_varint(wire, nbytes);
    add_piece(wire, (amkd_wire_piece){wire->own.n, data, nbytes});
}

amkd_wire_mark amkd_wire_begin(amkd_wire *wire, unsigned field)
{
    add_key(wire, field, LENGTH);
    return (amkd_wire_mark){wire->own.n, wire->npieces, wire->nborrowed};
}

/* The length goes in front of what was added since. */
void amkd_wire_end(amkd_wire *wire, amkd_wire_mark mark)
{
    unsigned char length[VARINT_NBYTES];
    const size_t nown = wire->own.n - mark.at;
    const size_t n = varint(length, nown + (wire->nborrowed - mark.nborrowed));
    add(wire, length, n);
    if (wire->failed)
        return;
    memmove(wire->own.data + mark.at + n, wire->own.data + mark.at, nown);
    memcpy(wire->own.data + mark.at, length, n);
    for (size_t p = mark.npieces; p < wire->npieces; p++)
        wire->pieces[p].at += n;
}

void amkd_wire_append(amkd_wire *wire, const amkd_wire *other)
{
    const size_t first = wire->own.n;
    wire->failed |= other->failed;
    add(wire, other->own.data, other->own.n);
    for (size_t p = 0; p < other->npieces; p++) {
        amkd_wire_piece piece = other->pieces[p];
        piece.at += first;
        add_piece(wire, piece);
    }
}

size_t amkd_wire_nbytes(const amkd_wire *wire)
{
    return wire->own.n + wire->nborrowed;
}

int amkd_wire_write(const amkd_wire *wire, amkd_output *output)
{
    size_t at = 0;
    if (wire->failed)
        return -1;
    if (amkd_wire_nbytes(wire) > MAX_NBYTES)
        return amkd_fail("the file would have %zu bytes, of 2 GiB at most",
                         amkd_wire_nbytes(wire));
    for (size_t p = 0; p < wire->npieces; p++) {
        const amkd_wire_piece *piece = &wire->pieces[p];
        if (amkd_output_write(output, wire->own.data + at, piece->at - at) ||
            amkd_output_write(output, piece->data, piece->nbytes))
            return -1;
        at = piece->at;
    }
    return amkd_output_write(output, wire->own.data + at, wire->own.n - at);
}

void amkd_wire_clear(amkd_wire *wire)
{
    amkd_bytes_clear(&wire->own);
    free(wire->pieces);
    memset(wire, 0, sizeof *wire);
}
