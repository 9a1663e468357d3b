/* Answers of any API of any bytes, with paths of any bytes: a path up to the first zero
 * byte, the answer behind it. Not taken, or every value is a number or left out. */
#include "fuzz/target.h"
#include "teacher/template.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void decode(const amkd_json_path *path, const char *names, const char *body,
                   size_t nbytes)
{
    amkd_classes classes = {0};
    amkd_values values = {0};
    const amkd_http_answer answer = {
        .n = 1, .body = body, .nbytes = nbytes, .json_nbytes = -1};
    if (names && amkd_classes_parse(&classes, names, strlen(names)))
        abort();
    if (amkd_template_decode(&values, path, &classes, &answer) == 0)
        for (size_t i = 0; i < values.nvalues; i++)
            if (isinf(values.at[i]))
                abort();
    amkd_classes_clear(&classes);
    amkd_values_clear(&values);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    amkd_json_path *path;
    const uint8_t *end = nbytes ? memchr(bytes, 0, nbytes) : NULL;
    if (!end || amkd_json_path_parse(&path, (const char *)bytes))
        return 0;
    const char *body = (const char *)end + 1;
    size_t left = nbytes - (size_t)(end + 1 - bytes);
    decode(path, NULL, body, left);
    decode(path, "ant\nbee\ncat\n", body, left);
    amkd_json_path_free(path);
    return 0;
}
