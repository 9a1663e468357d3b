/* Answers of the Open Inference Protocol of any bytes: not taken, or every value of both
 * images is there, none of them NaN, which is a class left out. The first byte is how
 * many of the others are JSON, all of them when it is 255. */
#include "fuzz/target.h"
#include "teacher/oip.h"
#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    enum { N = 2 };
    if (nbytes < 1)
        return 0;
    for (int batch = 0; batch < 2; batch++) {
        amkd_oip_model model = {.tensor.has_batch = batch, .nclasses = batch ? 3 : 0};
        amkd_values values = {0};
        const amkd_http_answer answer = {.n = batch ? N : 1,
                                         .body = (const char *)bytes + 1,
                                         .nbytes = nbytes - 1,
                                         .json_nbytes = bytes[0] == 255 ? -1 : bytes[0]};
        if (amkd_oip_decode(&values, &model, &answer) == 0)
            for (size_t i = 0; i < answer.n * values.nvalues; i++)
                if (isnan(values.at[i]))
                    abort();
        amkd_values_clear(&values);
    }
    return 0;
}
