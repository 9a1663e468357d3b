/* A pixel has 256 values, so that whatever the datatype, what each becomes is made once:
 * laying out images is permuting and looking up. */
#include "teacher/input_tensor.h"
#include "base/error.h"
#include "base/half.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------- fitting a shape -- */

/* A way to lay out one image. */
typedef struct layout {
    int planes;
    int either; /* the order of channels does not matter */
    size_t ndim, dims[3];
} layout;

static int matches(const layout *way, const int64_t *dims, size_t ndim)
{
    if (way->ndim != ndim)
        return 0;
    for (size_t d = 0; d < ndim; d++)
        if (dims[d] != -1 && dims[d] != (int64_t)way->dims[d])
            return 0;
    return 1;
}

static size_t list_layouts(layout ways[5], amkd_shape image)
{
    size_t c = image.channels, h = image.height, w = image.width, n = 0;
    ways[n++] = (layout){1, 0, 3, {c, h, w}};
    ways[n++] = (layout){0, 0, 3, {h, w, c}};
    if (c == 1) {
        ways[n++] = (layout){0, 1, 2, {h, w}};
        ways[n++] = (layout){0, 1, 1, {h * w}};
    } else {
        ways[n++] = (layout){1, 0, 1, {c * h * w}};
        ways[n++] = (layout){0, 0, 1, {c * h * w}};
    }
    return n;
}

/* Whether a choice, NULL for none, rules this way out. */
static int excluded(const layout *way, const char *choice)
{
    return choice && !way->either && way->planes != (strcmp(choice, "nchw") == 0);
}

static void take(amkd_input_tensor *tensor, const layout *way)
{
    tensor->planes = way->planes;
    tensor->ndim = way->ndim;
    memcpy(tensor->dims, way->dims, sizeof way->dims);
}

/* Finds the way that one image of dims is laid out: how many there are. */
static size_t find(amkd_input_tensor *tensor, const int64_t *dims, size_t ndim,
                   const char *choice)
{
    layout ways[5];
    size_t nways = list_layouts(ways, tensor->image), nfound = 0;
    for (size_t i = 0; i < nways; i++)
        if (matches(&ways[i], dims, ndim) && !excluded(&ways[i], choice)) {
            if (nfound++ == 0)
                take(tensor, &ways[i]);
        }
    return nfound;
}

static void print_dims(char *text, size_t size, const int64_t *dims, size_t ndim)
{
    size_t n = (size_t)snprintf(text, size, "[");
    for (size_t d = 0; d < ndim && n < size; d++)
        n += (size_t)snprintf(text + n, size - n, "%s%lld", d ? "," : "",
                              (long long)dims[d]);
    if (n < size)
        snprintf(text + n, size - n, "]");
}

int amkd_input_tensor_fit(amkd_input_tensor *tensor, const int64_t *dims, size_t ndim,
                          amkd_shape image, const char *choice)
{
    char text[128];
    size_t nfound = 0;
    *tensor = (amkd_input_tensor){.image = image};
    print_dims(text, sizeof text, dims, ndim);
    if (ndim > 1)
        nfound = find(tensor, dims + 1, ndim - 1, choice);
    tensor->has_batch = nfound > 0;
    if (nfound == 0)
        nfound = find(tensor, dims, ndim, choice);
    if (nfound > 1)
        return amkd_fail("takes %s, in which images of %zux%zux%zu (channels, height, "
                         "width) fit in two ways: choose by --layout",
                         text, image.channels, image.height, image.width);
    if (nfound == 0)
        return amkd_fail("takes %s%s%s, these are images of %zux%zux%zu (channels, "
                         "height, width)",
                         text, choice ? " as " : "", choice ? choice : "", image.channels,
                         image.height, image.width);
    if (tensor->has_batch && dims[0] > 1)
        return amkd_fail("takes %s: exactly %lld images a request, which not every "
                         "request has",
                         text, (long long)dims[0]);
    tensor->nmax = tensor->has_batch && dims[0] == -1 ? 0 : 1;
    return 0;
}

int amkd_input_tensor_parse_dims(int64_t dims[AMKD_INPUT_TENSOR_DIMS], size_t *ndim,
                                 const char *text)
{
    const char *at = text;
    for (*ndim = 0; *ndim < AMKD_INPUT_TENSOR_DIMS; at++) {
        char *end = (char *)at + 1;
        const int64_t dim = *at == 'n' ? -1 : strtoll(at, &end, 10);
        if (*at == '+' || isspace((unsigned char)*at) || dim == 0 || dim < -1 ||
            (*end != ',' && *end != '\0'))
            break;
        dims[(*ndim)++] = dim;
        at = end;
        if (!*at)
            return 0;
    }
    return amkd_fail("'%s' is no shape of %d dimensions at most, such as n,28,28,1", text,
                     AMKD_INPUT_TENSOR_DIMS);
}

int amkd_input_tensor_fit_told(amkd_input_tensor *tensor, const int64_t *dims,
                               size_t ndim, const char *told, amkd_shape image,
                               const char *choice)
{
    int64_t all[AMKD_INPUT_TENSOR_DIMS];
    size_t nall;
    char text[128];
    if (!told && !ndim)
        return amkd_fail("has no shape in its metadata: --input-shape must tell it");
    if (!told)
        return amkd_input_tensor_fit(tensor, dims, ndim, image, choice);
    if (amkd_input_tensor_parse_dims(all, &nall, told))
        return -1;
    for (size_t d = 0; d < ndim; d++) {
        if (nall != ndim || (dims[d] != -1 && all[d] != -1 && dims[d] != all[d])) {
            print_dims(text, sizeof text, dims, ndim);
            return amkd_fail("takes %s, not the %s of --input-shape", text, told);
        }
        all[d] = dims[d] != -1 ? dims[d] : all[d];
    }
    return amkd_input_tensor_fit(tensor, all, nall, image, choice);
}

void amkd_input_tensor_default(amkd_input_tensor *tensor, amkd_shape image,
                               const char *choice)
{
    layout ways[5];
    list_layouts(ways, image);
    *tensor = (amkd_input_tensor){.image = image, .has_batch = 1};
    take(tensor, &ways[choice && strcmp(choice, "nchw") == 0 ? 0 : 1]);
}

/* --------------------------------------------------------------------- the items -- */

/* A number of 0..1, to half precision, by rounding to nearest even. */
static uint16_t to_half(float value)
{
    int exponent;
    float fraction = frexpf(value, &exponent); /* value = fraction * 2^exponent */
    if (value == 0)
        return 0;
    if (exponent < -13) /* below 2^-14: a multiple of 2^-24 */
        return (uint16_t)lrintf(ldexpf(value, 24));
    uint16_t bits = (uint16_t)((exponent + 14) << 10);
    return (uint16_t)(bits + lrintf(ldexpf(fraction, 11)) - 1024);
}

static void make_item(amkd_input_tensor_item *item, size_t nbytes, uint8_t value)
{
    const float single = (float)value / 255;
    const double number = value / 255.0;
    const uint16_t half = to_half(single);
    const void *bytes = &number;
    if (nbytes == 1) {
        bytes = &value;
        snprintf(item->text, sizeof item->text, "%d", value);
    } else if (nbytes == 2) {
        bytes = &half;
        snprintf(item->text, sizeof item->text, "%.5g", (double)amkd_half_float(half));
    } else if (nbytes == 4) {
        bytes = &single;
        snprintf(item->text, sizeof item->text, "%.9g", (double)single);
    } else {
        snprintf(item->text, sizeof item->text, "%.17g", number);
    }
    memcpy(item->bytes, bytes, nbytes);
    item->length = strlen(item->text);
}

static const struct {
    const char *dtype, *datatype;
    size_t nbytes;
} types[] = {{"uint8", "UINT8", 1},
             {"float16", "FP16", 2},
             {"float32", "FP32", 4},
             {"float64", "FP64", 8}};

const char *amkd_input_tensor_datatype(const char *dtype)
{
    for (size_t t = 0; dtype && t < sizeof types / sizeof *types; t++)
        if (strcmp(dtype, types[t].dtype) == 0)
            return types[t].datatype;
    return NULL;
}

int amkd_input_tensor_set_type(amkd_input_tensor *tensor, const char *datatype)
{
    tensor->item_nbytes = 0;
    for (size_t t = 0; t < sizeof types / sizeof *types; t++)
        if (strcmp(datatype, types[t].datatype) == 0)
            tensor->item_nbytes = types[t].nbytes;
    if (!tensor->item_nbytes)
        return amkd_fail("takes '%s', expected UINT8, FP16, FP32 or FP64", datatype);
    for (size_t value = 0; value < 256; value++)
        make_item(&tensor->items[value], tensor->item_nbytes, (uint8_t)value);
    return 0;
}

/* -------------------------------------------------------------------- laying out -- */

static size_t image_size(const amkd_input_tensor *tensor)
{
    return tensor->image.channels * tensor->image.height * tensor->image.width;
}

/* Pixel `at` of the tensor's order in an image of [h][w][c]. */
static size_t source(const amkd_input_tensor *tensor, size_t at)
{
    size_t channels = tensor->image.channels;
    size_t area = tensor->image.height * tensor->image.width;
    return tensor->planes ? at % area * channels + at / area : at;
}

int amkd_input_tensor_add_binary(amkd_bytes *bytes, const amkd_input_tensor *tensor,
                                 const uint8_t *pixels, size_t n)
{
    size_t size = image_size(tensor), item = tensor->item_nbytes;
    if (item == 1 && (!tensor->planes || tensor->image.channels == 1))
        return amkd_bytes_add(bytes, pixels, n * size);
    if (amkd_bytes_reserve(bytes, n * size * item))
        return -1;
    char *to = bytes->data + bytes->n;
    for (size_t s = 0; s < n; s++, pixels += size)
        for (size_t at = 0; at < size; at++, to += item)
            memcpy(to, tensor->items[pixels[source(tensor, at)]].bytes, item);
    bytes->n += n * size * item;
    return 0;
}

/* Brackets between items `at` - 1 and `at` of nested arrays; returns behind them. */
static char *add_brackets(char *to, const amkd_input_tensor *tensor, size_t at, int close)
{
    size_t block = 1, depth = 0;
    for (size_t d = tensor->ndim; d-- > 0 && at % (block *= tensor->dims[d]) == 0;)
        depth++;
    for (size_t d = 0; d < depth; d++)
        *to++ = close ? ']' : '[';
    return to;
}

static char *add_image(char *to, const amkd_input_tensor *tensor, const uint8_t *pixels,
                       int nested)
{
    size_t size = image_size(tensor);
    for (size_t at = 0; at < size; at++) {
        uint8_t value = pixels[source(tensor, at)];
        if (at)
            *to++ = ',';
        if (nested)
            to = add_brackets(to, tensor, at, 0);
        memcpy(to, tensor->items[value].text, tensor->items[value].length);
        to += tensor->items[value].length;
        if (nested)
            to = add_brackets(to, tensor, at + 1, 1);
    }
    return to;
}

int amkd_input_tensor_add_json(amkd_bytes *bytes, const amkd_input_tensor *tensor,
                               const uint8_t *pixels, size_t n, int nested)
{
    size_t size = image_size(tensor), most = 0;
    for (int value = 0; value < 256; value++)
        if (tensor->items[value].length > most)
            most = tensor->items[value].length;
    if (amkd_bytes_reserve(bytes, n * (size * (most + 1 + 2 * tensor->ndim) + 1) + 2))
        return -1;
    char *to = bytes->data + bytes->n;
    int list = tensor->has_batch || !nested;
    if (list)
        *to++ = '[';
    for (size_t s = 0; s < n; s++) {
        if (s)
            *to++ = ',';
        to = add_image(to, tensor, pixels + s * size, nested);
    }
    if (list)
        *to++ = ']';
    bytes->n = (size_t)(to - bytes->data);
    return 0;
}

int amkd_input_tensor_add_shape(amkd_bytes *bytes, const amkd_input_tensor *tensor,
                                size_t n)
{
    int rc = tensor->has_batch ? amkd_bytes_format(bytes, "[%zu", n)
                               : amkd_bytes_puts(bytes, "[");
    for (size_t d = 0; rc == 0 && d < tensor->ndim; d++)
        rc = amkd_bytes_format(bytes, "%s%zu", tensor->has_batch || d ? "," : "",
                               tensor->dims[d]);
    return rc ? -1 : amkd_bytes_puts(bytes, "]");
}
