/* A teacher: a black box that answers images with class probabilities.
 *
 *   model:FILE   a safetensors model of amkd's own
 *   exec:CMD     a worker process kept open, run by sh -c. Per request one NPY array of
 *                images goes to its stdin, uint8 [n][h][w][c] or float32 [n][c][h][w] in
 *                0..1, and one NPY array, float32 [n][classes], comes from its stdout.
 *   replay:FILES answers bought before, found by the exact pixels: labels streams and
 *                journals with commas between them, or patterns of them as the shell's.
 *                Earlier files come first; nothing else is answered.
 *   URL          a model server: http or https, HOST/v2/models/NAME[/versions/V] by the
 * Open Inference Protocol, HOST/v1/models/NAME as TensorFlow Serving, any other URL by a
 * request template */
#ifndef AMKD_TEACHER_TEACHER_H
#define AMKD_TEACHER_TEACHER_H

#include "device/device.h"
#include "graph/graph.h"
#include "teacher/probabilities.h"
#include <stddef.h>
#include <stdint.h>

typedef struct amkd_teacher amkd_teacher;

/* Of teachers behind HTTP. Zeroed: one request at a time, by what the model says of
 * itself. */
typedef struct amkd_http_options {
    size_t concurrency;      /* requests under way at most; 0: 1 */
    const char *header_file; /* "Name: value" a line, for credentials; NULL: none */
    const char *cacert;      /* certificates to trust instead of the system's, a file */
    int insecure;            /* any certificate is taken */
    double connect_timeout;  /* seconds; 0: 30 */
    const char *layout;     /* "nchw" or "nhwc" where the model leaves it open, or NULL */
    const char *input_name; /* /v2/: the tensor that takes images, and */
    const char *input_shape; /* its shape, "n,28,28,1", where metadata do not tell */
    const char *answer;   /* the output that holds the answers where there are several */
    int no_binary;        /* JSON also where the server takes binary tensors */
    int columns;          /* TF-Serving: the column form */
    const char *request;  /* path of a template: any JSON API */
    const char *response; /* where in its answers the labels are */
    const char *classes;  /* path of the names of the classes, a line each */
} amkd_http_options;

typedef struct amkd_teacher_options {
    amkd_shape shape;  /* of the images that will be asked about */
    size_t nclasses;   /* expected; 0: learned from the first answer */
    const char *dtype; /* "uint8" or "float32", of servers "float16" and "float64" too;
                          NULL: uint8 for exec, else the model's */
    amkd_answer_kind kind;       /* what answers are: decides among a model's outputs */
    double timeout;              /* seconds an answer may take; 0: for ever */
    size_t nworkers;             /* exec: so many processes side by side; 0: 1 */
    amkd_device *const *devices; /* [ndevices] model: where it runs, which share its */
    size_t ndevices;             /* images */
    amkd_http_options http;
} amkd_teacher_options;

/* Whether a teacher of this spec runs on devices. */
int amkd_teacher_needs_device(const char *spec);

/* Fails on a spec that names no teacher, whatever there is: no kind, nothing behind it, a
 * URL that cannot be one. templated: a request template says what a URL is asked. */
int amkd_teacher_spec_check(const char *spec, int templated);

/* Opens the teacher that spec names. */
int amkd_teacher_open(amkd_teacher **out, const char *spec,
                      const amkd_teacher_options *options);

/* The number of classes; 0 while unknown (exec before its first answer). */
size_t amkd_teacher_nclasses(const amkd_teacher *teacher);

/* The names of the classes as an array of strings, NULL when unknown; the teacher's. */
struct json_t *amkd_teacher_class_names(const amkd_teacher *teacher);

/* Whose answers a replay hands on, as a labels header has them under "origin"; NULL for
 * other teachers; the teacher's. */
struct json_t *amkd_teacher_origin(const amkd_teacher *teacher);

/* What decides the teacher's answers, as text: its spec and what its backend knows. Owned
 * by the teacher. */
const char *amkd_teacher_identity(const amkd_teacher *teacher);

/* The backend, for asker.h; the teacher's. */
struct amkd_backend *amkd_teacher_backend(amkd_teacher *teacher);

/* Puts "teacher 'SPEC': " before the present message; returns -1. */
int amkd_teacher_fail_in(const amkd_teacher *teacher);

/* Asks about pixels[n][h][w][c]. *probs becomes [n][nclasses], owned by the teacher and
 * valid until the next call. Every answer is checked to be probabilities, and scaled to
 * sum to one where it was rounded (probabilities.h). */
int amkd_teacher_ask(amkd_teacher *teacher, const float **probs, const uint8_t *pixels,
                     size_t n);

/* Ends a worker: closes its stdin, waits up to two seconds, then kills it. */
void amkd_teacher_close(amkd_teacher *teacher); /* NULL is fine */

#endif
