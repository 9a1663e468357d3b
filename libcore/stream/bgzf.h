/* One block of BGZF (SAM specification, section 4.1): a gzip member of at most 64 KiB
 * that says its own size, so that blocks are compressed and checked apart.
 *
 *   offset  0  1f 8b 08 04        gzip, deflate, extra field follows
 *           4  00 00 00 00        no modification time
 *           8  00 ff              no extra flags, system unknown
 *          10  06 00              6 bytes of extra field:
 *          12  42 43 02 00        "BC", 2 bytes:
 *          16  BSIZE              size of the whole block less 1, uint16
 *          18  deflate data
 *   end -8     CRC32              of the plain bytes, uint32
 *   end -4     ISIZE              number of plain bytes, uint32
 */
#ifndef AMKD_STREAM_BGZF_H
#define AMKD_STREAM_BGZF_H

#include <stddef.h>
#include <stdint.h>

enum {
    AMKD_BGZF_HEADER_NBYTES = 18,
    AMKD_BGZF_MIN_NBYTES = 28,    /* of a block: the end-of-file block is the smallest */
    AMKD_BGZF_MAX_NBYTES = 65536, /* of a block, and of its plain bytes */
    AMKD_BGZF_FILL_NBYTES = 65280 /* plain bytes a written block holds: whatever they are,
                                     the block stays within 64 KiB */
};

/* The block without data that ends every file. */
extern const uint8_t amkd_bgzf_eof[AMKD_BGZF_MIN_NBYTES];

/* A compressor or a decompressor; each thread has its own. */
typedef struct amkd_bgzf_encoder amkd_bgzf_encoder;
typedef struct amkd_bgzf_decoder amkd_bgzf_decoder;

int amkd_bgzf_encoder_new(amkd_bgzf_encoder **out);
void amkd_bgzf_encoder_free(amkd_bgzf_encoder *encoder);

/* Packs 1..AMKD_BGZF_FILL_NBYTES bytes into a block; block has room for the largest. */
int amkd_bgzf_encode(amkd_bgzf_encoder *encoder, uint8_t *block, size_t *block_nbytes,
                     const uint8_t *bytes, size_t nbytes);

int amkd_bgzf_decoder_new(amkd_bgzf_decoder **out);
void amkd_bgzf_decoder_free(amkd_bgzf_decoder *decoder);

/* The size of the block whose first AMKD_BGZF_HEADER_NBYTES are header, or -1 with the
 * error set if it is none. */
int amkd_bgzf_block_nbytes(const uint8_t *header);

/* Whether the block is the end-of-file block. */
int amkd_bgzf_is_eof(const uint8_t *block, size_t block_nbytes);

/* Unpacks a whole block that is not the end-of-file block, checking all of it; bytes has
 * room for AMKD_BGZF_MAX_NBYTES. */
int amkd_bgzf_decode(amkd_bgzf_decoder *decoder, uint8_t *bytes, size_t *nbytes,
                     const uint8_t *block, size_t block_nbytes);

/* Whether a block is whole, by its checksum, but for the number of its plain bytes, of
 * which only the lowest byte is there: of a crash's tail of zeros. bytes has room for
 * AMKD_BGZF_MAX_NBYTES and is overwritten. */
int amkd_bgzf_lacks_size(amkd_bgzf_decoder *decoder, uint8_t *bytes, const uint8_t *block,
                         size_t block_nbytes);

#endif
