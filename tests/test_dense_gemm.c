/* The dense layer by matrix products, with plain loops in the place of CLBlast: what it
 * asks of the library, and its own kernels around it, which Oclgrind can then see. */
#include "op_passes.h"
#include <clblast_c.h>

/* A matrix in a buffer, row-major, as the host sees it. */
typedef struct matrix {
    cl_mem buffer;
    float *all; /* of the buffer */
    size_t nbytes, offset, ld;
    int transposed;
} matrix;

static void read_matrix(matrix *m)
{
    ck_assert(
        !clGetMemObjectInfo(m->buffer, CL_MEM_SIZE, sizeof m->nbytes, &m->nbytes, NULL));
    m->all = malloc(m->nbytes);
    ck_ok(amkd_buffer_read(device, m->all, m->buffer, 0, m->nbytes));
}

static float *at(const matrix *m, size_t row, size_t column)
{
    const size_t r = m->transposed ? column : row, c = m->transposed ? row : column;
    ck_assert_uint_lt(c, m->ld);
    ck_assert_uint_lt((m->offset + r * m->ld + c) * sizeof(float), m->nbytes);
    return &m->all[m->offset + r * m->ld + c];
}

/* c = alpha a b + beta c, where c of beta 0 is not looked at. */
static void multiply(matrix a, matrix b, matrix c, size_t m, size_t n, size_t k,
                     float alpha, float beta)
{
    read_matrix(&a);
    read_matrix(&b);
    read_matrix(&c);
    for (size_t row = 0; row < m; row++)
        for (size_t column = 0; column < n; column++) {
            double sum = 0;
            for (size_t i = 0; i < k; i++)
                sum += (double)*at(&a, row, i) * (double)*at(&b, i, column);
            float *out = at(&c, row, column);
            *out = (float)((double)alpha * sum) + (beta == 0 ? 0 : beta * *out);
        }
    ck_ok(amkd_buffer_write(device, c.buffer, c.all, 0, c.nbytes));
    free(a.all);
    free(b.all);
    free(c.all);
}

CLBlastStatusCode
CLBlastSgemm(const CLBlastLayout layout, const CLBlastTranspose a_transpose,
             const CLBlastTranspose b_transpose, const size_t m, const size_t n,
             const size_t k, const float alpha, const cl_mem a, const size_t a_offset,
             const size_t a_ld, const cl_mem b, const size_t b_offset, const size_t b_ld,
             const float beta, cl_mem c, const size_t c_offset, const size_t c_ld,
             cl_command_queue *queue, cl_event *event)
{
    ck_assert_int_eq(layout, CLBlastLayoutRowMajor);
    ck_assert_ptr_eq(*queue, device->queue);
    ck_assert_ptr_null(event);
    multiply((matrix){.buffer = a,
                      .offset = a_offset,
                      .ld = a_ld,
                      .transposed = a_transpose == CLBlastTransposeYes},
             (matrix){.buffer = b,
                      .offset = b_offset,
                      .ld = b_ld,
                      .transposed = b_transpose == CLBlastTransposeYes},
             (matrix){.buffer = c, .offset = c_offset, .ld = c_ld}, m, n, k, alpha, beta);
    return CLBlastSuccess;
}

CLBlastStatusCode CLBlastSgemmStridedBatched(
    const CLBlastLayout layout, const CLBlastTranspose a_transpose,
    const CLBlastTranspose b_transpose, const size_t m, const size_t n, const size_t k,
    const float alpha, const cl_mem a, const size_t a_offset, const size_t a_ld,
    const size_t a_stride, const cl_mem b, const size_t b_offset, const size_t b_ld,
    const size_t b_stride, const float beta, cl_mem c, const size_t c_offset,
    const size_t c_ld, const size_t c_stride, const size_t batch_count,
    cl_command_queue *queue, cl_event *event)
{
    for (size_t i = 0; i < batch_count; i++)
        CLBlastSgemm(layout, a_transpose, b_transpose, m, n, k, alpha, a,
                     a_offset + i * a_stride, a_ld, b, b_offset + i * b_stride, b_ld,
                     beta, c, c_offset + i * c_stride, c_ld, queue, event);
    return CLBlastSuccess;
}

START_TEST(a_dense_layer_by_products_equals_its_own_kernels)
{
    amkd_op_shape shape = dense_shape;
    if (_i) {
        shape.act = (amkd_act){"relu", 0};
        shape.previous_act = (amkd_act){"tanh", 0};
    }
    amkd_op *own, *op;
    ck_ok(amkd_dense_new(&own, device, &shape, 1));
    ck_ok(amkd_dense_new(&op, device, &shape, 1));
    ck_ok(op->other.make(&op->other.op, op));
    force(op, op->other.op, 1);
    expect_same_passes(own, op, &shape);
    amkd_op_free(own);
    amkd_op_free(op);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dense by products");
    TCase *tcase = tcase_create("small shapes");
    tcase_add_unchecked_fixture(tcase, open_device, close_device);
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, a_dense_layer_by_products_equals_its_own_kernels, 0, 2);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
