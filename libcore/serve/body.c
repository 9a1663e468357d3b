/* Bodies, unpacked by zlib piece by piece: however small a body is that unpacks to many
 * bytes, no more are made than are taken. */
#include "serve/body.h"
#include "base/error.h"
#include "base/memory.h"
#include <microhttpd.h>
#include <stdlib.h>
#include <strings.h>
#include <zlib.h>

enum {
    GZIP_WINDOW = 15 + 16, /* zlib's way to ask for gzip's header */
    ZLIB_WINDOW = 15,
    PIECE_NBYTES = 16384,
    UNPACKER_NBYTES = 48 << 10, /* what zlib takes, about */
};

struct amkd_unpacker {
    z_stream stream;
    int several; /* members may follow one another, as gzip's do */
    int begun;   /* a byte of the member under way has come */
};

amkd_coding amkd_coding_of(const char *header)
{
    if (!header || !strcasecmp(header, "identity"))
        return AMKD_CODING_NONE;
    if (!strcasecmp(header, "gzip") || !strcasecmp(header, "x-gzip"))
        return AMKD_CODING_GZIP;
    return strcasecmp(header, "deflate") ? AMKD_CODING_OTHER : AMKD_CODING_DEFLATE;
}

static unsigned fail_memory(amkd_body *body, amkd_body_limits *limits)
{
    amkd_body_drop(body, limits);
    amkd_fail("too many requests at once: no memory for more");
    return MHD_HTTP_SERVICE_UNAVAILABLE;
}

/* Counts more bytes of memory; whether they are too many. */
static int charge(amkd_body *body, amkd_body_limits *limits, size_t more)
{
    body->charged += more;
    return atomic_fetch_add(&limits->all, more) + more > limits->max_all;
}

unsigned amkd_body_open(amkd_body *body, amkd_body_limits *limits, amkd_coding coding)
{
    if (coding == AMKD_CODING_NONE)
        return 0;
    if (charge(body, limits, UNPACKER_NBYTES))
        return fail_memory(body, limits);
    struct amkd_unpacker *unpacker = amkd_alloc(1, sizeof *unpacker);
    if (!unpacker)
        return fail_memory(body, limits);
    unpacker->several = coding == AMKD_CODING_GZIP;
    const int window = unpacker->several ? GZIP_WINDOW : ZLIB_WINDOW;
    if (inflateInit2(&unpacker->stream, window) != Z_OK) {
        free(unpacker);
        return fail_memory(body, limits);
    }
    body->unpacker = unpacker;
    return 0;
}

/* Keeps bytes of the body as it is to be read. */
static unsigned keep(amkd_body *body, amkd_body_limits *limits, const void *data,
                     size_t n)
{
    if (n > limits->max_nbytes - body->bytes.n) {
        amkd_body_drop(body, limits);
        amkd_fail("a body of more than %zu bytes", limits->max_nbytes);
        return MHD_HTTP_CONTENT_TOO_LARGE;
    }
    const size_t room = body->bytes.room;
    amkd_bytes_add(&body->bytes, data, n);
    if (charge(body, limits, body->bytes.room - room) || body->bytes.failed)
        return fail_memory(body, limits);
    return 0;
}

/* One step of zlib. Returns its code. */
static int step(amkd_body *body, amkd_body_limits *limits, unsigned *status)
{
    struct amkd_unpacker *unpacker = body->unpacker;
    uint8_t piece[PIECE_NBYTES];
    unpacker->stream.next_out = piece;
    unpacker->stream.avail_out = sizeof piece;
    unpacker->begun = 1;
    const int code = inflate(&unpacker->stream, Z_NO_FLUSH);
    *status = keep(body, limits, piece, sizeof piece - unpacker->stream.avail_out);
    return code;
}

static unsigned fail_packed(amkd_body *body, amkd_body_limits *limits, const char *why)
{
    amkd_body_drop(body, limits);
    amkd_fail("the body cannot be unpacked: %s", why);
    return MHD_HTTP_BAD_REQUEST;
}

static unsigned unpack(amkd_body *body, amkd_body_limits *limits, const char *data,
                       size_t n)
{
    z_stream *stream = &body->unpacker->stream;
    unsigned status = 0;
    int code = Z_OK;
    stream->next_in = (z_const Bytef *)data;
    stream->avail_in = (uInt)n;
    /* Where the output was filled there may be more, though all input is taken. */
    while (stream->avail_in || (code == Z_OK && !stream->avail_out)) {
        if (!body->unpacker->begun && !body->unpacker->several && stream->total_in)
            return fail_packed(body, limits, "bytes behind its end");
        code = step(body, limits, &status);
        if (status)
            return status;
        if (code == Z_MEM_ERROR)
            return fail_memory(body, limits);
        if (code == Z_STREAM_END) {
            body->unpacker->begun = 0;
            if (body->unpacker->several && inflateReset(stream) != Z_OK)
                return fail_packed(body, limits, "zlib cannot begin again");
        } else if (code == Z_BUF_ERROR) {
            break;
        } else if (code != Z_OK) {
            return fail_packed(body, limits, stream->msg ? stream->msg : "damaged");
        }
    }
    return 0;
}

unsigned amkd_body_add(amkd_body *body, amkd_body_limits *limits, const char *data,
                       size_t n)
{
    body->nreceived += n;
    if (body->nreceived > limits->max_nbytes) {
        amkd_body_drop(body, limits);
        amkd_fail("a body of more than %zu bytes", limits->max_nbytes);
        return MHD_HTTP_CONTENT_TOO_LARGE;
    }
    return body->unpacker ? unpack(body, limits, data, n) : keep(body, limits, data, n);
}

unsigned amkd_body_end(const amkd_body *body)
{
    if (!body->unpacker || !body->unpacker->begun)
        return 0;
    amkd_fail("the body cannot be unpacked: it ends too early");
    return MHD_HTTP_BAD_REQUEST;
}

void amkd_body_drop(amkd_body *body, amkd_body_limits *limits)
{
    amkd_bytes_clear(&body->bytes);
    if (body->unpacker)
        inflateEnd(&body->unpacker->stream);
    free(body->unpacker);
    body->unpacker = NULL;
    atomic_fetch_sub(&limits->all, body->charged);
    body->charged = 0;
}
