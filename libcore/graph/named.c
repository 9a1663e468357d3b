/* The list of named networks, and what their texts are made with. */
#include "graph/named.h"
#include "base/error.h"
#include "base/memory.h"
#include "graph/named_internal.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void family(amkd_writing *w, size_t number, amkd_shape in);

/* What the weights of a name were trained on. */
typedef enum training_set { NONE, CIFAR, IMAGENET, IMAGENET_HALF } training_set;

static const struct {
    const char *name;
    family *write;
    size_t number;
    training_set set;
} names[] = {
    {"lenet5", amkd_write_lenet, 0, NONE},
    {"lenet5-half", amkd_write_lenet, 1, NONE},
    {"mlp", amkd_write_mlp, 0, NONE},
    {"resnet8", amkd_write_cifar_resnet, 8, CIFAR},
    {"resnet20", amkd_write_cifar_resnet, 20, CIFAR},
    {"resnet32", amkd_write_cifar_resnet, 32, CIFAR},
    {"resnet56", amkd_write_cifar_resnet, 56, CIFAR},
    {"resnet8-a", amkd_write_cifar_resnet_a, 8, CIFAR},
    {"resnet20-a", amkd_write_cifar_resnet_a, 20, CIFAR},
    {"resnet32-a", amkd_write_cifar_resnet_a, 32, CIFAR},
    {"resnet56-a", amkd_write_cifar_resnet_a, 56, CIFAR},
    {"wrn-16-2", amkd_write_wrn, 16, CIFAR},
    {"resnet18", amkd_write_resnet, 18, IMAGENET},
    {"resnet34", amkd_write_resnet, 34, IMAGENET},
    {"resnet50", amkd_write_resnet, 50, IMAGENET},
    {"vgg11-bn", amkd_write_vgg_bn, 11, IMAGENET},
    {"vgg16-bn", amkd_write_vgg_bn, 16, IMAGENET},
    {"alexnet-cifar", amkd_write_alexnet, 0, CIFAR},
    {"alexnet-cifar-half", amkd_write_alexnet, 1, CIFAR},
    {"mobilenetv3-small", amkd_write_mobilenetv3_small, 0, IMAGENET},
    {"efficientnet-lite0", amkd_write_efficientnet_lite0, 0, IMAGENET_HALF},
};
enum { NNAMES = sizeof names / sizeof *names };

static const char mobilenetv2[] = "mobilenetv2";

void amkd_write(amkd_writing *w, const char *format, ...)
{
    char part[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(part, sizeof part, format, arguments);
    va_end(arguments);
    if (w->failed)
        return;
    char *longer = amkd_format("%s%s", w->text ? w->text : "", part);
    free(w->text);
    w->text = longer;
    w->failed = !longer;
}

void amkd_write_conv_bn(amkd_writing *w, const amkd_conv_bn *c)
{
    amkd_write(w, "%s%s: conv %zu k%zu", c->name, c->conv, c->n, c->kernel);
    if (c->stride > 1)
        amkd_write(w, " s%zu", c->stride);
    if (c->kernel > 1 && c->padding)
        amkd_write(w, " %s", c->padding);
    else if (c->kernel > 1)
        amkd_write(w, " p%zu", c->kernel / 2);
    if (c->groups > 1)
        amkd_write(w, " g%zu", c->groups);
    amkd_write(w, " nobias | %s%s: bn%s", c->name, c->bn, c->options ? c->options : "");
    if (c->act)
        amkd_write(w, " | %s", c->act);
}

int amkd_is_small(amkd_shape in)
{
    return in.height <= AMKD_SMALL_SIDE && in.width <= AMKD_SMALL_SIDE;
}

size_t amkd_divisible(double channels)
{
    size_t n = (size_t)(channels + 4) / 8 * 8;
    n = n < 8 ? 8 : n;
    return (double)n < 0.9 * channels ? n + 8 : n;
}

/* Whether name is that of a MobileNetV2; *width is its factor. */
static int is_mobilenetv2(double *width, const char *name)
{
    const size_t n = sizeof mobilenetv2 - 1;
    char *end;
    *width = 1;
    if (strncmp(name, mobilenetv2, n) != 0)
        return 0;
    if (!name[n])
        return 1;
    if (name[n] != '-' || !name[n + 1] ||
        name[n + 1 + strspn(name + n + 1, "0123456789.")])
        return 0;
    *width = strtod(name + n + 1, &end);
    return !*end && *width >= 0.1 && *width <= 4;
}

int amkd_named_text(char **out, const char *name, amkd_shape in)
{
    amkd_writing w = {0};
    double width;
    if (is_mobilenetv2(&width, name))
        amkd_write_mobilenetv2(&w, width, in);
    for (size_t n = 0; n < NNAMES; n++)
        if (!strcmp(name, names[n].name))
            names[n].write(&w, names[n].number, in);
    *out = w.text;
    return w.failed ? -1 : 0;
}

char *amkd_named_list(void)
{
    amkd_writing w = {0};
    for (size_t n = 0; n < NNAMES; n++)
        amkd_write(&w, "%s, ", names[n].name);
    amkd_write(&w, "%s, %s-0.5", mobilenetv2, mobilenetv2);
    if (w.failed)
        free(w.text);
    return w.failed ? NULL : w.text;
}

static int usual(amkd_named_usual *out, training_set set)
{
    static const amkd_named_usual usuals[] = {
        [CIFAR] = {.in = {3, 32, 32}},
        [IMAGENET] = {{3, 224, 224}, {0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}},
        [IMAGENET_HALF] = {{3, 224, 224},
                           {127 / 255.0F, 127 / 255.0F, 127 / 255.0F},
                           {128 / 255.0F, 128 / 255.0F, 128 / 255.0F}},
    };
    *out = usuals[set];
    return set != NONE;
}

int amkd_named_usual_of(amkd_named_usual *out, const char *name)
{
    double width;
    for (size_t n = 0; n < NNAMES; n++)
        if (!strcmp(name, names[n].name))
            return usual(out, names[n].set);
    return is_mobilenetv2(&width, name) && usual(out, IMAGENET);
}
