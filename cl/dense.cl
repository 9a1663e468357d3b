/* Fully connected layer (torch.nn.Linear), and its gradients; also a convolution whose
 * kernel covers its whole input: what its passes have in common, a file each behind this
 * one.
 *
 *     y[o]     = act(b[o] + sum_i w[o][i] x[i])
 *     dx[i]    = act'(x) sum_o w[o][i] dy[o]
 *     dw[o][i] = sum_samples dy[o] x[i]
 *
 * Activations lie as in common.cl with one row [feature][lane] a block; weights as in
 * PyTorch, [o][i]. Tolerance against float64: 1e-5 + 1e-5 |reference|. */

#ifndef IC
#define IC 8 /* input features */
#define OC 4 /* output features */
#define BIAS 1 /* whether there is one */
#endif

