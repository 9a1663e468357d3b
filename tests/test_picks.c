/* Whole lists of picks, from files to files, against those of the float64 reference: the
 * same in every place, except where two scores tie within 1e-6. */
#include "base/random.h"
#include "data/images_header.h"
#include "data/images_load.h"
#include "data/images_refs.h"
#include "scratch.h"
#include "steps/select/lambdas.h"
#include "steps/select/score.h"
#include "stream/stream.h"
#include "sweep_students.h"

enum { NPOOL = 24, NPAIRS = NPOOL * (NPOOL - 1) / 2, NLAMBDAS = 16, K = 60 };
static const double TIE = 1e-6;

typedef struct fixture {
    student s;
    amkd_pair pairs[NPAIRS];
    double lambdas[NLAMBDAS];
    double scores[NPAIRS][NLAMBDAS]; /* of the reference */
    double temperature;              /* of the noise that candidates are ranked by */
    int each_lambda, entropy;
} fixture;

static void write_rows(const char *path, const amkd_header *header, const void *rows,
                       size_t nrows)
{
    amkd_writer *writer;
    ck_assert_msg(!amkd_writer_open(&writer, path, header, 0), "%s", amkd_error());
    ck_assert(!amkd_writer_write(writer, rows, nrows));
    ck_assert(!amkd_writer_close(writer));
}

static void write_files(fixture *f)
{
    amkd_header header = {0};
    amkd_images *images;
    const amkd_images *drawn = &f->s.images;
    ck_assert(!amkd_model_save(f->s.model, "student"));
    ck_assert(!amkd_images_header(&header, drawn->height, drawn->width, drawn->channels,
                                  0, NULL));
    write_rows("images", &header, drawn->pixels, NPOOL);
    amkd_header_clear(&header);
    ck_assert(!amkd_images_load(&images, "images", 0));
    ck_assert(!amkd_pairs_header(&header));
    ck_assert(!amkd_images_put_refs(&header, images));
    write_rows("pairs", &header, f->pairs, NPAIRS);
    amkd_header_clear(&header);
    amkd_images_free(images);
}

static fixture *new_fixture(amkd_measure measure)
{
    fixture *f = calloc(1, sizeof *f);
    ck_assert_ptr_nonnull(f);
    const amkd_shape in = {1, 9, 8};
    amkd_reference *reference;
    f->s = new_student_of("conv 6 k3 | relu | maxpool 2 | conv 12 k2 | relu | fc 7", in,
                          NPOOL);
    ck_assert(!amkd_reference_new(&reference, &f->s.model->graph, f->s.model->parameters, 1));
    size_t n = 0;
    for (uint32_t i = 0; i < NPOOL; i++)
        for (uint32_t j = i + 1; j < NPOOL; j++)
            f->pairs[n++] = (amkd_pair){i, j};
    for (size_t l = 0; l < NLAMBDAS; l++)
        f->lambdas[l] = 0.1 + 0.05 * (double)l;
    for (size_t p = 0; p < NPAIRS; p++)
        for (size_t l = 0; l < NLAMBDAS; l++)
            f->scores[p][l] = expected_score(reference, &f->s, f->pairs[p],
                                             (double)(float)f->lambdas[l], measure);
    amkd_reference_free(reference);
    write_files(f);
    return f;
}

static void free_fixture(fixture *f)
{
    free_student(&f->s);
    free(f);
}

/* What a candidate is ranked by: log score - T g, g = -log -log u. */
static double key_of(const fixture *f, size_t p, size_t l)
{
    const double score = f->scores[p][l];
    const float lambda = (float)f->lambdas[l];
    uint32_t bits;
    if (f->temperature <= 0)
        return score;
    memcpy(&bits, &lambda, sizeof bits);
    const uint64_t stream = 0x6e6f6973 | (f->each_lambda ? (uint64_t)bits << 32 : 0);
    const uint64_t index = (uint64_t)f->pairs[p].i << 32 | f->pairs[p].j;
    const uint64_t random = amkd_random_u64(SEED, stream, index);
    const double u = ((double)(random >> 12) + 0.5) / 4503599627370496.0;
    return (f->entropy ? -log(-score) : log(score)) + f->temperature * log(-log(u));
}

/* A candidate of the reference: pair number p at lambda number l. */
typedef struct candidate {
    double score; /* or key */
    size_t p, l;
} candidate;

static int compare(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    if (x->score < y->score || x->score > y->score)
        return x->score < y->score ? -1 : 1;
    return x->p != y->p ? (x->p < y->p ? -1 : 1) : (x->l > y->l) - (x->l < y->l);
}

/* The candidates at the lambdas of grid, sorted; returns how many. keep: [NPAIRS] flags,
 * NULL for all pairs. With every each lambda is one, else a pair's lowest. */
static size_t expect(candidate *wanted, const fixture *f, const char *keep,
                     const size_t *grid, size_t ngrid, int every)
{
    size_t n = 0;
    for (size_t p = 0; p < NPAIRS; p++) {
        if (keep && !keep[p])
            continue;
        for (size_t g = 0; g < ngrid; g++) {
            const candidate c = {key_of(f, p, grid[g]), p, grid[g]};
            if (every || g == 0)
                wanted[n++] = c;
            else if (c.score < wanted[n - 1].score)
                wanted[n - 1] = c;
        }
    }
    qsort(wanted, n, sizeof *wanted, compare);
    return n;
}

static size_t place_of_lambda(const fixture *f, float lambda)
{
    for (size_t l = 0; l < NLAMBDAS; l++)
        if (lambda >= (float)f->lambdas[l] && lambda <= (float)f->lambdas[l])
            return l;
    ck_abort_msg("lambda %g is none of the grid", (double)lambda);
}

static size_t place_of_pair(uint32_t i, uint32_t j)
{
    return i * (2 * NPOOL - i - 1) / 2 + j - i - 1;
}

/* Holds the picks written against the wanted ones, place by place. */
static void check_picks(const fixture *f, const candidate *wanted)
{
    amkd_reader *reader;
    amkd_pick *picks;
    size_t n;
    ck_assert_msg(!amkd_reader_open(&reader, "picks", "picks", 0), "%s", amkd_error());
    ck_assert(!amkd_reader_read_all(reader, (void **)&picks, &n));
    ck_assert_uint_eq(n, K);
    /* A logarithm's error is that of the score over the score, 1/7 at least. */
    const double tie = f->temperature > 0 ? 7 * TIE : TIE;
    char seen[NPAIRS][NLAMBDAS] = {{0}};
    for (size_t r = 0; r < n; r++) {
        const size_t p = place_of_pair(picks[r].i, picks[r].j);
        const size_t l = place_of_lambda(f, picks[r].lambda);
        ck_assert_uint_lt(p, NPAIRS);
        ck_assert_msg(fabs(key_of(f, p, l) - wanted[r].score) <= tie,
                      "place %zu: (%u, %u) at %g scores %.9f, expected (%u, %u) at %g "
                      "with %.9f",
                      r, picks[r].i, picks[r].j, (double)picks[r].lambda, key_of(f, p, l),
                      f->pairs[wanted[r].p].i, f->pairs[wanted[r].p].j,
                      f->lambdas[wanted[r].l], wanted[r].score);
        ck_assert_double_eq_tol((double)picks[r].score, f->scores[p][l], 1e-5);
        ck_assert_int_eq(seen[p][l], 0);
        seen[p][l] = 1;
    }
    free(picks);
    amkd_reader_close(reader);
}

static void run_score(amkd_score_options options, const fixture *f)
{
    json_t *command = json_pack("[s]", "amkd-score");
    options.pairs = "pairs";
    options.student = "student";
    options.output = "picks";
    options.lambdas = f->lambdas;
    options.nlambdas = NLAMBDAS;
    options.k = K;
    options.seed = SEED;
    options.noise = f->temperature;
    options.quiet = 1;
    options.command = command;
    amkd_score_counts counts;
    ck_assert_msg(!amkd_score(&counts, &options), "%s", amkd_error());
    ck_assert_uint_eq(counts.picks, K);
    json_decref(command);
}

static const struct {
    amkd_score_by by;
    amkd_measure measure;
} measures[] = {{AMKD_BY_C2, AMKD_CONFIDENCE},
                {AMKD_BY_C1, AMKD_CONFIDENCE},
                {AMKD_BY_MARGIN, AMKD_MARGIN},
                {AMKD_BY_ENTROPY, AMKD_ENTROPY}};

static const size_t all_lambdas[NLAMBDAS] = {0, 1, 2,  3,  4,  5,  6,  7,
                                             8, 9, 10, 11, 12, 13, 14, 15};

START_TEST(picks_are_the_references_in_every_place)
{
    static candidate wanted[NPAIRS * NLAMBDAS];
    const amkd_score_by by = measures[_i].by;
    fixture *f = new_fixture(measures[_i].measure);
    expect(wanted, f, NULL, all_lambdas, NLAMBDAS, by == AMKD_BY_C1);
    run_score((amkd_score_options){.by = by, .engine = AMKD_ENGINE_FUSED}, f);
    check_picks(f, wanted);
    run_score((amkd_score_options){.by = by, .engine = AMKD_ENGINE_LAYERED}, f);
    check_picks(f, wanted);
    free_fixture(f);
}
END_TEST

START_TEST(noisy_picks_are_the_references_by_their_keys)
{
    static candidate wanted[NPAIRS * NLAMBDAS], silent[NPAIRS * NLAMBDAS];
    const amkd_score_by by = measures[_i].by;
    if (by == AMKD_BY_MARGIN)
        return;
    fixture *f = new_fixture(measures[_i].measure);
    expect(silent, f, NULL, all_lambdas, NLAMBDAS, by == AMKD_BY_C1);
    f->each_lambda = by == AMKD_BY_C1;
    f->entropy = by == AMKD_BY_ENTROPY;
    f->temperature = 0.5;
    expect(wanted, f, NULL, all_lambdas, NLAMBDAS, by == AMKD_BY_C1);
    size_t nmoved = 0;
    for (size_t r = 0; r < K; r++)
        nmoved += wanted[r].p != silent[r].p;
    ck_assert_uint_gt(nmoved, K / 2);
    run_score((amkd_score_options){.by = by, .engine = AMKD_ENGINE_FUSED}, f);
    check_picks(f, wanted);
    run_score((amkd_score_options){.by = by, .engine = AMKD_ENGINE_LAYERED}, f);
    check_picks(f, wanted);
    free_fixture(f);
}
END_TEST

/* Of the coarse grid's lowest, in the float64 reference too. */
START_TEST(refined_picks_are_the_fine_grids_lowest_of_the_coarse_ones)
{
    static const size_t coarse[4] = {0, 5, 10, 15};
    static const struct {
        double factor;
        size_t nkept;
    } cases[] = {{1, K}, {1.51, 91}, {100, NPAIRS}};
    static candidate wanted[NPAIRS * NLAMBDAS];
    fixture *f = new_fixture(AMKD_CONFIDENCE);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char keep[NPAIRS] = {0};
        const size_t nkept = cases[c].nkept;
        expect(wanted, f, NULL, coarse, 4, 0);
        for (size_t r = 0; r < nkept; r++)
            keep[wanted[r].p] = 1;
        ck_assert(nkept == NPAIRS || wanted[nkept].score - wanted[nkept - 1].score > TIE);
        ck_assert_uint_eq(expect(wanted, f, keep, all_lambdas, NLAMBDAS, 0), nkept);
        run_score((amkd_score_options){.refine = cases[c].factor, .ncoarse = 4}, f);
        check_picks(f, wanted);
    }
    free_fixture(f);
}
END_TEST

START_TEST(a_coarse_grid_is_spread_over_the_fine_one)
{
    static const double lambdas[] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7};
    double coarse[7];
    amkd_lambdas_coarse(coarse, 7, lambdas, 7);
    ck_assert_mem_eq(coarse, lambdas, sizeof lambdas);
    amkd_lambdas_coarse(coarse, 3, lambdas, 7);
    ck_assert_mem_eq(coarse, ((double[]){0.1, 0.4, 0.7}), 3 * sizeof *coarse);
    amkd_lambdas_coarse(coarse, 2, lambdas, 7);
    ck_assert_mem_eq(coarse, ((double[]){0.1, 0.7}), 2 * sizeof *coarse);
    amkd_lambdas_coarse(coarse, 1, lambdas, 7);
    ck_assert_mem_eq(coarse, &lambdas[3], sizeof *coarse);
    amkd_lambdas_coarse(coarse, 4, lambdas, 6);
    ck_assert_mem_eq(coarse, ((double[]){0.1, 0.3, 0.4, 0.6}), 4 * sizeof *coarse);
}
END_TEST

int main(void)
{
    TCase *test = tcase_create("picks");
    tcase_set_timeout(test, 60);
    tcase_add_loop_test(test, picks_are_the_references_in_every_place, 0, 4);
    tcase_add_loop_test(test, noisy_picks_are_the_references_by_their_keys, 0, 4);
    tcase_add_test(test, refined_picks_are_the_fine_grids_lowest_of_the_coarse_ones);
    tcase_add_test(test, a_coarse_grid_is_spread_over_the_fine_one);
    Suite *suite = suite_create("picks");
    suite_add_tcase(suite, test);
    return scratch_run(suite);
}
