/* amkd-score: candidate pairs in, picks out: the mixes that a student is least sure of.
 */
#include "base/cli.h"
#include "base/cli_paths.h"
#include "base/cli_say.h"
#include "base/error.h"
#include "base/interval.h"
#include "steps/select/lambdas.h"
#include "steps/select/score.h"
#include "steps/show/profile.h"
#include "team/start.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char notes[] =
    "The mix of a pair (i, j) is lambda x_i + (1 - lambda) x_j. Lower scores are less\n"
    "sure; ties go to the lower (i, j, lambda).\n\n"
    "  c2       the lowest top probability over lambda, at that lambda\n"
    "  c1       the top probability of each mix, all lambdas of a pair by themselves\n"
    "  random   chance, by --seed, without a student; lambda 0.5 unless --lambda is "
    "given,\n"
    "           whose values are then drawn from\n"
    "  margin   as c2, of the top probability less the second\n"
    "  entropy  as c2, of the negative entropy\n\n"
    "With --noise the picks are a sample: the likelier a candidate the lower its score,\n"
    "as score^(-1/T). T 0 is no noise; about 1 is usual.\n\n"
    "With --diverse the score only says which candidates come into question.\n\n"
    "Examples:\n"
    "  amkd-pool real.amkd | amkd-score -s student.safetensors -k 1000 -o picks.amkd\n"
    "  amkd-score -s student.safetensors -k 1000 --exclude round1.amkd pairs.amkd\n"
    "  amkd-score --by random --seed 7 -k 1000 pairs.amkd\n";

/* Lambdas of the coarse grid of --refine, unless told. */
enum { COARSE = 8 };

typedef struct arguments {
    amkd_common common;
    amkd_score_options score;
    const char *by, *lambdas, *engine, *profile;
    uint64_t sample; /* --refine-sample */
    amkd_texts exclude, images, bought;
} arguments;

/* Where refining is not asked for. */
static int check_unrefined(const amkd_cli *cli)
{
    static const char *const needing[] = {"coarse", "refine-sample"};
    for (size_t o = 0; o < sizeof needing / sizeof *needing; o++)
        if (amkd_cli_given(cli, needing[o]))
            return amkd_cli_misuse(cli, "--%s needs --refine", needing[o]);
    return 0;
}

/* --refine, its coarse grid and its sample; 0, or the exit status of a misuse. */
static int interpret_refine(amkd_cli *cli, arguments *given)
{
    amkd_score_options *score = &given->score;
    const size_t half = (score->nlambdas + 1) / 2;
    const int sampled = amkd_cli_given(cli, "refine-sample");
    if (score->refine <= 0)
        return check_unrefined(cli);
    if (!score->k)
        return amkd_cli_misuse(cli, "--refine needs -k");
    if (score->by == AMKD_BY_C1 || score->by == AMKD_BY_RANDOM)
        return amkd_cli_misuse(cli, "--refine is for --by c2, margin or entropy");
    if (score->nlambdas < 2 || score->ncoarse >= score->nlambdas)
        return amkd_cli_misuse(cli, "--refine needs more lambdas than the coarse %zu",
                               score->ncoarse ? score->ncoarse : 1);
    if (!score->ncoarse)
        score->ncoarse = half < COARSE ? half : COARSE;
    score->sample_least = sampled ? given->sample : AMKD_RECALL_LEAST;
    score->sample_most = sampled ? given->sample : AMKD_RECALL_MOST;
    return 0;
}

/* 0, or the exit status of a misuse. */
static int check_diverse(const amkd_cli *cli, const amkd_score_options *score)
{
    if (!amkd_cli_given(cli, "diverse"))
        return 0;
    if (!score->k)
        return amkd_cli_misuse(cli, "--diverse needs -k");
    if (!(score->diverse > 1))
        return amkd_cli_misuse(cli, "--diverse %g: expected more than 1", score->diverse);
    if (!score->student)
        return amkd_cli_misuse(cli, "--diverse needs --student, whatever it is --by");
    return 0;
}

/* Bought mixes have their lambdas, and are few. */
static int check_bought(const amkd_cli *cli)
{
    static const char *const others[] = {"lambda",        "refine", "coarse",
                                         "refine-sample", "engine", "random-share",
                                         "checkpoint",    "resume"};
    if (cli->narguments)
        return amkd_cli_misuse(cli, "--bought stands in for the pairs of '%s'",
                               cli->arguments[0]);
    for (size_t o = 0; o < sizeof others / sizeof *others; o++)
        if (amkd_cli_given(cli, others[o]))
            return amkd_cli_misuse(cli, "--%s is not for --bought", others[o]);
    return 0;
}

/* 0, or the exit status of a misuse. */
static int check_checkpoint(const amkd_cli *cli, const amkd_score_options *score)
{
    if (amkd_cli_given(cli, "checkpoint-seconds") && !score->checkpoint)
        return amkd_cli_misuse(cli, "--checkpoint-seconds needs --checkpoint");
    if (!score->k && (score->checkpoint || score->resume))
        return amkd_cli_misuse(cli,
                               "--%s needs -k: without it picks are written as they come",
                               score->checkpoint ? "checkpoint" : "resume");
    return 0;
}

/* Turns texts into values; 0, or the exit status of a misuse. */
static int interpret(amkd_cli *cli, arguments *given, double **lambdas)
{
    amkd_score_options *score = &given->score;
    score->by = (amkd_score_by)amkd_cli_choice(cli, "by");
    score->engine = (amkd_engine)amkd_cli_choice(cli, "engine");
    if (score->by != AMKD_BY_RANDOM && !score->student)
        return amkd_cli_misuse(cli, "--student is needed but for --by random");
    if (score->max_per_image && !score->k)
        return amkd_cli_misuse(cli, "--max-per-image needs -k");
    if (score->noise > 0 && !score->k)
        return amkd_cli_misuse(cli, "--noise needs -k");
    if (score->noise > 0 && (score->by == AMKD_BY_RANDOM || score->by == AMKD_BY_MARGIN))
        return amkd_cli_misuse(cli, "--noise is for --by c2, c1 or entropy");
    if (score->random_share > 0 && (!score->k || score->by == AMKD_BY_RANDOM))
        return amkd_cli_misuse(cli, "--random-share needs -k, and scores (--by)");
    int misuse = check_diverse(cli, score);
    if (!misuse)
        misuse = check_checkpoint(cli, score);
    if (misuse)
        return misuse;
    if (amkd_cli_given(cli, "seed") && score->by != AMKD_BY_RANDOM &&
        !amkd_cli_given(cli, "noise") && !amkd_cli_given(cli, "random-share"))
        return amkd_cli_misuse(cli, "--seed is for --by random, --noise and "
                                    "--random-share: nothing else is drawn");
    if (given->bought.n)
        return check_bought(cli);
    score->default_lambdas = !given->lambdas;
    if (!given->lambdas)
        given->lambdas = score->by == AMKD_BY_RANDOM ? "0.5" : AMKD_DEFAULT_LAMBDAS;
    if (amkd_lambdas_parse(lambdas, &score->nlambdas, given->lambdas))
        return amkd_cli_misuse(cli, "--lambda: %s", amkd_error());
    score->lambdas = *lambdas;
    return interpret_refine(cli, given);
}

/* The command without the name of the pairs: their header tells where they come from, and
 * the shards of a pool must not differ by the names of their files. */
static void forget_arguments(json_t *command)
{
    for (size_t w = json_array_size(command); w-- > 1;) {
        const char *word = json_string_value(json_array_get(command, w));
        if (strncmp(word, "--", 2) != 0 || !word[2])
            json_array_remove(command, w);
    }
}

/* How many of the picks refining found, as far as a sample tells. */
static void say_recall(const amkd_recall_figures *figures)
{
    const size_t nsampled = figures->nsampled, nfound = figures->nfound;
    const amkd_interval interval = amkd_interval_share(nfound, nsampled);
    if (nsampled == 0)
        fprintf(stderr, "amkd-score: how many of the picks refining found is not known: "
                        "none is in the sample\n");
    else
        fprintf(stderr,
                "amkd-score: refining found %zu of %zu sampled picks (%.1f %%, 95 %% "
                "interval %.0f to %.0f %%)\n",
                nfound, nsampled, 100 * (double)nfound / (double)nsampled,
                100 * interval.low, 100 * interval.high);
}

/* Who is who, for messages of the launcher. */
static int say_roll(const arguments *given)
{
    char *roll = amkd_team_roll(given->score.team), *rest = roll;
    if (!roll)
        return -1;
    while (rest && given->common.verbose)
        amkd_cli_say("amkd-score", "", strsep(&rest, "\n"));
    free(roll);
    return 0;
}

static void say_counts(const arguments *given, const amkd_score_counts *counts)
{
    fprintf(stderr,
            "amkd-score: %" PRIu64 " picks of %" PRIu64 " pairs, %" PRIu64
            " asked before\n",
            counts->picks, counts->pairs, counts->asked);
    if (given->score.noise > 0)
        fprintf(stderr,
                "amkd-score: %" PRIu64 " pairs not scored: their noise left them no "
                "chance\n",
                counts->thinned);
    for (size_t d = 0; d < counts->ndevices; d++) {
        const amkd_score_share *share = &counts->shares[d];
        fprintf(
            stderr, "amkd-score: device %zu (%s): %" PRIu64 " mixes, engine: %s%s%s%s\n",
            share->index, share->device, share->nmixes, share->engine,
            *share->reason ? " (fused: " : "", share->reason, *share->reason ? ")" : "");
    }
}

static int run(arguments *given)
{
    amkd_score_counts counts;
    if (given->score.team && say_roll(given))
        return -1;
    if (amkd_profile_open(&given->score.profile, given->profile))
        return -1;
    const int rc = amkd_score(&counts, &given->score);
    if (amkd_profile_close(given->score.profile, given->profile, rc))
        return -1;
    if (given->score.sample_most && !given->common.quiet)
        say_recall(&counts.recall);
    if (given->common.verbose)
        say_counts(given, &counts);
    return 0;
}

static int check(const amkd_cli *cli, const arguments *given)
{
    const amkd_score_options *score = &given->score;
    return amkd_cli_probe_paths(cli) || amkd_score_check(score) ||
                   (amkd_cli_given(cli, "device") && amkd_devices_check(score->device))
               ? -1
               : 0;
}

/* Rank 0 speaks and writes for all. */
static void be_one_of_team(arguments *given)
{
    if (amkd_team_rank(given->score.team) == 0)
        return;
    given->common.quiet = 1;
    given->common.verbose = 0;
    given->profile = NULL;
}

static int work(int argc, char **argv, amkd_team *team)
{
    arguments given = {
        .by = "c2", .engine = "auto", .score = {.team = team, .checkpoint_seconds = 30}};
    amkd_score_options *score = &given.score;
    amkd_common_init(&given.common);
    const amkd_option options[] = {
        {'s', "student", AMKD_TEXT, &score->student, "FILE",
         "the model whose doubt counts; --by random needs it for --diverse\n"
         "alone",
         0, 0, 0},
        {0, "by", AMKD_TEXT, &given.by, "WHAT",
         "c2, c1, random, margin or entropy (default: c2)", 0, 0, 0,
         .choices = "c2, c1, random, margin, entropy"},
        {0, "lambda", AMKD_TEXT, &given.lambdas, "GRID",
         "LO:HI:COUNT or a list with commas (default: " AMKD_DEFAULT_LAMBDAS ")", 0, 0,
         0},
        {'k', "picks", AMKD_COUNT, &score->k, "K",
         "write the K lowest, sorted (default: all, in the order of the\n"
         "pairs)",
         0, 1, 0x1p40},
        {0, "refine", AMKD_NUMBER, &score->refine, "C",
         "score all lambdas only for the C times K pairs that are lowest at a\n"
         "few of them, C 1 or more",
         0, 1, 0x1p20},
        {0, "coarse", AMKD_COUNT, &score->ncoarse, "N",
         "those few: N of the lambdas, evenly spaced (default: 8, or half of\n"
         "them)",
         0, 1, 4096},
        {0, "refine-sample", AMKD_COUNT, &given.sample, "N",
         "N pairs at random that are scored at all lambdas, too, to measure\n"
         "what --refine misses; 0: none (default: one in 32, 1024 to 65536)",
         0, 0, 1 << 24},
        {0, "noise", AMKD_NUMBER, &score->noise, "T",
         "sample the K by their scores: rank by log score - T times Gumbel\n"
         "noise",
         0, 0, 0x1p20},
        {0, "random-share", AMKD_NUMBER, &score->random_share, "F",
         "a share F of the K at random, whatever their scores", 0, 0, 1},
        {0, "diverse", AMKD_NUMBER, &score->diverse, "C",
         "of the C times K lowest, C above 1, the K farthest from each other in\n"
         "the student's features",
         0, 1, 0x1p20},
        {0, "max-per-image", AMKD_COUNT, &score->max_per_image, "M",
         "let no image take part in more than M picks", 0, 1, 0x1p32},
        {0, "bought", AMKD_TEXTS, &given.bought, "LABELS",
         "pick among the mixes that these labels are about, each at its own\n"
         "lambda, in place of pairs; may be given several times",
         0, 0, 0},
        {0, "exclude", AMKD_TEXTS, &given.exclude, "LABELS",
         "leave out the pairs of a labels stream, whatever their lambda; may\n"
         "be given several times",
         0, 0, 0},
        {0, "images", AMKD_TEXTS, &given.images, "FILE",
         "the image set, if it is not where the pairs say; once for each set", AMKD_WHERE,
         0, 0},
        AMKD_OPTION_SEED(score->seed),
        AMKD_DEVICES_OPTION(score->device),
        AMKD_PROFILE_OPTION(given.profile),
        {0, "engine", AMKD_TEXT, &given.engine, "HOW",
         "auto, fused (one kernel runs the whole student) or layered", AMKD_WHERE, 0, 0,
         .choices = "auto, fused, layered"},
        {0, "checkpoint", AMKD_TEXT, &score->checkpoint, "FILE",
         "keep the state of the scoring in FILE", AMKD_WHERE | AMKD_WRITES, 0, 0},
        {0, "checkpoint-seconds", AMKD_NUMBER, &score->checkpoint_seconds, "S",
         "how often (default: 30)", AMKD_WHERE, 0, 1e9},
        {0, "resume", AMKD_TEXT, &score->resume, "FILE",
         "go on from a checkpoint of the same scoring", AMKD_WHERE | AMKD_GOES_ON, 0, 0},
        AMKD_OPTION_CHECK(given.common),
        AMKD_OPTION_OUTPUT(given.common),
        AMKD_OPTION_THREADS(given.common),
        AMKD_OPTION_QUIET(given.common),
        AMKD_OPTION_VERBOSE(given.common),
        AMKD_OPTION_END,
    };
    const amkd_tool tool = {.name = "amkd-score",
                            .summary = "pick the mixes that a student is least sure of",
                            .usage = "[OPTION]... [PAIRS]",
                            .notes = notes,
                            .options = options,
                            .max_arguments = 1};
    amkd_cli cli;
    int rc = amkd_cli_open(&cli, &tool, argc, argv);
    if (rc)
        return cli.status;
    double *lambdas = NULL;
    rc = interpret(&cli, &given, &lambdas);
    if (rc) {
        amkd_cli_close(&cli, 0);
        free(lambdas);
        return rc;
    }
    be_one_of_team(&given);
    score->pairs = cli.narguments ? cli.arguments[0] : "-";
    score->bought = given.bought.text;
    score->nbought = given.bought.n;
    score->exclude = given.exclude.text;
    score->nexclude = given.exclude.n;
    score->images = given.images.text;
    score->nimages = given.images.n;
    score->output = given.common.output;
    score->nthreads = given.common.nthreads;
    score->quiet = given.common.quiet;
    forget_arguments(cli.command);
    score->command = cli.command;
    rc = given.common.check ? check(&cli, &given) : run(&given);
    rc = amkd_cli_close(&cli, amkd_team_leave(team, rc));
    free(lambdas);
    return rc;
}

/* amkd-score_mpi is this, too, of several processes (team/start.h). */
int main(int argc, char **argv)
{
    amkd_team *team;
    if (amkd_team_start(&team)) {
        amkd_cli_say("amkd-score", "", amkd_error());
        return amkd_team_end(team, 1);
    }
    return amkd_team_end(team, work(argc, argv, team));
}
