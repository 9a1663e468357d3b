/* Rows of an images file by its index; readers are kept for the next who asks. */
#include "data/images_far.h"
#include "base/error.h"
#include "base/memory.h"
#include "stream/bgzf_seek.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct amkd_far_reader {
    amkd_bgzf_seeker *seeker;
    uint8_t *row; /* NULL where rows are pixels and nothing else */
    amkd_far_reader *next;
};

struct amkd_far {
    int fd;
    char *path;
    size_t n, row_nbytes, offset, npixels; /* of the pixels in a row */
    uint64_t *at, *checks;
    pthread_mutex_t lock; /* of what follows */
    size_t nowners;
    amkd_far_reader *idle;
};

int amkd_far_new(amkd_far **out, int fd, const char *path, amkd_index *index)
{
    const amkd_field *pixels = amkd_header_field(index->header, "pixels");
    amkd_far *far = amkd_alloc(1, sizeof *far);
    if (!far)
        return -1;
    pthread_mutex_init(&far->lock, NULL);
    far->nowners = 1;
    far->n = index->n;
    far->row_nbytes = index->header->row_nbytes;
    far->offset = pixels->offset;
    far->npixels = pixels->nitems;
    far->at = index->at;
    far->checks = index->checks;
    index->at = index->checks = NULL;
    far->path = amkd_strdup(path);
    far->fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (far->path && far->fd >= 0) {
        *out = far;
        return 0;
    }
    if (far->path)
        amkd_fail_errno("'%s'", path);
    amkd_far_free(far);
    return -1;
}

amkd_far *amkd_far_share(amkd_far *far)
{
    pthread_mutex_lock(&far->lock);
    far->nowners++;
    pthread_mutex_unlock(&far->lock);
    return far;
}

static void free_reader(amkd_far_reader *reader)
{
    amkd_bgzf_seeker_free(reader->seeker);
    free(reader->row);
    free(reader);
}

void amkd_far_free(amkd_far *far)
{
    if (!far)
        return;
    pthread_mutex_lock(&far->lock);
    const size_t nleft = --far->nowners;
    pthread_mutex_unlock(&far->lock);
    if (nleft)
        return;
    while (far->idle) {
        amkd_far_reader *reader = far->idle;
        far->idle = reader->next;
        free_reader(reader);
    }
    if (far->fd >= 0)
        close(far->fd);
    pthread_mutex_destroy(&far->lock);
    free(far->path);
    free(far->at);
    free(far->checks);
    free(far);
}

static int new_reader(amkd_far_reader **out, const amkd_far *far)
{
    amkd_far_reader *reader = amkd_alloc(1, sizeof *reader);
    if (!reader)
        return -1;
    int rc = amkd_bgzf_seeker_new(&reader->seeker, far->fd, far->path);
    if (!rc && far->row_nbytes != far->npixels) {
        reader->row = amkd_alloc(far->row_nbytes, 1);
        rc = reader->row ? 0 : -1;
    }
    if (rc) {
        free_reader(reader);
        return -1;
    }
    *out = reader;
    return 0;
}

int amkd_far_borrow(amkd_far_reader **out, amkd_far *far)
{
    pthread_mutex_lock(&far->lock);
    amkd_far_reader *reader = far->idle;
    if (reader)
        far->idle = reader->next;
    pthread_mutex_unlock(&far->lock);
    *out = reader;
    return reader ? 0 : new_reader(out, far);
}

void amkd_far_return(amkd_far *far, amkd_far_reader *reader)
{
    if (!reader)
        return;
    pthread_mutex_lock(&far->lock);
    reader->next = far->idle;
    far->idle = reader;
    pthread_mutex_unlock(&far->lock);
}

int amkd_far_read(uint8_t *pixels, amkd_far_reader *reader, const amkd_far *far,
                  size_t row)
{
    uint8_t *bytes = reader->row ? reader->row : pixels;
    if (amkd_bgzf_seeker_read(reader->seeker, bytes, far->row_nbytes, far->at[row]))
        return amkd_fail("%s: image %zu cannot be read as when the file was opened, or "
                         "its index made",
                         amkd_error(), row);
    if (amkd_index_check(bytes, far->row_nbytes) != far->checks[row])
        return amkd_fail("'%s': image %zu is another than when its index was made: the "
                         "file was changed",
                         far->path, row);
    if (reader->row)
        memcpy(pixels, reader->row + far->offset, far->npixels);
    return 0;
}
