/* What paths name, and who may come. */
#include "base/error.h"
#include "scratch.h"
#include "serve/keys.h"
#include "serve/path.h"
#include "serve/routes.h"
#include "served.h"
#include <check.h>

START_TEST(paths_name_resources)
{
    static const struct {
        const char *path;
        amkd_route route;
    } cases[] = {
        {"/v2", AMKD_ROUTE_SERVER},
        {"/v2/", AMKD_ROUTE_SERVER},
        {"/v2/health/live", AMKD_ROUTE_LIVE},
        {"/v2/health/ready", AMKD_ROUTE_READY},
        {"/metrics", AMKD_ROUTE_METRICS},
        {"/v2/models/m", AMKD_ROUTE_MODEL},
        {"/v2/models/m/", AMKD_ROUTE_MODEL},
        {"/v2/models/m/versions/4", AMKD_ROUTE_MODEL},
        {"/v2/models/m/ready", AMKD_ROUTE_MODEL_READY},
        {"/v2/models/m/infer", AMKD_ROUTE_INFER},
        {"/v2/models/m/versions/4/infer", AMKD_ROUTE_INFER},
        {"/v1/models/m", AMKD_ROUTE_TF_STATUS},
        {"/v1/models/m/versions/4", AMKD_ROUTE_TF_STATUS},
        {"/v1/models/m/metadata", AMKD_ROUTE_TF_METADATA},
        {"/v1/models/m:predict", AMKD_ROUTE_TF_PREDICT},
        {"/v1/models/m/versions/4:predict", AMKD_ROUTE_TF_PREDICT},
        {"", AMKD_ROUTE_NONE},
        {"/", AMKD_ROUTE_NONE},
        {"/v3", AMKD_ROUTE_NONE},
        {"/v2x", AMKD_ROUTE_NONE},
        {"/v2/models/", AMKD_ROUTE_NONE},
        {"/v2/models/n", AMKD_ROUTE_NONE},
        {"/v2/models/mm", AMKD_ROUTE_NONE},
        {"/v2/models/m/versions/1", AMKD_ROUTE_NONE},
        {"/v2/models/m/versions/", AMKD_ROUTE_NONE},
        {"/v2/models/m:predict", AMKD_ROUTE_NONE},
        {"/v2/models/m/infer/x", AMKD_ROUTE_NONE},
        {"/v1/models/m:classify", AMKD_ROUTE_NONE},
        {"/metricsx", AMKD_ROUTE_NONE},
        {"/v2?x=%00%", AMKD_ROUTE_SERVER},
        {"/v2/models/%6D/inf%65r?x", AMKD_ROUTE_INFER},
        {"http://host/v2/models/%6d", AMKD_ROUTE_MODEL},
        {"HTTP://host", AMKD_ROUTE_NONE},
        {"/v2%2Fmodels/m", AMKD_ROUTE_NONE},
        {"/v2/models/m%2Finfer", AMKD_ROUTE_NONE},
        {"/v1/models/m%3Apredict", AMKD_ROUTE_NONE},
        {"/v2/models/m%20", AMKD_ROUTE_NONE},
        {"/v2/models/m%00", AMKD_ROUTE_MALFORMED},
        {"/v2/models/m%00x", AMKD_ROUTE_MALFORMED},
        {"/v2/models/m%", AMKD_ROUTE_MALFORMED},
        {"/v2/models/m%2", AMKD_ROUTE_MALFORMED},
        {"/v2/models/m%2?", AMKD_ROUTE_MALFORMED},
        {"/v2/models/m%6G", AMKD_ROUTE_MALFORMED},
        {"/v2/models/%%6D", AMKD_ROUTE_MALFORMED},
        {"*", AMKD_ROUTE_ANY},
        {"/*", AMKD_ROUTE_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(amkd_route_find(&served, cases[i].path) == cases[i].route, "%s",
                      cases[i].path);
}
END_TEST

/* Every byte that a name may hold, as the URL that is printed has it. */
START_TEST(a_name_of_any_bytes_is_found_by_its_quoted_path)
{
    char name[3] = {0};
    for (int c = 1; c < 256; c++) {
        amkd_bytes path = {0};
        amkd_served other = served;
        name[0] = (char)c;
        name[1] = '%';
        other.name = other.version = name;
        amkd_bytes_puts(&path, "/v1/models/");
        amkd_path_quote(&path, name);
        amkd_bytes_puts(&path, "/versions/");
        amkd_path_quote(&path, name);
        amkd_bytes_add(&path, ":predict", 9);
        ck_assert(!path.failed);
        ck_assert_msg(amkd_route_find(&other, path.data) == AMKD_ROUTE_TF_PREDICT, "%s",
                      path.data);
        ck_assert_uint_eq(strspn(path.data + 11, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
                                                 "mnopqrstuvwxyz0123456789-._~%/:"),
                          strlen(path.data + 11));
        amkd_bytes_clear(&path);
    }
}
END_TEST

START_TEST(keys_are_accepted_as_bearer_or_basic)
{
    amkd_keys *keys;
    FILE *file = fopen("keys", "w");
    ck_assert(file && fputs("# a comment\n\n  secret \r\nme:pass word", file) >= 0);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(amkd_keys_load(&keys, "keys"), 0);
    ck_assert(amkd_keys_accept(keys, "Bearer secret"));
    ck_assert(amkd_keys_accept(keys, "bearer  secret"));
    ck_assert(amkd_keys_accept(keys, "Basic bWU6cGFzcyB3b3Jk")); /* me:pass word */
    static const char *const wrong[] = {NULL,
                                        "",
                                        "Bearer",
                                        "Bearer ",
                                        "Bearer secre",
                                        "Bearer secrets",
                                        "secret",
                                        "Basic secret",
                                        "Bearer # a comment",
                                        "Basic",
                                        "Basic bWU6cGFzcw==",
                                        "Digest secret"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(!amkd_keys_accept(keys, wrong[i]), "%s", wrong[i]);
    amkd_keys_free(keys);
    file = fopen("keys", "w");
    ck_assert(file && fputs("# none\n", file) >= 0);
    fclose(file);
    ck_assert_int_eq(amkd_keys_load(&keys, "keys"), -1);
    ck_assert_ptr_nonnull(strstr(amkd_error(), "no key in it"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("routes");
    TCase *tests = tcase_create("routes");
    tcase_add_test(tests, paths_name_resources);
    tcase_add_test(tests, a_name_of_any_bytes_is_found_by_its_quoted_path);
    tcase_add_test(tests, keys_are_accepted_as_bearer_or_basic);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
