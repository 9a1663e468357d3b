/* The activations of act.c in other programs' languages. */
#ifndef AMKD_LAYERS_ACT_EXPORT_H
#define AMKD_LAYERS_ACT_EXPORT_H

#include "layers/layer.h"

/* An activation's onnx and c99 of its kind. value: what stands behind the name. */
void amkd_act_onnx(const amkd_layer *layer, const amkd_place *at, float value,
                   amkd_onnx *onnx);
void amkd_act_c99(const amkd_layer *layer, const amkd_place *at, float value,
                  amkd_c99 *program);

#endif
