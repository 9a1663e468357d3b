/* Convolutions, whose kernels work in tiles, and pools: sizes 1, prime, and nothing's
 * multiples, on the device against the reference. */
#include "layers.h"

static const network_case cases[] = {
    {"conv 5 k3 p1 | tanh | maxpool 3 s2 | conv 7 k2 | relu | fc 4", {3, 9, 11}, 19},
    {"conv 2 k3 s2 p1 | conv 13 k1 | avgpool 2 | tanh | fc 11 | tanh | fc 3",
     {2, 13, 7},
     3},
    {"conv 9 k5 s3 p4 | relu | avgpool 3 s1 | fc 2", {1, 17, 16}, 16},
    {"maxpool 2 | relu | conv 3 k3 p2 | maxpool 2 s3 | flatten | fc 5", {3, 12, 10}, 21},
    {"relu | conv 4 k7 p3 s2 | relu | relu | fc 6", {1, 11, 8}, 2},
    {"conv 3 k1 | maxpool 3 s2 | fc 4", {1, 9, 9}, 20},
    {"conv 17 k3 p1 | relu | conv 3 k4 | fc 7", {4, 4, 4}, 48},
    /* Convolutions: rows of many tiles, of one pixel, padding wider than a tile, kernels
     * of one tap and of more than a tile has, strides beyond the kernel. */
    {"conv 11 k3 p1 | relu | conv 5 k5 p2 s2 | tanh | fc 2", {3, 4, 67}, 3},
    {"conv 13 k3 p1 | relu | conv 10 k3 p1 | relu | conv 9 k3 p2 | fc 2", {7, 3, 1}, 5},
    {"conv 3 k7 p6 | relu | conv 5 k7 p6 s2 | fc 2", {2, 5, 31}, 3},
    {"conv 11 k1 | tanh | conv 7 k1 s2 | relu | conv 4 k1 | fc 2", {5, 7, 9}, 17},
    {"conv 3 k13 s2 p5 | relu | conv 2 k13 s3 p8 | fc 3", {2, 15, 22}, 5},
    {"maxpool 3 s2 p1 | conv 3 k3 s2 same | relu | avgpool 2 s1 same | fc 3",
     {2, 9, 8},
     5},
    {"conv 2 k25 p12 | relu | conv 3 k2 s4 | fc 2", {1, 9, 29}, 3},
    /* Of as many channels as Winograd's convolutions are taken for, all passes. */
    {"conv 64 k3 p1 nobias | relu | conv 64 k3 p1 | tanh | avgpool 8 | fc 2",
     {32, 8, 8},
     5},
    /* Sums that go into the convolution in front of them, by either way. */
    {"conv 80 k3 p1 | relu | residual( conv 80 k3 p1 ) | relu | "
     "residual( conv 80 k3 p1 ; conv 80 k1 ) | tanh | avgpool 8 | fc 2",
     {3, 8, 8},
     5},
    /* Products of matrices: strides, a sum in parts, channels that fill no tile, and a
     * tile beyond the last pixel; with a sum behind it. */
    {"conv 9 k1 | relu | conv 30 k3 s2 p1 | tanh | conv 70 k4 p2 | relu | residual( conv "
     "70 "
     "k1 ) | tanh | fc 2",
     {2, 9, 7},
     19},
    {"conv 33 k1 | conv 11 k5 s3 p4 nobias | relu | fc 2", {1, 1, 13}, 3},
    /* Every channel by itself: both strides, several outputs of an input, padding behind
     * alone and as wide as can be, a gradient added to that of another reader. */
    {"conv 6 k3 p1 g3 | relu6 | conv 12 k5 s2 p4 g6 nobias | tanh | conv 12 k3 s2 same "
     "g12 "
     "| fc 3",
     {3, 11, 14},
     19},
    {"conv 5 k1 | relu | residual( conv 5 k3 p1 g5 ) | conv 5 k7 s2 p3 g5 | fc 2",
     {2, 17, 1},
     5},
};

START_TEST(logits_equal_the_reference)
{
    expect_logits(&cases[_i]);
}
END_TEST

START_TEST(gradients_equal_the_reference)
{
    expect_gradients(&cases[_i]);
}
END_TEST

int main(void)
{
    const int ncases = sizeof cases / sizeof *cases;
    Suite *suite = suite_create("conv");
    TCase *tests = tcase_create("conv");
    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, logits_equal_the_reference, 0, ncases);
    tcase_add_loop_test(tests, gradients_equal_the_reference, 0, ncases);
    suite_add_tcase(suite, tests);
    return run_layer_tests(suite);
}
