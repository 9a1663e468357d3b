/* Plain bytes of a BGZF file from anywhere in it, by virtual offsets as the SAM
 * specification has them: the offset of a block in the file, times 2^16, plus that of a
 * byte among the block's plain ones. */
#ifndef AMKD_STREAM_BGZF_SEEK_H
#define AMKD_STREAM_BGZF_SEEK_H

#include <stddef.h>
#include <stdint.h>

typedef struct amkd_bgzf_seeker amkd_bgzf_seeker;

/* Reads from fd, which is borrowed and keeps its position: several threads may read from
 * it, each with a seeker of its own. name, for messages, is borrowed. */
int amkd_bgzf_seeker_new(amkd_bgzf_seeker **out, int fd, const char *name);

/* Reads nbytes of plain bytes that begin at the virtual offset. Every block is checked as
 * it is unpacked; the file's end before the last byte is an error. The block that the
 * bytes end in is kept: what is read next from it is not unpacked again. */
int amkd_bgzf_seeker_read(amkd_bgzf_seeker *seeker, void *bytes, size_t nbytes,
                          uint64_t at);

void amkd_bgzf_seeker_free(amkd_bgzf_seeker *seeker); /* NULL is fine */

#endif
