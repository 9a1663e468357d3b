/* Answers of TensorFlow Serving of any bytes, by rows and by columns: not taken, or every
 * value of both images is there, none of them NaN, which is a class left out. */
#include "fuzz/target.h"
#include "teacher/tfserving.h"
#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    enum { N = 2 };
    for (int columns = 0; columns < 2; columns++) {
        const amkd_tfserving_model model = {.columns = columns};
        amkd_values values = {0};
        const amkd_http_answer answer = {
            .n = N, .body = (const char *)bytes, .nbytes = nbytes, .json_nbytes = -1};
        if (amkd_tfserving_decode(&values, &model, &answer) == 0)
            for (size_t i = 0; i < N * values.nvalues; i++)
                if (isnan(values.at[i]))
                    abort();
        amkd_values_clear(&values);
    }
    return 0;
}
