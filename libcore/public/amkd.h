/* libamkd: the models and streams of amkd for other programs. The manual is libamkd(3).
 *
 * Functions that return int return 0, or -1 on failure. Those that return ssize_t return
 * a count, or -1. amkd_last_error says then, in English, what was wrong and where. On
 * failure *out is NULL, and nothing is left open. No function prints or ends the process.
 *
 * Pixels are uint8, [image][height][width][channels]: the rows of an image from the top,
 * the channels of a pixel side by side. Probabilities are float, [image][class].
 *
 * A handle may be used by any thread, by one at a time. Different handles do not know of
 * each other. */
#ifndef AMKD_H
#define AMKD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AMKD_API __attribute__((visibility("default")))

typedef struct amkd_classifier amkd_classifier; /* a model on a device */
typedef struct amkd_stream amkd_stream;         /* images or labels that are read */
typedef struct amkd_labels amkd_labels;         /* labels that are written */

/* The version of the library that runs, "0.1.0". */
AMKD_API const char *amkd_library_version(void);

/* Why the last function that failed in this thread did, "" if none has. Valid until the
 * next one fails. */
AMKD_API const char *amkd_last_error(void);

/* ------------------------------------------------------------------------- models -- */

/* Opens a model. path: a safetensors file of amkd-train, or of another program and with
 * ",arch=NETWORK" behind its name, as the tools take it. device: an index, "cpu", "gpu"
 * or a part of a name; NULL: $AMKD_DEVICE, else the first GPU, else the CPU. The kernels
 * of a network are compiled where no cache has them, which takes seconds to minutes.
 * Fails if there is no such file, it holds no model, there is no such device, or the
 * model does not fit into its memory. */
AMKD_API int amkd_classifier_open(amkd_classifier **out, const char *path,
                                  const char *device);

AMKD_API void amkd_classifier_close(amkd_classifier *classifier); /* NULL is fine */

/* The size of the images that it takes. Any of the three may be NULL. */
AMKD_API void amkd_classifier_input(const amkd_classifier *classifier, size_t *height,
                                    size_t *width, size_t *channels);

AMKD_API size_t amkd_classifier_nclasses(const amkd_classifier *classifier);

/* The name of class number c, from 0, in UTF-8; the classifier's. NULL where the model
 * has no names, and where there is no such class. */
AMKD_API const char *amkd_classifier_class_name(const amkd_classifier *classifier,
                                                size_t c);

/* probs[n][nclasses] = the model's probabilities for pixels[n][height][width][channels].
 * n may be any number: as many images as suit the device run at a time, and the more
 * there are, the faster is each. Fails where the device does, and where the network's
 * sums overflow; probs is undefined then. */
AMKD_API int amkd_classifier_predict(amkd_classifier *classifier, float *probs,
                                     const uint8_t *pixels, size_t n);

/* ------------------------------------------------------------------- streams read -- */

/* Opens a stream of images or of labels; path "-": standard input. Fails if there is no
 * such file, or it is no such stream. */
AMKD_API int amkd_stream_open(amkd_stream **out, const char *path);

AMKD_API void amkd_stream_close(amkd_stream *stream); /* NULL is fine */

/* "images" or "labels". */
AMKD_API const char *amkd_stream_kind(const amkd_stream *stream);

/* The size of the images, or of those that the labels are about; zeros where labels do
 * not say. Any of the three may be NULL. */
AMKD_API void amkd_stream_shape(const amkd_stream *stream, size_t *height, size_t *width,
                                size_t *channels);

/* How many classes there are, 0 for images without labels; the name of class number c,
 * as of a classifier. */
AMKD_API size_t amkd_stream_nclasses(const amkd_stream *stream);
AMKD_API const char *amkd_stream_class_name(const amkd_stream *stream, size_t c);

/* Which images labels are about: set number k, from 0, of those that their i and j count
 * through. *path is the file's, as whoever wrote the labels gave it, NULL where the set
 * came by a pipe; the stream's. *nrows: its images. Returns 1; 0 behind the last set, and
 * for images; -1 where the header is malformed. */
AMKD_API int amkd_stream_image_set(const amkd_stream *stream, size_t k, const char **path,
                                   uint64_t *nrows);

/* Reads the next n images, of which fewer are there only at the stream's end: into
 * pixels[n][height][width][channels] and, unless it is NULL, labels[n], the classes, -1
 * where the stream has none. Returns how many, 0 at the end. Fails where the stream is
 * damaged or cut short, or is of labels. */
AMKD_API ssize_t amkd_stream_read_images(amkd_stream *stream, uint8_t *pixels,
                                         int32_t *labels, size_t n);

/* Reads the next n labels, of which fewer are there only at the stream's end. A label
 * says what a teacher thinks of lambda * image i + (1 - lambda) * image j; of an image by
 * itself i = j and lambda = 1. i[n], j[n], lambda[n] and probs[n][nclasses]; each may be
 * NULL. Returns how many, 0 at the end. Fails where the stream is damaged or cut short,
 * or is of images. */
AMKD_API ssize_t amkd_stream_read_labels(amkd_stream *stream, uint32_t *i, uint32_t *j,
                                         float *lambda, float *probs, size_t n);

/* ----------------------------------------------------------------- labels written -- */

/* Begins a stream of labels at path, "-": standard output. images: the file of the images
 * that they are about, all of which is read to know it again. teacher: whose answers they
 * are, any text. class_names: [nclasses], or NULL; copied. Fails where images is no
 * stream of images or is what path leads to, a text is NULL or no UTF-8, or nothing can be
 * written there. */
AMKD_API int amkd_labels_create(amkd_labels **out, const char *path, const char *images,
                                const char *teacher, size_t nclasses,
                                const char *const *class_names);

/* Adds n labels: i[n], j[n], lambda[n] and probs[n][nclasses], as amkd_stream_read_labels
 * reads them. j and lambda are both NULL for images by themselves. Fails, and adds none,
 * where an image is not in the set, i > j, a lambda is outside [0, 1] or not 1 where i =
 * j, or probabilities are negative or do not sum to one within 1e-3; fails where it
 * cannot be written, and is to be discarded then. */
AMKD_API int amkd_labels_write(amkd_labels *labels, const uint32_t *i, const uint32_t *j,
                               const float *lambda, const float *probs, size_t n);

/* Ends the stream: the file appears, whole, in the place of one of that name, and is on
 * the disk. Frees the handle, on failure too, when there is no new file. NULL is fine. */
AMKD_API int amkd_labels_close(amkd_labels *labels);

/* Drops the stream; no file appears. NULL is fine. */
AMKD_API void amkd_labels_discard(amkd_labels *labels);

#ifdef __cplusplus
}
#endif

#endif
