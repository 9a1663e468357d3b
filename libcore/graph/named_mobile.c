/* Named networks of depthwise convolutions: MobileNetV2 (arXiv 1801.04381) and V3
 * (1905.02244) as torchvision has them, EfficientNet-Lite0 with timm's names. */
#include "graph/named_internal.h"
#include <stdio.h>

/* An inverted residual block: to expanded channels by 1x1, depthwise, to out by 1x1. The
 * texts are what the modules are called in it. */
typedef struct block {
    char name[64]; /* before all of them */
    const char *expand, *expand_bn, *depthwise, *depthwise_bn, *project, *project_bn;
    const char *squeeze;                 /* the squeeze-excite module, or NULL for none */
    const char *act, *padding, *options; /* as of amkd_conv_bn */
    size_t in, expanded, out, kernel, stride;
} block;

/* scale( ; gate ): each channel times what two 1x1 convolutions make of all means. */
static void write_squeeze(amkd_writing *w, const block *b)
{
    amkd_write(w,
               "scale( ; avgpool all | %s%s.fc1: conv %zu k1 | relu | "
               "%s%s.fc2: conv %zu k1 | hardsigmoid ) | ",
               b->name, b->squeeze, amkd_divisible((double)b->expanded / 4), b->name,
               b->squeeze, b->expanded);
}

static void write_block(amkd_writing *w, const block *b)
{
    const int adds = b->stride == 1 && b->in == b->out;
    amkd_conv_bn c = {.name = b->name, .stride = 1, .options = b->options, .act = b->act};
    if (adds)
        amkd_write(w, "residual( ");
    if (b->expanded != b->in) {
        c.conv = b->expand;
        c.bn = b->expand_bn;
        c.n = b->expanded;
        c.kernel = 1;
        amkd_write_conv_bn(w, &c);
        amkd_write(w, " | ");
    }
    c.conv = b->depthwise;
    c.bn = b->depthwise_bn;
    c.n = c.groups = b->expanded;
    c.kernel = b->kernel;
    c.stride = b->stride;
    c.padding = b->padding;
    amkd_write_conv_bn(w, &c);
    amkd_write(w, " | ");
    if (b->squeeze)
        write_squeeze(w, b);
    c = (amkd_conv_bn){.name = b->name,
                       .conv = b->project,
                       .bn = b->project_bn,
                       .n = b->out,
                       .kernel = 1,
                       .stride = 1,
                       .options = b->options};
    amkd_write_conv_bn(w, &c);
    amkd_write(w, adds ? " ) | " : " | ");
}

/* The first and the last convolution of a network. */
static void write_end(amkd_writing *w, const char *conv, const char *bn, size_t n,
                      size_t kernel, size_t stride, const block *like)
{
    amkd_write_conv_bn(w, &(amkd_conv_bn){.name = "",
                                          .conv = conv,
                                          .bn = bn,
                                          .n = n,
                                          .kernel = kernel,
                                          .stride = stride,
                                          .padding = like->padding,
                                          .options = like->options,
                                          .act = like->act});
    amkd_write(w, " | ");
}

/* The blocks of one size, one behind the other. */
typedef struct stage {
    size_t expansion, out, n, stride, kernel;
} stage;

static size_t stage_stride(const stage *s, size_t number, int small)
{
    return small && number == 1 ? 1 : s->stride;
}

void amkd_write_mobilenetv2(amkd_writing *w, double width, amkd_shape images)
{
    static const stage stages[] = {{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2},
                                   {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2},
                                   {6, 320, 1, 1}};
    const int small = amkd_is_small(images);
    size_t number = 1;
    block b = {.act = "relu6", .kernel = 3, .in = amkd_divisible(32 * width)};
    write_end(w, "features.0.0", "features.0.1", b.in, 3, small ? 1 : 2, &b);
    for (size_t s = 0; s < sizeof stages / sizeof *stages; s++)
        for (size_t n = 0; n < stages[s].n; n++) {
            const int expands = stages[s].expansion > 1;
            snprintf(b.name, sizeof b.name, "features.%zu.conv.", number++);
            b.expand = "0.0";
            b.expand_bn = "0.1";
            b.depthwise = expands ? "1.0" : "0.0";
            b.depthwise_bn = expands ? "1.1" : "0.1";
            b.project = expands ? "2" : "1";
            b.project_bn = expands ? "3" : "2";
            b.expanded = stages[s].expansion * b.in;
            b.out = amkd_divisible((double)stages[s].out * width);
            b.stride = n ? 1 : stage_stride(&stages[s], s, small);
            write_block(w, &b);
            b.in = b.out;
        }
    write_end(w, "features.18.0", "features.18.1",
              width > 1 ? amkd_divisible(1280 * width) : 1280, 1, 1, &b);
    amkd_write(w, "avgpool all | dropout 0.2 | classifier.1: fc classes");
}

void amkd_write_efficientnet_lite0(amkd_writing *w, size_t unused, amkd_shape images)
{
    static const stage stages[] = {{1, 16, 1, 1, 3}, {6, 24, 2, 2, 3},  {6, 40, 2, 2, 5},
                                   {6, 80, 3, 2, 3}, {6, 112, 3, 1, 5}, {6, 192, 4, 2, 5},
                                   {6, 320, 1, 1, 3}};
    const int small = amkd_is_small(images);
    block b = {.act = "relu6", .padding = "same", .options = " e0.001 m0.01", .in = 32};
    (void)unused;
    write_end(w, "conv_stem", "bn1", b.in, 3, small ? 1 : 2, &b);
    for (size_t s = 0; s < sizeof stages / sizeof *stages; s++)
        for (size_t n = 0; n < stages[s].n; n++) {
            const int expands = stages[s].expansion > 1;
            snprintf(b.name, sizeof b.name, "blocks.%zu.%zu.", s, n);
            b.expand = "conv_pw";
            b.expand_bn = "bn1";
            b.depthwise = "conv_dw";
            b.depthwise_bn = expands ? "bn2" : "bn1";
            b.project = expands ? "conv_pwl" : "conv_pw";
            b.project_bn = expands ? "bn3" : "bn2";
            b.expanded = stages[s].expansion * b.in;
            b.out = stages[s].out;
            b.kernel = stages[s].kernel;
            b.stride = n ? 1 : stage_stride(&stages[s], s, small);
            write_block(w, &b);
            b.in = b.out;
        }
    write_end(w, "conv_head", "bn2", 1280, 1, 1, &b);
    amkd_write(w, "avgpool all | dropout 0.2 | classifier: fc classes");
}

void amkd_write_mobilenetv3_small(amkd_writing *w, size_t unused, amkd_shape images)
{
    static const struct {
        size_t kernel, expanded, out;
        int squeezes, hard; /* hard: hardswish for relu */
        size_t stride;
    } blocks[] = {
        {3, 16, 16, 1, 0, 2},  {3, 72, 24, 0, 0, 2},  {3, 88, 24, 0, 0, 1},
        {5, 96, 40, 1, 1, 2},  {5, 240, 40, 1, 1, 1}, {5, 240, 40, 1, 1, 1},
        {5, 120, 48, 1, 1, 1}, {5, 144, 48, 1, 1, 1}, {5, 288, 96, 1, 1, 2},
        {5, 576, 96, 1, 1, 1}, {5, 576, 96, 1, 1, 1},
    };
    static const char *const numbers[] = {"0", "1", "2", "3"};
    static const char *const convs[] = {"0.0", "1.0", "2.0", "3.0"};
    static const char *const bns[] = {"0.1", "1.1", "2.1", "3.1"};
    const int small = amkd_is_small(images);
    block b = {.options = " e0.001 m0.01", .act = "hardswish", .in = 16};
    (void)unused;
    write_end(w, "features.0.0", "features.0.1", b.in, 3, small ? 1 : 2, &b);
    for (size_t n = 0; n < sizeof blocks / sizeof *blocks; n++) {
        size_t at = blocks[n].expanded != b.in; /* of the module in the block */
        snprintf(b.name, sizeof b.name, "features.%zu.block.", n + 1);
        b.expand = convs[0];
        b.expand_bn = bns[0];
        b.depthwise = convs[at];
        b.depthwise_bn = bns[at];
        b.squeeze = blocks[n].squeezes ? numbers[++at] : NULL;
        b.project = convs[++at];
        b.project_bn = bns[at];
        b.act = blocks[n].hard ? "hardswish" : "relu";
        b.expanded = blocks[n].expanded;
        b.out = blocks[n].out;
        b.kernel = blocks[n].kernel;
        b.stride = small && !n ? 1 : blocks[n].stride;
        write_block(w, &b);
        b.in = b.out;
    }
    write_end(w, "features.12.0", "features.12.1", 576, 1, 1, &b);
    amkd_write(w, "avgpool all | classifier.0: fc 1024 | hardswish | dropout 0.2 | "
                  "classifier.3: fc classes");
}
