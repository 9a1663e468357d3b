/* BGZF blocks by libdeflate, and by zlib those that it packs badly.
 *
 * Level 1 of each, MB/s on one thread and size left, libdeflate then zlib: Fashion-MNIST
 * pixels 187 to 58 %, 83 to 58 %; picks 270 to 48 %, 102 to 48 %; labels 150 to 84 %, 49
 * to 86 %; pairs drawn by chance 234 to 49 %, 87 to 53 %. Unpacking is twice as fast as
 * well. But all pairs of 1,000 to 4,000 images: 369 to 26 %, 232 to 20 %. */
#include "stream/bgzf.h"
#include "base/error.h"
#include "base/memory.h"
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { LEVEL = 1, RAW_WINDOW = -15, MEMORY_LEVEL = 8, TRAILER_NBYTES = 8 };
enum { PACKED_NBYTES = AMKD_BGZF_MAX_NBYTES - AMKD_BGZF_HEADER_NBYTES - TRAILER_NBYTES };

const uint8_t amkd_bgzf_eof[AMKD_BGZF_MIN_NBYTES] = {
    0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 6, 0, 'B', 'C', 2, 0, 27, 0, 3};

struct amkd_bgzf_encoder {
    struct libdeflate_compressor *libdeflate;
    z_stream zlib;
};

struct amkd_bgzf_decoder {
    struct libdeflate_decompressor *libdeflate;
};

static void put_u32(uint8_t *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get_u32(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

int amkd_bgzf_encoder_new(amkd_bgzf_encoder **out)
{
    amkd_bgzf_encoder *encoder = amkd_alloc(1, sizeof *encoder);
    if (!encoder)
        return -1;
    if (deflateInit2(&encoder->zlib, LEVEL, Z_DEFLATED, RAW_WINDOW, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        free(encoder);
        return amkd_fail("out of memory: zlib cannot start to compress");
    }
    encoder->libdeflate = libdeflate_alloc_compressor(LEVEL);
    if (!encoder->libdeflate) {
        amkd_bgzf_encoder_free(encoder);
        return amkd_fail("out of memory: libdeflate cannot start to compress");
    }
    *out = encoder;
    return 0;
}

void amkd_bgzf_encoder_free(amkd_bgzf_encoder *encoder)
{
    if (!encoder)
        return;
    deflateEnd(&encoder->zlib);
    libdeflate_free_compressor(encoder->libdeflate);
    free(encoder);
}

/* Whether the bytes are rows of 8 of which little more than one byte changes, as all
 * pairs in turn are. libdeflate then follows matches of 4 bytes far back; zlib finds
 * those of 7 in the row before. */
static int counts_up(const uint8_t *bytes, size_t nbytes)
{
    enum { ROW = 8 };
    size_t nsame = 0;
    for (size_t b = ROW; b < nbytes; b++)
        nsame += bytes[b] == bytes[b - ROW];
    return nsame * 20 > nbytes * 17;
}

/* Both return the packed size, 0 where it is more than PACKED_NBYTES. */
static size_t pack_by_zlib(z_stream *zlib, uint8_t *packed, const uint8_t *bytes,
                           size_t nbytes)
{
    if (deflateReset(zlib) != Z_OK)
        return 0;
    zlib->next_in = (z_const Bytef *)bytes;
    zlib->avail_in = (uInt)nbytes;
    zlib->next_out = packed;
    zlib->avail_out = PACKED_NBYTES;
    return deflate(zlib, Z_FINISH) == Z_STREAM_END ? zlib->total_out : 0;
}

static size_t pack(amkd_bgzf_encoder *encoder, uint8_t *packed, const uint8_t *bytes,
                   size_t nbytes)
{
    return counts_up(bytes, nbytes)
               ? pack_by_zlib(&encoder->zlib, packed, bytes, nbytes)
               : libdeflate_deflate_compress(encoder->libdeflate, bytes, nbytes, packed,
                                             PACKED_NBYTES);
}

int amkd_bgzf_encode(amkd_bgzf_encoder *encoder, uint8_t *block, size_t *block_nbytes,
                     const uint8_t *bytes, size_t nbytes)
{
    size_t size = pack(encoder, block + AMKD_BGZF_HEADER_NBYTES, bytes, nbytes);
    if (!size)
        return amkd_fail("cannot pack %zu bytes into a block", nbytes);
    size += AMKD_BGZF_HEADER_NBYTES + TRAILER_NBYTES;
    memcpy(block, amkd_bgzf_eof, AMKD_BGZF_HEADER_NBYTES);
    block[16] = (uint8_t)((size - 1) & 0xff);
    block[17] = (uint8_t)((size - 1) >> 8);
    put_u32(block + size - 8, libdeflate_crc32(0, bytes, nbytes));
    put_u32(block + size - 4, (uint32_t)nbytes);
    *block_nbytes = size;
    return 0;
}

int amkd_bgzf_decoder_new(amkd_bgzf_decoder **out)
{
    amkd_bgzf_decoder *decoder = amkd_alloc(1, sizeof *decoder);
    if (!decoder)
        return -1;
    decoder->libdeflate = libdeflate_alloc_decompressor();
    if (!decoder->libdeflate) {
        free(decoder);
        return amkd_fail("out of memory: libdeflate cannot start to decompress");
    }
    *out = decoder;
    return 0;
}

void amkd_bgzf_decoder_free(amkd_bgzf_decoder *decoder)
{
    if (decoder)
        libdeflate_free_decompressor(decoder->libdeflate);
    free(decoder);
}

int amkd_bgzf_block_nbytes(const uint8_t *header)
{
    if (memcmp(header, amkd_bgzf_eof, AMKD_BGZF_HEADER_NBYTES - 2))
        return amkd_fail("not a BGZF block");
    int nbytes = (header[16] | header[17] << 8) + 1;
    if (nbytes < AMKD_BGZF_MIN_NBYTES)
        return amkd_fail("a BGZF block of %d bytes is too small", nbytes);
    return nbytes;
}

int amkd_bgzf_is_eof(const uint8_t *block, size_t block_nbytes)
{
    return block_nbytes == AMKD_BGZF_MIN_NBYTES &&
           !memcmp(block, amkd_bgzf_eof, AMKD_BGZF_MIN_NBYTES);
}

int amkd_bgzf_decode(amkd_bgzf_decoder *decoder, uint8_t *bytes, size_t *nbytes,
                     const uint8_t *block, size_t block_nbytes)
{
    size_t packed = block_nbytes - AMKD_BGZF_HEADER_NBYTES - TRAILER_NBYTES;
    uint32_t crc = get_u32(block + block_nbytes - 8);
    uint32_t size = get_u32(block + block_nbytes - 4);
    if (size == 0 || size > AMKD_BGZF_MAX_NBYTES)
        return amkd_fail("the block says it holds %lu bytes, expected 1..%d",
                         (unsigned long)size, AMKD_BGZF_MAX_NBYTES);
    size_t used;
    const enum libdeflate_result result = libdeflate_deflate_decompress_ex(
        decoder->libdeflate, block + AMKD_BGZF_HEADER_NBYTES, packed, bytes, size, &used,
        NULL);
    if (result == LIBDEFLATE_SHORT_OUTPUT ||
        (result == LIBDEFLATE_SUCCESS && used != packed))
        return amkd_fail("the block's compressed data end before the block does");
    if (result != LIBDEFLATE_SUCCESS)
        return amkd_fail("the block's compressed data are damaged");
    if (libdeflate_crc32(0, bytes, size) != crc)
        return amkd_fail("the block's checksum is wrong: the data are damaged");
    *nbytes = size;
    return 0;
}

int amkd_bgzf_lacks_size(amkd_bgzf_decoder *decoder, uint8_t *bytes, const uint8_t *block,
                         size_t block_nbytes)
{
    const size_t packed = block_nbytes - AMKD_BGZF_HEADER_NBYTES - TRAILER_NBYTES;
    const uint8_t *trailer = block + block_nbytes - TRAILER_NBYTES;
    size_t used, size;
    return libdeflate_deflate_decompress_ex(
               decoder->libdeflate, block + AMKD_BGZF_HEADER_NBYTES, packed, bytes,
               AMKD_BGZF_MAX_NBYTES, &used, &size) == LIBDEFLATE_SUCCESS &&
           used == packed && libdeflate_crc32(0, bytes, size) == get_u32(trailer) &&
           get_u32(trailer + 4) == (size & 0xff) && size > 0xff;
}
