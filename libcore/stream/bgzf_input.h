/* The blocks of a BGZF file or pipe, one after another, still packed. */
#ifndef AMKD_STREAM_BGZF_INPUT_H
#define AMKD_STREAM_BGZF_INPUT_H

#include "stream/bgzf.h"

enum { AMKD_BGZF_INPUT_NBYTES = 4 * AMKD_BGZF_MAX_NBYTES };

typedef struct amkd_bgzf_input {
    int fd;            /* borrowed */
    int wake_fd;       /* when this can be read, waiting ends with an error; -1: none */
    const char *name;  /* for messages, borrowed */
    uint64_t offset;   /* in the file, of the next block */
    int seen_eof;      /* the end-of-file block was the last one */
    int cut;           /* the error is that the file ends too early */
    size_t begin, end; /* what buffer holds */
    uint8_t *buffer;
} amkd_bgzf_input;

int amkd_bgzf_input_init(amkd_bgzf_input *input, int fd, const char *name);
void amkd_bgzf_input_clear(amkd_bgzf_input *input);

/* Copies the next block into block, which has room for the largest; *offset says where it
 * stood. Returns 1, or 0 at the end: the end-of-file block and nothing behind it. Returns
 * -1 on error. */
int amkd_bgzf_input_next(amkd_bgzf_input *input, uint8_t *block, size_t *nbytes,
                         uint64_t *offset);

#endif
