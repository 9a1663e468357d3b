/* The command line: what is parsed, recorded, refused and printed. */
#include "base/cli.h"
#include "base/error.h"
#include "scratch.h"
#include <fcntl.h>
#include <jansson.h>

static amkd_common common;
static uint64_t seed, count;
static double rate;
static int gray;
static const char *by, *key, *way, *place, *record, *state;
static amkd_texts teachers, images;
static amkd_cli cli;

static const amkd_option options[] = {
    {'k', "count", AMKD_COUNT, &count, "K", "how many", 0, 1, 5000},
    {'r', "rate", AMKD_NUMBER, &rate, "R", "how fast,\non two lines", 0, -1, 1},
    {0, "gray", AMKD_FLAG, &gray, NULL, "one channel", 0, 0, 0},
    {0, "grace", AMKD_FLAG, &gray, NULL, "another flag", 0, 0, 0},
    {0, "by", AMKD_TEXT, &by, "WHAT", "measure", 0, 0, 0},
    {0, "way", AMKD_TEXT, &way, "WAY", "chosen", 0, 0, 0, .choices = "near, nearest"},
    {0, "place", AMKD_TEXT, &place, "P", "open", AMKD_OPEN, 0, 0, .choices = "here"},
    {0, "keyring", AMKD_FLAG, &gray, NULL, "begins as the next", 0, 0, 0},
    {0, "keys", AMKD_FLAG, &gray, NULL, "this, too", 0, 0, 0},
    {0, "key", AMKD_TEXT, &key, "KEY", "of the service", 0, 0, 0},
    {'t', "teacher", AMKD_TEXTS, &teachers, "SPEC", "a teacher", 0, 0, 0},
    {0, "images", AMKD_TEXTS, &images, "FILE", "read", 0, 0, 0},
    {0, "record", AMKD_TEXT, &record, "FILE", "written", AMKD_WRITES, 0, 0},
    {0, "state", AMKD_TEXT, &state, "FILE", "goes on", AMKD_GOES_ON, 0, 0},
    {0, "add", AMKD_FLAG, &gray, NULL, "adds", AMKD_ADDS, 0, 0},
    AMKD_OPTION_OUTPUT(common),
    AMKD_OPTION_THREADS(common),
    AMKD_OPTION_QUIET(common),
    AMKD_OPTION_VERBOSE(common),
    AMKD_OPTION_SEED(seed),
    AMKD_OPTION_END,
};

static const amkd_tool tool = {
    "amkd-x", "Does x.", "[OPTION]... FILE [FILE]", "Example:\n  amkd-x a", options,
    1,        2};

/* Where stdout goes while a command line is parsed. */
static const char *stdout_path = "stdout";

/* Runs words, split at spaces, through amkd_cli_open; what it prints goes to files. */
static int open_cli(const char *words)
{
    static char copy[256];
    static char *argv[32];
    int argc = 0;
    snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    amkd_common_init(&common);
    seed = count = 7;
    rate = 0;
    gray = 0;
    by = key = way = place = record = state = NULL;
    fflush(NULL);
    int saved[2] = {dup(1), dup(2)};
    dup2(open(stdout_path, O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
    dup2(open("stderr", O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
    int rc = amkd_cli_open(&cli, &tool, argc, argv);
    fflush(NULL);
    dup2(saved[0], 1);
    dup2(saved[1], 2);
    return rc;
}

static void expect_in_file(const char *name, const char *text)
{
    size_t n;
    char *bytes = (char *)get_file(name, &n);
    bytes[n] = 0;
    ck_assert_msg(strstr(bytes, text), "expected '%s' in '%s'", text, bytes);
    free(bytes);
}

static void misuse(const char *words, const char *message)
{
    ck_assert_int_ne(open_cli(words), 0);
    ck_assert_int_eq(cli.status, 2);
    expect_in_file("stderr", message);
    expect_in_file("stderr", "amkd-x: ");
    expect_in_file("stderr", "Try 'amkd-x --help'\n");
}

/* The command line as recorded. */
static void expect_command(const char *words, const char *recorded)
{
    ck_assert_int_eq(open_cli(words), 0);
    char *text = json_dumps(cli.command, JSON_COMPACT);
    ck_assert_str_eq(text, recorded);
    free(text);
    ck_assert_int_eq(amkd_cli_close(&cli, 0), 0);
}

START_TEST(options_are_parsed_as_getopt_does)
{
    ck_assert_int_eq(
        open_cli("x -qvk12 a --rate -0.5 --by=c2 -t one -ttwo --gra --seed 3k "
                 "-- -b"),
        2); /* --gra: two options */
    ck_assert_int_eq(
        open_cli("x -qvk12 a --rate -0.5 --by=c2 -t one -ttwo --gray --se 3k "
                 "-- -b"),
        0);
    ck_assert(common.quiet && common.verbose && gray);
    ck_assert_uint_eq(count, 12);
    ck_assert_uint_eq(seed, 3000);
    ck_assert_double_eq(rate, -0.5);
    ck_assert_str_eq(by, "c2");
    ck_assert_uint_eq(teachers.n, 2);
    ck_assert_str_eq(teachers.text[1], "two");
    ck_assert_uint_eq(cli.narguments, 2);
    ck_assert_str_eq(cli.arguments[0], "a");
    ck_assert_str_eq(cli.arguments[1], "-b");
    ck_assert(amkd_cli_given(&cli, "rate") && amkd_cli_given(&cli, "seed"));
    ck_assert(!amkd_cli_given(&cli, "output") && !amkd_cli_given(&cli, "key"));
    ck_assert_int_eq(amkd_cli_close(&cli, 0), 0);
    ck_assert_uint_eq(teachers.n, 0);
}
END_TEST

START_TEST(options_have_their_defaults)
{
    ck_assert_int_eq(open_cli("x -"), 0);
    ck_assert_uint_eq(count, 7);
    ck_assert_uint_ge(common.nthreads, 1);
    ck_assert_ptr_null(common.output);
    ck_assert_str_eq(cli.arguments[0], "-");
    ck_assert_int_eq(amkd_cli_close(&cli, 0), 0);
}
END_TEST

START_TEST(command_is_recorded_without_how_and_where)
{
    expect_command("/usr/bin/x -q a --threads 3 -o out", "[\"amkd-x\",\"a\"]");
    expect_command("x -k3 --gray a -r 0.5 --key=hush -t s",
                   "[\"amkd-x\",\"--count=3\",\"--gray\",\"a\",\"--rate=0.5\","
                   "\"--key=hush\",\"--teacher=s\"]");
    expect_command("x -- -a", "[\"amkd-x\",\"--\",\"-a\"]");
}
END_TEST

START_TEST(misuse_names_the_option)
{
    misuse("x a -z", "unknown option '-z'");
    misuse("x a --zoo", "unknown option '--zoo'");
    misuse("x a --zoo=3", "unknown option '--zoo'");
    misuse("x a --gra", "'--gra' is ambiguous: '--gray' or '--grace'");
    misuse("x a --gray=1", "option '--gray' takes no argument");
    misuse("x a --by", "option '--by' needs an argument (WHAT)");
    misuse("x a -k", "option '--count' needs an argument (K)");
    misuse("x a -k 0", "option '--count': 0 is outside [1, 5000]");
    misuse("x a -k 6k", "option '--count': 6k is outside [1, 5000]");
    misuse("x a -k -3", "option '--count': '-3' is not a whole number");
    misuse("x a -k 3x", "option '--count': '3x' is not a whole number");
    misuse("x a -k 3kk", "option '--count': '3kk' is not a whole number");
    misuse("x a --seed 18446744073709551616", "'--seed': '18446744073709551616' is not");
    misuse("x a --seed 18446744073709551G", "'--seed': '18446744073709551G' is not");
    misuse("x a -r 1.5", "option '--rate': 1.5 is outside [-1, 1]");
    misuse("x a -r nan", "option '--rate': 'nan' is not a number");
    misuse("x a -r 1e999", "option '--rate': '1e999' is not a number");
    misuse("x a --threads 0", "option '--threads': 0 is outside [1, 1024]");
    misuse("x", "an argument is missing: usage: amkd-x [OPTION]... FILE [FILE]");
    misuse("x a b c", "unexpected argument 'c'");
    ck_assert_int_eq(open_cli("x a --seed 18446744073709551615"), 0);
    ck_assert_uint_eq(seed, UINT64_MAX);
    amkd_cli_close(&cli, 0);
}
END_TEST

START_TEST(choices_are_words_of_the_list)
{
    ck_assert_int_eq(open_cli("x a --way nearest --place elsewhere"), 0);
    ck_assert_str_eq(place, "elsewhere");
    ck_assert_int_eq(amkd_cli_choice(&cli, "way"), 1);
    amkd_cli_close(&cli, 0);
    ck_assert_int_eq(open_cli("x a"), 0);
    ck_assert_int_eq(amkd_cli_choice(&cli, "way"), -1);
    amkd_cli_close(&cli, 0);
    misuse("x a --way neares", "option '--way': 'neares' is none of near, nearest");
    misuse("x a --way near,", "'near,' is none of");
    misuse("x a --way=", "option '--way': '' is none of");
}
END_TEST

START_TEST(what_is_read_is_not_written_over)
{
    put_file("answers", (const unsigned char *)"paid", 4);
    ck_assert_int_eq(symlink("answers", "link"), 0);
    ck_assert_int_eq(link("answers", "twin"), 0);
    const char *const names[] = {"answers", "./answers", "link", "twin"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        char words[64];
        snprintf(words, sizeof words, "x answers -o %s", names[n]);
        misuse(words, "is what an argument names, too: it would be written over");
        snprintf(words, sizeof words, "x a --images b --images answers -o %s", names[n]);
        misuse(words, "is what --images names, too");
        snprintf(words, sizeof words, "x a --record answers -o %s", names[n]);
        misuse(words, "names, too");
    }
    misuse("x a --record new -o new",
           "option '--record': 'new' is what --output names, too");
    misuse("x a --record new -o ./new",
           "option '--record': 'new' is what --output names, too");
    misuse("x a b --record b", "option '--record': 'b' is what an argument names, too");
    /* What goes on with its file, and what is no file. */
    const char *const fine[] = {"x a --state answers -o answers", "x a -o -",
                                "x answers --add -o answers",
                                "x /dev/null --record /dev/null -o /dev/null"};
    for (size_t f = 0; f < sizeof fine / sizeof *fine; f++) {
        ck_assert_int_eq(open_cli(fine[f]), 0);
        ck_assert_int_eq(amkd_cli_close(&cli, 0), 0);
    }
}
END_TEST

START_TEST(options_are_listed_for_programs)
{
    ck_assert_int_ne(open_cli("x --options"), 0);
    ck_assert_int_eq(cli.status, 0);
    expect_in_file("stdout", "k\tcount\tcount\tK\t-\thow many\n"
                             "r\trate\tnumber\tR\t-\thow fast, on two lines\n"
                             "-\tgray\tflag\t-\t-\tone channel\n");
    expect_in_file("stdout", "\n-\tway\ttext\tWAY\tnear, nearest\tchosen\n");
    expect_in_file("stdout", "\nt\tteacher\ttexts\tSPEC\t-\ta teacher\n");
    expect_in_file("stdout", "\n-\tversion\tflag\t-\t-\tprint the version and exit\n");
}
END_TEST

START_TEST(help_and_version_go_to_stdout)
{
    ck_assert_int_ne(open_cli("x --version"), 0);
    ck_assert_int_eq(cli.status, 0);
    expect_in_file("stdout", "amkd-x 0.1.0\n");
    ck_assert_int_ne(open_cli("x --help"), 0);
    ck_assert_int_eq(cli.status, 0);
    expect_in_file("stdout", "Usage: amkd-x [OPTION]... FILE [FILE]\nDoes x.\n");
    expect_in_file("stdout", "\n  -k, --count=K       how many\n");
    expect_in_file("stdout", "\n  -r, --rate=R        how fast,\n"
                             "                      on two lines\n");
    expect_in_file("stdout", "\n      --gray          one channel\n");
    expect_in_file("stdout", "\n      --version       print the version and exit\n");
    expect_in_file("stdout", "\nExample:\n  amkd-x a\n");
}
END_TEST

START_TEST(help_that_cannot_be_printed_is_a_failure)
{
    stdout_path = "/dev/full";
    ck_assert_int_ne(open_cli("x --help"), 0);
    ck_assert_int_eq(cli.status, 1);
    stdout_path = "stdout";
    expect_in_file("stderr", "amkd-x: stdout: No space left on device\n");
}
END_TEST

START_TEST(close_prints_the_error_and_gives_the_status)
{
    ck_assert_int_eq(open_cli("x a"), 0);
    int saved = dup(2);
    dup2(open("stderr", O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
    int status = amkd_cli_close(&cli, amkd_fail("'a': row 3: lambda is 7"));
    dup2(saved, 2);
    ck_assert_int_eq(status, 1);
    expect_in_file("stderr", "amkd-x: 'a': row 3: lambda is 7\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli");
    TCase *tests = tcase_create("cli");
    tcase_add_test(tests, options_are_parsed_as_getopt_does);
    tcase_add_test(tests, options_have_their_defaults);
    tcase_add_test(tests, command_is_recorded_without_how_and_where);
    tcase_add_test(tests, misuse_names_the_option);
    tcase_add_test(tests, choices_are_words_of_the_list);
    tcase_add_test(tests, what_is_read_is_not_written_over);
    tcase_add_test(tests, options_are_listed_for_programs);
    tcase_add_test(tests, help_and_version_go_to_stdout);
    tcase_add_test(tests, help_that_cannot_be_printed_is_a_failure);
    tcase_add_test(tests, close_prints_the_error_and_gives_the_status);
    suite_add_tcase(suite, tests);
    return scratch_run(suite);
}
