/* What a stream file holds, whatever a crash left at its end: every block is verified,
 * and a tail that was never written is told from damage.
 *
 * A power cut leaves of what was not synced yet some of its beginning, and behind it
 * nothing, or zeros, where the file system had made the file longer before the data came.
 * The zeros may begin in any byte: of a block's header, of its data, of the checksum and
 * size at its end; and behind the end-of-file block that new rows had begun to
 * overwrite. Such a tail is cut off. Anything else that is wrong is damage. */
#ifndef AMKD_STREAM_SCAN_H
#define AMKD_STREAM_SCAN_H

#include "stream/bgzf_input.h"
#include "stream/header.h"

typedef struct amkd_scan {
    const char *path; /* borrowed */
    int fd;           /* at its beginning; borrowed */
    amkd_bgzf_input input;
    amkd_bgzf_decoder *decoder;
    int cut;                  /* the file ends too early */
    char *preamble;           /* its bytes so far */
    size_t npreamble;         /* how many */
    size_t text_nbytes;       /* of its JSON text; 0: not known yet */
    amkd_header header;       /* of the file, once nrows counts; before, kind is "" */
    uint64_t whole_nbytes;    /* of the file's whole blocks, its end apart */
    uint64_t nplain;          /* plain bytes of all blocks so far */
    uint64_t nrows, rows_end; /* whole rows, and the plain bytes up to their end */
    /* The block in which the last whole row (or the preamble) ends: where it stands in
     * the file, its size there, and its plain bytes up to that end. */
    uint64_t last_offset;
    size_t last_size, last_nbytes;
    int last_whole; /* nothing follows that end in the block */
    uint8_t last[AMKD_BGZF_MAX_NBYTES];
    uint8_t block[AMKD_BGZF_MAX_NBYTES], bytes[AMKD_BGZF_MAX_NBYTES];
} amkd_scan; /* begins zeroed but for path and fd */

/* Reads all of the file. A tail that a crash left is no failure: cut says so, and header
 * has no fields where not even that was whole. */
int amkd_scan_run(amkd_scan *scan);

void amkd_scan_clear(amkd_scan *scan);

#endif
