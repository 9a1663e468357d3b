/* The model that the tests of amkd-serve's messages are about. */
#ifndef AMKD_TESTS_SERVED_H
#define AMKD_TESTS_SERVED_H

#include "serve/question.h"

enum { CHANNELS = 2, HEIGHT = 1, WIDTH = 3, SIZE = 6 };

static amkd_served served = {.name = "m",
                             .version = "4",
                             .in = {CHANNELS, HEIGHT, WIDTH},
                             .nclasses = 2,
                             .max_images = 3};

#endif
