/* The kinds, one file each. */
#ifndef AMKD_LAYERS_KINDS_H
#define AMKD_LAYERS_KINDS_H

#include "layers/layer.h"

extern const amkd_kind amkd_kind_conv, amkd_kind_fc, amkd_kind_bn, amkd_kind_maxpool,
    amkd_kind_avgpool, amkd_kind_flatten, amkd_kind_dropout, amkd_kind_residual,
    amkd_kind_concat, amkd_kind_scale, amkd_kind_subsample;

/* Activation number n, from 0 on; NULL behind the last. */
const amkd_kind *amkd_kind_act(size_t n);

#endif
