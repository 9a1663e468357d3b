/* The plain bytes of a BGZF file or pipe, unpacked ahead by several threads. */
#ifndef AMKD_STREAM_BGZF_READER_H
#define AMKD_STREAM_BGZF_READER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct amkd_bgzf_reader amkd_bgzf_reader;

/* Reads from fd, which it does not close; name, for messages, is borrowed. nthreads 0:
 * everything in the caller. */
int amkd_bgzf_reader_open(amkd_bgzf_reader **out, int fd, const char *name,
                          size_t nthreads);

/* Reads nbytes, or fewer at the end. Returns how many: 0 only at a verified end; -1 on
 * error, met where the damage is, after all bytes before it. */
ssize_t amkd_bgzf_reader_read(amkd_bgzf_reader *reader, void *bytes, size_t nbytes);

/* Where the byte that is read next lies, as a virtual offset (stream/bgzf_seek.h). */
uint64_t amkd_bgzf_reader_tell(amkd_bgzf_reader *reader);

/* Stops, wherever it stands: a thread that waits for a slow pipe is woken. NULL is fine.
 */
void amkd_bgzf_reader_close(amkd_bgzf_reader *reader);

#endif
