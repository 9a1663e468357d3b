/* Reading and writing safetensors. A reader trusts nothing that the header claims: each
 * size is checked against the bytes that are there before it is used. */
#include "net/safetensors.h"
#include "base/error.h"
#include "base/file.h"
#include "base/half.h"
#include "base/memory.h"
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_NBYTES = 8, MAX_NBYTES = INT32_MAX };

/* The dtypes of the format, and whether they are read as numbers. */
static const struct {
    char name[8];
    size_t nbytes;
    int read;
} dtypes[] = {
    {"F32", 4, 1}, {"F16", 2, 1}, {"BF16", 2, 1}, {"F64", 8, 1},     {"I64", 8, 0},
    {"I32", 4, 0}, {"I16", 2, 0}, {"I8", 1, 0},   {"U64", 8, 0},     {"U32", 4, 0},
    {"U16", 2, 0}, {"U8", 1, 0},  {"BOOL", 1, 0}, {"F8_E4M3", 1, 0}, {"F8_E5M2", 1, 0},
};

/* A tensor of the header before its bytes are placed. */
typedef struct claim {
    amkd_tensor tensor;
    size_t dtype;        /* which of dtypes */
    uint64_t begin, end; /* in the bytes behind the header */
} claim;

static int parse_dtype(claim *out, const json_t *value)
{
    const char *dtype = json_string_value(value);
    for (size_t d = 0; dtype && d < sizeof dtypes / sizeof *dtypes; d++) {
        if (!strcmp(dtype, dtypes[d].name)) {
            strcpy(out->tensor.dtype, dtype);
            out->dtype = d;
            return 0;
        }
    }
    return amkd_fail("tensor '%s': its dtype is %.16s, expected F32, F16, BF16 or F64",
                     out->tensor.name, dtype ? dtype : "missing");
}

/* nbytes is that of an item, and becomes that of all. */
static int parse_shape(amkd_tensor *tensor, uint64_t *nbytes, const json_t *shape)
{
    if (!json_is_array(shape) || json_array_size(shape) > 4)
        return amkd_fail("tensor '%s': expected a \"shape\" of up to 4 sizes",
                         tensor->name);
    tensor->ndim = json_array_size(shape);
    for (size_t d = 0; d < tensor->ndim; d++) {
        const json_t *size = json_array_get(shape, d);
        if (!json_is_integer(size) || json_integer_value(size) < 0 ||
            __builtin_mul_overflow(*nbytes, (uint64_t)json_integer_value(size), nbytes))
            return amkd_fail("tensor '%s': size %zu of its shape is not possible",
                             tensor->name, d);
        tensor->shape[d] = (size_t)json_integer_value(size);
    }
    return 0;
}

static int parse_offset(uint64_t *offset, const json_t *offsets, size_t index)
{
    const json_t *value = json_array_get(offsets, index);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return -1;
    *offset = (uint64_t)json_integer_value(value);
    return 0;
}

static int parse_tensor(claim *out, const char *name, const json_t *value)
{
    if (strlen(name) >= sizeof(out->tensor.name))
        return amkd_fail("tensor '%.64s...': a name may have %zu bytes", name,
                         sizeof(out->tensor.name) - 1);
    strcpy(out->tensor.name, name);
    if (parse_dtype(out, json_object_get(value, "dtype")))
        return -1;
    uint64_t nbytes = dtypes[out->dtype].nbytes;
    if (parse_shape(&out->tensor, &nbytes, json_object_get(value, "shape")))
        return -1;
    const json_t *offsets = json_object_get(value, "data_offsets");
    if (json_array_size(offsets) != 2 || parse_offset(&out->begin, offsets, 0) ||
        parse_offset(&out->end, offsets, 1) || out->end < out->begin)
        return amkd_fail("tensor '%s': expected \"data_offsets\" of [begin, end]", name);
    if (out->end - out->begin != nbytes)
        return amkd_fail("tensor '%s': %" PRIu64 " bytes at its offsets, %" PRIu64
                         " by its shape",
                         name, out->end - out->begin, nbytes);
    return 0;
}

static int compare_claims(const void *a, const void *b)
{
    const claim *x = a, *y = b;
    /* Tensors without values share their offset with the next. */
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

/* Orders the claims, which must follow one another from the first byte to the last. */
static int check_places(claim *claims, size_t n, size_t data_nbytes)
{
    qsort(claims, n, sizeof(*claims), compare_claims);
    uint64_t end = 0;
    for (size_t t = 0; t < n; t++) {
        if (claims[t].begin != end)
            return amkd_fail("tensor '%s': begins at byte %" PRIu64 ", expected %" PRIu64,
                             claims[t].tensor.name, claims[t].begin, end);
        end = claims[t].end;
        if (end > data_nbytes)
            return amkd_fail("tensor '%s': ends at byte %" PRIu64
                             ", but only %zu bytes follow the header",
                             claims[t].tensor.name, end, data_nbytes);
    }
    if (end != data_nbytes)
        return amkd_fail("%" PRIu64 " bytes behind the last tensor",
                         (uint64_t)data_nbytes - end);
    return 0;
}

static size_t count_values(const claim *c)
{
    return (size_t)(c->end - c->begin) / dtypes[c->dtype].nbytes;
}

/* Makes float32 of a tensor's bytes, which lie anyhow. */
static int convert(float *values, const claim *c, const char *bytes)
{
    size_t n = count_values(c), nbytes = dtypes[c->dtype].nbytes;
    int is_bfloat = !strcmp(c->tensor.dtype, "BF16");
    if (nbytes == sizeof(float) && n)
        memcpy(values, bytes, n * sizeof(float));
    for (size_t i = 0; i < n && nbytes == 2; i++) {
        uint16_t bits;
        memcpy(&bits, bytes + 2 * i, sizeof bits);
        values[i] = is_bfloat ? amkd_bfloat_float(bits) : amkd_half_float(bits);
    }
    for (size_t i = 0; i < n && nbytes == 8; i++) {
        double value;
        memcpy(&value, bytes + 8 * i, sizeof value);
        if (isfinite(value) && fabs(value) > FLT_MAX)
            return amkd_fail("tensor '%s': value %zu is %g, which float32 does not hold",
                             c->tensor.name, i, value);
        values[i] = (float)value;
    }
    return 0;
}

/* Gives each tensor that is read its values, one after the other. */
static int take_values(amkd_tensors *tensors, const claim *claims, const char *bytes)
{
    size_t nvalues = 0;
    for (size_t t = 0; t < tensors->n; t++)
        if (dtypes[claims[t].dtype].read)
            nvalues += count_values(&claims[t]);
    tensors->values = amkd_alloc(nvalues + 1, sizeof(float));
    float *at = tensors->values;
    for (size_t t = 0; at && t < tensors->n; t++) {
        tensors->tensors[t] = claims[t].tensor;
        if (!dtypes[claims[t].dtype].read)
            continue;
        tensors->tensors[t].data = at;
        if (convert(at, &claims[t], bytes + claims[t].begin))
            return -1;
        at += count_values(&claims[t]);
    }
    return at ? 0 : -1;
}

static int take_metadata(amkd_tensors *tensors, json_t *header)
{
    json_t *metadata = json_object_get(header, "__metadata__");
    tensors->metadata = metadata ? json_incref(metadata) : json_object();
    if (!tensors->metadata)
        return amkd_fail("no memory for the metadata");
    if (metadata && !json_is_object(metadata))
        return amkd_fail("__metadata__: expected an object of strings");
    const char *key;
    json_t *value;
    json_object_foreach (tensors->metadata, key, value)
        if (!json_is_string(value))
            return amkd_fail("__metadata__: '%.64s' is not a string", key);
    if (metadata)
        json_object_del(header, "__metadata__");
    return 0;
}

/* bytes: those behind the header. */
static int parse_header(amkd_tensors *tensors, json_t *header, const char *bytes,
                        size_t nbytes)
{
    if (take_metadata(tensors, header))
        return -1;
    size_t n = json_object_size(header);
    tensors->tensors = amkd_alloc(n ? n : 1, sizeof(*tensors->tensors));
    claim *claims = amkd_alloc(n ? n : 1, sizeof(*claims));
    int failed = !tensors->tensors || !claims;
    const char *name;
    json_t *value;
    json_object_foreach (header, name, value) {
        if (failed)
            break;
        failed = parse_tensor(&claims[tensors->n++], name, value);
    }
    failed =
        failed || check_places(claims, n, nbytes) || take_values(tensors, claims, bytes);
    free(claims);
    return failed ? -1 : 0;
}

static int parse_file(amkd_tensors *tensors, const char *bytes, size_t nbytes)
{
    uint64_t header_nbytes = 0;
    for (size_t i = 0; i < LENGTH_NBYTES && i < nbytes; i++)
        header_nbytes |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
    if (nbytes < LENGTH_NBYTES || header_nbytes > nbytes - LENGTH_NBYTES)
        return amkd_fail("%zu bytes do not hold the header of a safetensors file",
                         nbytes);
    json_error_t error;
    json_t *header = bytes[LENGTH_NBYTES] == '{'
                         ? json_loadb(bytes + LENGTH_NBYTES, (size_t)header_nbytes,
                                      JSON_REJECT_DUPLICATES, &error)
                         : NULL;
    if (!header)
        return bytes[LENGTH_NBYTES] == '{'
                   ? amkd_fail("the header: %s at byte %d", error.text, error.position)
                   : amkd_fail("the header is not a JSON object: no safetensors file");
    size_t begin = LENGTH_NBYTES + (size_t)header_nbytes;
    int result = parse_header(tensors, header, bytes + begin, nbytes - begin);
    json_decref(header);
    return result;
}

int amkd_tensors_read(amkd_tensors *tensors, const char *path)
{
    memset(tensors, 0, sizeof(*tensors));
    char *bytes;
    size_t nbytes;
    if (amkd_file_read(&bytes, &nbytes, path, MAX_NBYTES))
        return -1;
    int failed = parse_file(tensors, bytes, nbytes);
    free(bytes);
    if (!failed)
        return 0;
    amkd_tensors_clear(tensors);
    return amkd_fail_in("'%s'", strcmp(path, "-") ? path : "stdin");
}

static const int64_t number = 0; /* that is written for all of dtype I64 */

static int is_number(const amkd_tensor *tensor)
{
    return !strcmp(tensor->dtype, "I64");
}

static size_t tensor_nbytes(const amkd_tensor *tensor)
{
    size_t nbytes = is_number(tensor) ? sizeof number : sizeof(float);
    for (size_t d = 0; d < tensor->ndim; d++)
        nbytes *= tensor->shape[d];
    return nbytes;
}

static json_t *describe_tensor(const amkd_tensor *tensor, size_t begin)
{
    json_t *shape = json_array();
    for (size_t d = 0; d < tensor->ndim; d++)
        if (json_array_append_new(shape, json_integer((json_int_t)tensor->shape[d])))
            break;
    if (json_array_size(shape) != tensor->ndim) {
        json_decref(shape);
        return NULL;
    }
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", is_number(tensor) ? "I64" : "F32",
                     "shape", shape, "data_offsets", (json_int_t)begin,
                     (json_int_t)(begin + tensor_nbytes(tensor)));
}

/* The header's text, padded with spaces so that the tensors begin at a multiple of 8. */
static char *print_header(const amkd_tensors *tensors)
{
    json_t *header = json_object();
    int failed = !header;
    if (!failed && tensors->metadata)
        failed = json_object_set(header, "__metadata__", tensors->metadata);
    size_t offset = 0;
    for (size_t t = 0; t < tensors->n && !failed; t++) {
        const amkd_tensor *tensor = &tensors->tensors[t];
        failed =
            json_object_set_new(header, tensor->name, describe_tensor(tensor, offset));
        offset += tensor_nbytes(tensor);
    }
    char *text = failed ? NULL : json_dumps(header, JSON_COMPACT);
    json_decref(header);
    char *padded = NULL;
    if (!text)
        amkd_fail("no memory for the header");
    else
        padded =
            amkd_format("%s%.*s", text, (int)(7 - (strlen(text) + 7) % 8), "       ");
    free(text);
    return padded;
}

static int write_parts(amkd_output *output, const amkd_tensors *tensors,
                       const char *header)
{
    size_t nbytes = strlen(header);
    unsigned char length[LENGTH_NBYTES];
    for (size_t i = 0; i < LENGTH_NBYTES; i++)
        length[i] = (unsigned char)((uint64_t)nbytes >> (8 * i));
    if (amkd_output_write(output, length, sizeof(length)) ||
        amkd_output_write(output, header, nbytes))
        return -1;
    for (size_t t = 0; t < tensors->n; t++) {
        const amkd_tensor *tensor = &tensors->tensors[t];
        const void *bytes = is_number(tensor) ? (const void *)&number : tensor->data;
        if (amkd_output_write(output, bytes, tensor_nbytes(tensor)))
            return -1;
    }
    return 0;
}

int amkd_tensors_write(const amkd_tensors *tensors, const char *path)
{
    amkd_output *output;
    char *header = print_header(tensors);
    if (!header)
        return -1;
    if (amkd_output_open(&output, path)) {
        free(header);
        return -1;
    }
    int failed = amkd_output_refuse_terminal(output, "a model") ||
                 write_parts(output, tensors, header);
    free(header);
    if (failed) {
        amkd_output_discard(output);
        return -1;
    }
    return amkd_output_commit(output);
}

const amkd_tensor *amkd_tensors_find(const amkd_tensors *tensors, const char *name)
{
    for (size_t t = 0; t < tensors->n; t++)
        if (!strcmp(tensors->tensors[t].name, name))
            return &tensors->tensors[t];
    return NULL;
}

void amkd_tensors_clear(amkd_tensors *tensors)
{
    json_decref(tensors->metadata);
    free(tensors->tensors);
    free(tensors->values);
    memset(tensors, 0, sizeof(*tensors));
}
