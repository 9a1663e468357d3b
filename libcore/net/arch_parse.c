/* The parser of architecture texts: every size is checked here, so that whoever gets an
 * amkd_arch may multiply its sizes without a second thought. */
#include "base/error.h"
#include "base/memory.h"
#include "net/arch.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_LAYERS = 256,
    MAX_WORDS = 5, /* of one layer: "conv 6 k5 s1 p2" */
    MAX_NUMBER = 1 << 20,
    MAX_FLOATS = 1 << 28, /* of one layer's input or output, and of all parameters */
};

typedef struct parser {
    amkd_arch *arch;
    size_t nclasses;
    size_t number;       /* of the layer in the text, from 1 */
    char layer_text[64]; /* the layer as it stands there, for messages */
    amkd_shape shape;    /* what the next layer gets */
    int flat;            /* whether it gets it flattened */
} parser;

static const struct {
    const char *name;
    amkd_layer_type type;
} layer_names[] = {
    {"conv", AMKD_CONV},       {"fc", AMKD_FC},           {"relu", AMKD_RELU},
    {"tanh", AMKD_TANH},       {"maxpool", AMKD_MAXPOOL}, {"avgpool", AMKD_AVGPOOL},
    {"flatten", AMKD_FLATTEN},
};
enum { NLAYER_NAMES = sizeof(layer_names) / sizeof(*layer_names) };

static const char *layer_name(amkd_layer_type type)
{
    for (size_t i = 0; i < NLAYER_NAMES; i++)
        if (layer_names[i].type == type)
            return layer_names[i].name;
    return "?";
}

static int fail_layer(const parser *p, const char *what)
{
    return amkd_fail("layer %zu '%s': %s", p->number, p->layer_text, what);
}

/* A decimal number of 0..MAX_NUMBER that is all of text. */
static int parse_number(size_t *value, const char *text)
{
    if (!*text || strlen(text) > 7 || text[strspn(text, "0123456789")])
        return -1;
    *value = strtoul(text, NULL, 10);
    return *value > MAX_NUMBER ? -1 : 0;
}

/* The options behind a layer's sizes: k5 s2 p1, of those in allowed, each once. */
static int parse_options(const parser *p, amkd_layer *layer, char **words, size_t nwords,
                         const char *allowed)
{
    char seen[4] = "";
    for (size_t w = 0; w < nwords; w++) {
        char letter[2] = {words[w][0], 0};
        size_t value;
        if (!strchr(allowed, letter[0]) || parse_number(&value, words[w] + 1))
            return amkd_fail("layer %zu '%s': '%s' is no option of %s", p->number,
                             p->layer_text, words[w], layer_name(layer->type));
        if (strchr(seen, letter[0]))
            return amkd_fail("layer %zu '%s': %s is given twice", p->number,
                             p->layer_text, letter);
        strcat(seen, letter);
        *(letter[0] == 'k'   ? &layer->kernel
          : letter[0] == 's' ? &layer->stride
                             : &layer->padding) = value;
    }
    if (strchr(allowed, 'k') && !strchr(seen, 'k'))
        return fail_layer(p, "the kernel size is missing (as in 'conv 6 k5')");
    return 0;
}

/* Output pixels along one side: floor((in + 2 padding - kernel) / stride) + 1. */
static int window_side(const parser *p, size_t *out, const amkd_layer *layer, size_t in)
{
    size_t padded = in + 2 * layer->padding;
    if (layer->kernel > padded)
        return amkd_fail("layer %zu '%s': a kernel of %zu is larger than its input of "
                         "%zux%zu%s",
                         p->number, p->layer_text, layer->kernel, p->shape.height,
                         p->shape.width, layer->padding ? " with its padding" : "");
    *out = (padded - layer->kernel) / layer->stride + 1;
    return 0;
}

static int check_window(const parser *p, amkd_layer *layer)
{
    if (p->flat)
        return fail_layer(p, "needs an image, but its input is flattened before");
    if (!layer->kernel || !layer->stride)
        return fail_layer(p, "kernel and stride must be 1 or more");
    if (layer->padding >= layer->kernel)
        return fail_layer(p, "the padding must be below the kernel size");
    if (window_side(p, &layer->out.height, layer, p->shape.height) ||
        window_side(p, &layer->out.width, layer, p->shape.width))
        return -1;
    return 0;
}

/* a b c, or an error once beyond MAX_FLOATS. */
static int product(const parser *p, size_t *out, size_t a, size_t b, size_t c)
{
    if (__builtin_mul_overflow(a, b, out) || __builtin_mul_overflow(*out, c, out) ||
        *out > MAX_FLOATS)
        return amkd_fail("layer %zu '%s': %zu x %zu x %zu numbers are more than the %d "
                         "that a layer may have",
                         p->number, p->layer_text, a, b, c, MAX_FLOATS);
    return 0;
}

/* Places the layer's weights, fan_in for each output channel, and biases. */
static int place_parameters(const parser *p, amkd_layer *layer, size_t fan_in)
{
    amkd_arch *arch = p->arch;
    if (product(p, &layer->nweights, layer->out.channels, fan_in, 1))
        return -1;
    layer->weights = arch->nparameters;
    layer->biases = layer->weights + layer->nweights;
    arch->nparameters = layer->biases + layer->out.channels;
    if (arch->nparameters > MAX_FLOATS)
        return fail_layer(p, "the network has too many parameters with this layer");
    return 0;
}

static int add_layer(parser *p, const amkd_layer *layer)
{
    amkd_arch *arch = p->arch;
    size_t size;
    if (arch->nlayers == MAX_LAYERS)
        return amkd_fail("more than %d layers", MAX_LAYERS);
    if (product(p, &size, layer->out.channels, layer->out.height, layer->out.width))
        return -1;
    amkd_layer *grown =
        amkd_realloc(arch->layers, arch->nlayers + 1, sizeof(*arch->layers));
    if (!grown)
        return -1;
    arch->layers = grown;
    grown[arch->nlayers++] = *layer;
    p->shape = layer->out;
    return 0;
}

static int add_flatten(parser *p)
{
    amkd_layer layer = {.type = AMKD_FLATTEN, .in = p->shape};
    layer.out = (amkd_shape){amkd_shape_size(p->shape), 1, 1};
    p->flat = 1;
    return add_layer(p, &layer);
}

static int parse_conv(parser *p, amkd_layer *layer, char **words, size_t nwords)
{
    layer->stride = 1;
    if (nwords < 2 || parse_number(&layer->out.channels, words[1]) ||
        !layer->out.channels)
        return fail_layer(p, "expected a number of channels (as in 'conv 6 k5')");
    size_t fan_in;
    if (parse_options(p, layer, words + 2, nwords - 2, "ksp") || check_window(p, layer) ||
        product(p, &fan_in, layer->in.channels, layer->kernel, layer->kernel) ||
        place_parameters(p, layer, fan_in))
        return -1;
    return add_layer(p, layer);
}

static int parse_pool(parser *p, amkd_layer *layer, char **words, size_t nwords)
{
    if (nwords < 2 || parse_number(&layer->kernel, words[1]))
        return fail_layer(p, "expected a window size (as in 'maxpool 2')");
    layer->stride = layer->kernel;
    layer->out.channels = layer->in.channels;
    if (parse_options(p, layer, words + 2, nwords - 2, "s") || check_window(p, layer))
        return -1;
    return add_layer(p, layer);
}

static int parse_fc(parser *p, amkd_layer *layer, char **words, size_t nwords)
{
    size_t n;
    if (nwords != 2)
        return fail_layer(p, "expected a number of outputs (as in 'fc 10')");
    if (!strcmp(words[1], "classes")) {
        n = p->nclasses;
        if (!n)
            return fail_layer(p, "the number of classes is not known here");
    } else if (parse_number(&n, words[1]) || !n) {
        return fail_layer(p, "expected a number of outputs, 1 or more, or 'classes'");
    }
    if (!p->flat && add_flatten(p))
        return -1;
    layer->in = p->shape;
    layer->out = (amkd_shape){n, 1, 1};
    if (place_parameters(p, layer, layer->in.channels))
        return -1;
    return add_layer(p, layer);
}

static int parse_plain(parser *p, amkd_layer *layer, size_t nwords)
{
    if (nwords > 1)
        return fail_layer(p, "takes no sizes");
    if (layer->type != AMKD_FLATTEN) {
        layer->out = layer->in;
        return add_layer(p, layer);
    }
    if (p->flat)
        return fail_layer(p, "its input is flattened before");
    return add_flatten(p);
}

/* One layer, of length bytes at text; blanks around and between words do not count. */
static int parse_layer(parser *p, const char *text, size_t length)
{
    static const char blanks[] = " \t\r\n";
    size_t leading = strspn(text, blanks);
    leading = leading < length ? leading : length;
    text += leading;
    length -= leading;
    while (length && strchr(blanks, text[length - 1]))
        length--;
    int cut = length >= sizeof(p->layer_text);
    snprintf(p->layer_text, sizeof(p->layer_text), "%.*s", (int)(cut ? 60 : length),
             text);
    if (cut)
        return amkd_fail("layer %zu '%s...': longer than any layer", p->number,
                         p->layer_text);
    char buffer[sizeof(p->layer_text)], *rest = NULL, *words[MAX_WORDS];
    memcpy(buffer, p->layer_text, sizeof(buffer));
    size_t nwords = 0;
    for (char *word = strtok_r(buffer, blanks, &rest); word;
         word = strtok_r(NULL, blanks, &rest)) {
        if (nwords == MAX_WORDS)
            return fail_layer(p, "has too many words");
        words[nwords++] = word;
    }
    if (!nwords)
        return amkd_fail("layer %zu is empty", p->number);
    size_t kind = 0;
    while (kind < NLAYER_NAMES && strcmp(words[0], layer_names[kind].name))
        kind++;
    if (kind == NLAYER_NAMES)
        return fail_layer(p,
                          "expected conv, fc, relu, tanh, maxpool, avgpool or flatten");
    amkd_layer layer = {.type = layer_names[kind].type, .in = p->shape};
    switch (layer.type) {
    case AMKD_CONV:
        return parse_conv(p, &layer, words, nwords);
    case AMKD_MAXPOOL:
    case AMKD_AVGPOOL:
        return parse_pool(p, &layer, words, nwords);
    case AMKD_FC:
        return parse_fc(p, &layer, words, nwords);
    default:
        return parse_plain(p, &layer, nwords);
    }
}

/* What a named text stands for, text itself if it is none. The third layer's 5x5 kernel
 * needs an input that two poolings leave at 5x5: 28 with padding, 32 without. */
static const char *expand_name(const char *text, amkd_shape in)
{
    int is28 = in.height == 28 && in.width == 28;
    int is32 = in.height == 32 && in.width == 32;
    if (!strcmp(text, "lenet5"))
        return is28 ? "conv 6 k5 p2 | relu | maxpool 2 | conv 16 k5 | relu | maxpool 2 |"
                      "conv 120 k5 | relu | fc 84 | relu | fc classes"
               : is32
                   ? "conv 6 k5 | relu | maxpool 2 | conv 16 k5 | relu | maxpool 2 |"
                     "conv 120 k5 | relu | fc 84 | relu | fc classes"
                   : "conv 6 k5 p2 | relu | maxpool 2 | conv 16 k5 | relu | maxpool 2 |"
                     "fc 120 | relu | fc 84 | relu | fc classes";
    if (!strcmp(text, "lenet5-half"))
        return is28   ? "conv 3 k5 p2 | relu | maxpool 2 | conv 8 k5 | relu | maxpool 2 |"
                        "conv 60 k5 | relu | fc 42 | relu | fc classes"
               : is32 ? "conv 3 k5 | relu | maxpool 2 | conv 8 k5 | relu | maxpool 2 |"
                        "conv 60 k5 | relu | fc 42 | relu | fc classes"
                      : "conv 3 k5 p2 | relu | maxpool 2 | conv 8 k5 | relu | maxpool 2 |"
                        "fc 60 | relu | fc 42 | relu | fc classes";
    if (!strcmp(text, "mlp"))
        return "flatten | fc 256 | relu | fc 128 | relu | fc classes";
    return text;
}

static int print_layer(char *out, size_t nbytes, const amkd_layer *layer)
{
    const char *name = layer_name(layer->type);
    char stride[32] = "", padding[32] = "";
    switch (layer->type) {
    case AMKD_CONV:
        if (layer->stride != 1)
            snprintf(stride, sizeof(stride), " s%zu", layer->stride);
        if (layer->padding)
            snprintf(padding, sizeof(padding), " p%zu", layer->padding);
        return snprintf(out, nbytes, "%s %zu k%zu%s%s", name, layer->out.channels,
                        layer->kernel, stride, padding);
    case AMKD_MAXPOOL:
    case AMKD_AVGPOOL:
        if (layer->stride != layer->kernel)
            snprintf(stride, sizeof(stride), " s%zu", layer->stride);
        return snprintf(out, nbytes, "%s %zu%s", name, layer->kernel, stride);
    case AMKD_FC:
        return snprintf(out, nbytes, "%s %zu", name, layer->out.channels);
    default:
        return snprintf(out, nbytes, "%s", name);
    }
}

static int print_text(amkd_arch *arch)
{
    enum { LAYER_NBYTES = 96 };
    arch->text = amkd_alloc(arch->nlayers, LAYER_NBYTES);
    if (!arch->text)
        return -1;
    size_t length = 0;
    for (size_t l = 0; l < arch->nlayers; l++) {
        if (l) {
            memcpy(arch->text + length, " | ", 3);
            length += 3;
        }
        length +=
            (size_t)print_layer(arch->text + length, LAYER_NBYTES - 3, &arch->layers[l]);
    }
    return 0;
}

static int check_end(const parser *p)
{
    amkd_arch *arch = p->arch;
    const amkd_layer *last = &arch->layers[arch->nlayers - 1];
    int pixel = last->out.height == 1 && last->out.width == 1;
    if (last->type != AMKD_FC && !(last->type == AMKD_CONV && pixel))
        return fail_layer(p, "the last layer must be an fc, or a conv ending at 1x1");
    arch->nclasses = last->out.channels;
    if (p->nclasses && arch->nclasses != p->nclasses)
        return amkd_fail("layer %zu '%s': %zu outputs for %zu classes", p->number,
                         p->layer_text, arch->nclasses, p->nclasses);
    return 0;
}

static int parse_text(parser *p, const char *text)
{
    for (;;) {
        size_t length = strcspn(text, "|");
        p->number++;
        if (parse_layer(p, text, length))
            return -1;
        if (!text[length])
            return 0;
        text += length + 1;
    }
}

int amkd_arch_parse(amkd_arch *arch, const char *text, amkd_shape in, size_t nclasses)
{
    memset(arch, 0, sizeof(*arch));
    arch->in = in;
    parser p = {.arch = arch, .nclasses = nclasses, .shape = in};
    size_t size;
    int failed = !in.channels || !in.height || !in.width || in.channels > MAX_NUMBER ||
                 in.height > MAX_NUMBER || in.width > MAX_NUMBER ||
                 __builtin_mul_overflow(in.channels * in.height, in.width, &size) ||
                 size > MAX_FLOATS;
    if (failed)
        return amkd_fail("an input of %zu channels, %zux%zu pixels, is no image",
                         in.channels, in.height, in.width);
    if (parse_text(&p, expand_name(text, in)) || check_end(&p) || print_text(arch)) {
        amkd_arch_clear(arch);
        return amkd_fail_in("architecture '%.100s'", text);
    }
    return 0;
}
