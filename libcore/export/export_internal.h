/* What exports share. */
#ifndef AMKD_EXPORT_EXPORT_INTERNAL_H
#define AMKD_EXPORT_EXPORT_INTERNAL_H

#include "export/export.h"

/* *shown: the network to export, which is *folded, or the model itself where its norms
 * are kept and *folded is NULL. *folded is freed with amkd_model_free. */
int amkd_export_fold(amkd_model **folded, const amkd_model **shown,
                     const amkd_model *model, const amkd_export_plan *plan);

#endif
