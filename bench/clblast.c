/* CLBlast's SGEMM on the products that the layers are, beside which the layers' own
 * kernels (layers.c) stand. For a layer with weights W [out][in], in = channels x
 * kernel^2 of a convolution, over P output pixels of all samples, the three passes are
 *
 *     y = W x     [out][P]      dW = dy x^T   [out][in]      dx = W^T dy   [in][P]
 *
 * A convolution would have to lay its patches out as x before and to add dx up behind;
 * neither is counted, so its rows flatter CLBlast. */
#include "base/error.h"
#include "bench.h"
#include "graph/graph.h"
#include "synthetic.h"
#include <clblast_c.h>
#include <stdio.h>

enum { BATCH = 128, QUICK_BATCH = 2 };

typedef struct product {
    bench *b;
    size_t m, n, k; /* c[m][n] = a[m][k] b[k][n] */
    CLBlastTranspose a_transpose, b_transpose;
    cl_mem a_buffer, b_buffer, c_buffer;
} product;

static int multiply(void *context)
{
    const product *p = context;
    const size_t a_row = p->a_transpose == CLBlastTransposeNo ? p->k : p->m;
    const size_t b_row = p->b_transpose == CLBlastTransposeNo ? p->n : p->k;
    const CLBlastStatusCode status =
        CLBlastSgemm(CLBlastLayoutRowMajor, p->a_transpose, p->b_transpose, p->m, p->n,
                     p->k, 1, p->a_buffer, 0, a_row, p->b_buffer, 0, b_row, 0,
                     p->c_buffer, 0, p->n, &p->b->device->queue, NULL);
    return status == CLBlastSuccess
               ? 0
               : amkd_fail_cl((cl_int)status, "CLBlast: a product of %zu x %zu x %zu",
                              p->m, p->n, p->k);
}

static int new_matrix(cl_mem *out, bench *b, size_t rows, size_t columns)
{
    const size_t nbytes = rows * columns * sizeof(float);
    return amkd_buffer_new(out, b->device, CL_MEM_READ_WRITE, nbytes, NULL) ||
                   amkd_buffer_zero(b->device, *out, nbytes)
               ? -1
               : 0;
}

static int measure_product(bench *b, const char *name, product p)
{
    bench_row row = {.section = "CLBlast SGEMM of the same products", .unit = "GFLOP/s"};
    snprintf(row.name, sizeof row.name, "CLBlast, %.60s", name);
    row.flops = 2.0 * (double)p.m * (double)p.n * (double)p.k;
    row.work = row.flops * 1e-9;
    p.b = b;
    const int rc =
        new_matrix(&p.a_buffer, b, p.m, p.k) || new_matrix(&p.b_buffer, b, p.k, p.n) ||
                new_matrix(&p.c_buffer, b, p.m, p.n) || bench_time(b, &row, multiply, &p)
            ? -1
            : 0;
    amkd_buffer_free(p.a_buffer);
    amkd_buffer_free(p.b_buffer);
    amkd_buffer_free(p.c_buffer);
    return rc;
}

/* The passes of a layer of in weights for each of out outputs; the first layer of a
 * network needs no gradient by its input. */
static int measure_layer(bench *b, size_t out, size_t in, size_t pixels, const char *name,
                         int is_first)
{
    const CLBlastTranspose no = CLBlastTransposeNo, yes = CLBlastTransposeYes;
    pixels *= b->quick ? QUICK_BATCH : BATCH;
    const struct {
        const char *pass;
        product p;
    } passes[] = {
        {"forward",
         {.m = out, .n = pixels, .k = in, .a_transpose = no, .b_transpose = no}},
        {"backward weights",
         {.m = out, .n = in, .k = pixels, .a_transpose = no, .b_transpose = yes}},
        {"backward data",
         {.m = in, .n = pixels, .k = out, .a_transpose = yes, .b_transpose = no}},
    };
    for (size_t p = 0; p < (is_first ? 2 : 3); p++) {
        char row[96];
        snprintf(row, sizeof row, "%.44s: %s", name, passes[p].pass);
        if (measure_product(b, row, passes[p].p))
            return -1;
    }
    return 0;
}

static int measure_arch(bench *b, const char *text, amkd_shape in)
{
    amkd_graph graph;
    int rc = amkd_graph_parse(&graph, text, in, SYNTHETIC_NCLASSES);
    for (size_t l = 0; !rc && l < graph.nlayers; l++) {
        const amkd_layer *layer = &graph.layers[l];
        const size_t out = layer->out.channels;
        char name[AMKD_LAYER_NBYTES];
        if (!layer->nparameters)
            continue;
        amkd_layer_print(name, sizeof name, layer);
        rc = measure_layer(b, out, layer->parameters[0].n / out,
                           layer->out.height * layer->out.width, name, l == 0);
    }
    amkd_graph_clear(&graph);
    return rc;
}

int bench_clblast(bench *b)
{
    bench_say(b, "CLBlast");
    return measure_arch(b, "lenet5", (amkd_shape){1, 28, 28}) ||
                   measure_layer(b, 64, 64 * 3 * 3, 16 * 16, "conv 64 k3 on 64x16x16", 0)
               ? -1
               : 0;
}
