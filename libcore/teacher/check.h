/* What is known of a teacher without asking it about anything. */
#ifndef AMKD_TEACHER_CHECK_H
#define AMKD_TEACHER_CHECK_H

#include "teacher/teacher.h"

/* Fails where the teacher could not be asked about images of the options' shape, zeros
 * being any. A program is not started, of answers to be replayed the headers alone are
 * read, and a server is asked what it says of its model. *nclasses: the number of
 * classes, 0 where only an answer will tell. */
int amkd_teacher_check(size_t *nclasses, const char *spec,
                       const amkd_teacher_options *options);

#endif
