/* WebP by libwebp: its demuxer looks at the container, and finds the EXIF data. */
#include "data/webp.h"
#include "base/error.h"
#include "data/exif.h"
#include <stdint.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>

static const char *name_of(VP8StatusCode status)
{
    switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY:
        return "out of memory";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return "a feature that is not supported";
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA:
        return "the file is cut short";
    default:
        return "the data are damaged";
    }
}

int amkd_webp_is(const void *bytes, size_t nbytes)
{
    return nbytes >= 12 && !memcmp(bytes, "RIFF", 4) &&
           !memcmp((const char *)bytes + 8, "WEBP", 4);
}

/* Of the EXIF chunk, which stands behind the pixels. */
static int orientation(const WebPDemuxer *demuxer)
{
    WebPChunkIterator chunk;
    if (!WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk))
        return 0;
    const int found = amkd_exif_orientation(chunk.chunk.bytes, chunk.chunk.size);
    WebPDemuxReleaseChunkIterator(&chunk);
    return found;
}

/* Also that the container is whole, behind the pixels too. */
static int read_container(amkd_picture *picture, const void *bytes, size_t nbytes)
{
    const WebPData data = {bytes, nbytes};
    WebPDemuxState state;
    WebPDemuxer *demuxer = WebPDemuxPartial(&data, &state);
    const int whole = demuxer && state == WEBP_DEMUX_DONE;
    if (whole)
        picture->orientation = orientation(demuxer);
    WebPDemuxDelete(demuxer);
    return whole ? 0
                 : amkd_fail("WebP: %s", name_of(state == WEBP_DEMUX_PARSE_ERROR
                                                     ? VP8_STATUS_BITSTREAM_ERROR
                                                     : VP8_STATUS_NOT_ENOUGH_DATA));
}

static int decode(amkd_picture *picture, WebPDecoderConfig *config, const void *bytes,
                  size_t nbytes)
{
    WebPRGBABuffer *rgba = &config->output.u.RGBA;
    if (config->input.has_animation)
        return amkd_fail("WebP: an animation; pictures are read");
    if (amkd_picture_new(picture, (size_t)config->input.height,
                         (size_t)config->input.width, config->input.has_alpha ? 4 : 3) ||
        read_container(picture, bytes, nbytes))
        return -1;
    config->output.colorspace = config->input.has_alpha ? MODE_RGBA : MODE_RGB;
    config->output.is_external_memory = 1;
    rgba->rgba = picture->pixels;
    rgba->stride = (int)(picture->width * picture->channels);
    rgba->size = picture->height * picture->width * picture->channels;
    const VP8StatusCode status = WebPDecode(bytes, nbytes, config);
    WebPFreeDecBuffer(&config->output);
    return status == VP8_STATUS_OK ? 0 : amkd_fail("WebP: %s", name_of(status));
}

int amkd_webp_decode(amkd_picture *picture, const void *bytes, size_t nbytes)
{
    WebPDecoderConfig config;
    *picture = (amkd_picture){0};
    if (!WebPInitDecoderConfig(&config))
        return amkd_fail("WebP: libwebp is of another version than its header");
    const VP8StatusCode status = WebPGetFeatures(bytes, nbytes, &config.input);
    if (status != VP8_STATUS_OK)
        return amkd_fail("WebP: %s", name_of(status));
    if (!decode(picture, &config, bytes, nbytes))
        return 0;
    amkd_picture_clear(picture);
    return -1;
}
