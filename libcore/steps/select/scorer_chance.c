/* Chance as a scorer. */
#include "base/memory.h"
#include "base/random.h"
#include "steps/select/scorer.h"
#include <math.h>
#include <stdlib.h>

enum { CHUNK = 1 << 16 };

typedef struct chance {
    uint64_t seed;
    uint32_t stream;
    const float *lambdas;
    size_t nlambdas;
    size_t n; /* of picks, of the chunk under way; 0: none is */
    amkd_pick picks[CHUNK];
} chance;

static int start(amkd_scorer *scorer, const amkd_label_key *keys, size_t n,
                 float threshold)
{
    chance *s = scorer->state;
    (void)threshold;
    for (size_t p = 0; p < n; p++) {
        const amkd_pair pair = {keys[p].i, keys[p].j};
        const uint64_t index = (uint64_t)pair.i << 32 | pair.j;
        const float lambda =
            isnan(keys[p].lambda)
                ? s->lambdas[amkd_noise_draw_lambda(s->seed, pair, s->nlambdas)]
                : keys[p].lambda;
        s->picks[p] = (amkd_pick){pair.i, pair.j, lambda,
                                  (float)amkd_random_uniform(s->seed, s->stream, index)};
    }
    s->n = n;
    return 0;
}

static int finish(amkd_scorer *scorer, amkd_scored *scored)
{
    chance *s = scorer->state;
    *scored = (amkd_scored){s->n, s->picks, s->n};
    s->n = 0;
    return scored->n > 0;
}

static void close_chance(amkd_scorer *scorer)
{
    free(scorer->state);
}

int amkd_scorer_open_chance(amkd_scorer *scorer, uint64_t seed, uint32_t stream,
                            const float *lambdas, size_t nlambdas)
{
    chance *s = amkd_alloc(1, sizeof *s);
    if (!s)
        return -1;
    s->seed = seed;
    s->stream = stream;
    s->lambdas = lambdas;
    s->nlambdas = nlambdas;
    *scorer = (amkd_scorer){.state = s,
                            .most = CHUNK,
                            .nunderway = 1,
                            .start = start,
                            .finish = finish,
                            .close = close_chance};
    return 0;
}
