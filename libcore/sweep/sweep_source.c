/* Writes the source of the fused sweep kernel: the templates of cl/ once for each stage,
 * behind the stage's macros. What comes out is meant to be read. */
#include "sweep/sweep_stages.h"

extern const char amkd_cl_sweep[], amkd_cl_sweep_mix[], amkd_cl_sweep_conv[],
    amkd_cl_sweep_fc[], amkd_cl_sweep_pool[], amkd_cl_sweep_fused[];

/* acts applied to x in turn: "sweep_tanh(sweep_relu(x))". */
static void write_nested(FILE *file, const char *const *acts, size_t n, const char *x)
{
    for (size_t a = n; a-- > 0;)
        fprintf(file, "%s(", acts[a]);
    fputs(x, file);
    for (size_t a = 0; a < n; a++)
        fputc(')', file);
}

static void write_size(FILE *file, const char *name, size_t value)
{
    fprintf(file, "#define %s %zu\n", name, value);
}

static void write_acts(FILE *file, const amkd_stage *stage)
{
    fputs("#define ACT_BEFORE(x) ", file);
    write_nested(file, stage->before, stage->nbefore, "(x)");
    fputs("\n#define ACT_AFTER(x) ", file);
    if (stage->pool.average) {
        char mean[64];
        const size_t n = stage->pool.kernel_height * stage->pool.kernel_width;
        snprintf(mean, sizeof mean, "((x) * (1.0f / %zu))", n);
        write_nested(file, stage->after, stage->nafter, mean);
    } else {
        write_nested(file, stage->after, stage->nafter, "(x)");
    }
    fputc('\n', file);
}

static void write_pool(FILE *file, const amkd_stage *stage)
{
    const amkd_part *pool = &stage->pool;
    write_size(file, "PK", pool->kernel_width ? pool->kernel_width : 1);
    fprintf(file, "#define POOL sweep_%s\n", pool->average ? "sum" : "max");
    if (stage->type == AMKD_STAGE_CONV)
        return;
    write_size(file, "PS", pool->kernel_width ? pool->stride : 1);
    write_size(file, "PH", stage->out.height);
    write_size(file, "PW", stage->out.width);
    write_size(file, "C", stage->in.channels);
    write_size(file, "IH", stage->in.height);
    write_size(file, "IW", stage->in.width);
}

static void write_linear(FILE *file, const amkd_stage *stage)
{
    const amkd_part *part = &stage->linear;
    write_size(file, "OC", stage->sums.channels);
    write_size(file, "OT", stage->channel_tile);
    write_size(file, "WEIGHTS", part->weights);
    write_size(file, "BIASES", part->biases);
    if (stage->type == AMKD_STAGE_FC) {
        write_size(file, "IN", amkd_shape_size(stage->in));
        return;
    }
    write_size(file, "IC", stage->in.channels);
    write_size(file, "IH", stage->in.height + 2 * part->padding);
    write_size(file, "IW", stage->in.width + 2 * part->padding);
    write_size(file, "K", part->kernel_width);
    write_size(file, "S", part->stride);
    write_size(file, "OH", stage->sums.height);
    write_size(file, "OW", stage->sums.width);
    write_size(file, "XT", stage->column_tile);
}

static void write_stage(FILE *file, const amkd_stages *stages, size_t s)
{
    const amkd_stage *stage = &stages->list[s];
    const char *templates[] = {
        [AMKD_STAGE_MIX] = amkd_cl_sweep_mix,
        [AMKD_STAGE_CONV] = amkd_cl_sweep_conv,
        [AMKD_STAGE_FC] = amkd_cl_sweep_fc,
        [AMKD_STAGE_POOL] = amkd_cl_sweep_pool,
    };
    const int linear = stage->type == AMKD_STAGE_CONV || stage->type == AMKD_STAGE_FC;
    fprintf(file, "\n/* Stage %zu: ", s);
    if (stage->first == stage->end)
        fputs("the maps", file);
    else
        fprintf(file, "modules %zu to %zu", stage->first, stage->end - 1);
    fprintf(file, " of %s */\n#define STAGE stage_%zu\n", stages->graph->text, s);
    if (stage->type == AMKD_STAGE_MIX)
        fprintf(file, "#define MIX mix_%zu\n", s);
    if (linear)
        write_linear(file, stage);
    if (stage->type != AMKD_STAGE_FC)
        write_pool(file, stage);
    write_acts(file, stage);
    write_size(file, "OUT_PAD", stage->out_padding);
    write_size(file, "OUT_H", stage->out.height + 2 * stage->out_padding);
    write_size(file, "OUT_W", stage->out.width + 2 * stage->out_padding);
    fputs(templates[stage->type], file);
}

static void write_calls(FILE *file, const amkd_stages *stages)
{
    static const char *const arenas[] = {"arena_a", "arena_b"};
    write_size(file, "ARENA_A", stages->arenas[0]);
    write_size(file, "ARENA_B", stages->arenas[1]);
    fputs("#define RUN_STAGES \\\n    stage_0(arena_a, &lanes);", file);
    for (size_t s = 1; s < stages->n; s++)
        fprintf(file, " \\\n    stage_%zu(%s, %s%s);", s, arenas[s % 2],
                arenas[(s - 1) % 2],
                stages->list[s].type == AMKD_STAGE_POOL ? "" : ", parameters");
    fprintf(file, "\n#define LOGITS %s\n", arenas[(stages->n - 1) % 2]);
}

void amkd_stages_write(FILE *file, const amkd_stages *stages, const char *defines)
{
    fputs(defines, file);
    fputs(amkd_cl_sweep, file);
    for (size_t s = 0; s < stages->n; s++)
        write_stage(file, stages, s);
    fputc('\n', file);
    write_calls(file, stages);
    fputs(amkd_cl_sweep_fused, file);
}
