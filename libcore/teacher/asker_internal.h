/* The inside of an asker, for asker.c and asker_reply.c. */
#ifndef AMKD_TEACHER_ASKER_INTERNAL_H
#define AMKD_TEACHER_ASKER_INTERNAL_H

#include "teacher/asker.h"
#include "teacher/backend.h"

typedef enum request_state {
    FREE,
    FILLING,
    WAITING, /* for its time to be sent */
    FLYING,
} request_state;

typedef struct request {
    request_state state;
    size_t n;
    amkd_question_key *questions; /* [batch] */
    uint8_t *pixels;              /* [batch][image_nbytes] */
    uint64_t nattempts;
    uint64_t npaid; /* of them may have been paid for */
    double first;   /* when it was sent first */
    double due;     /* when it may be sent */
} request;

struct amkd_asker {
    amkd_asker_options options;
    amkd_teacher *teacher;
    amkd_backend *backend;
    amkd_journal *journal;
    request *requests; /* [nrequests] */
    size_t nrequests;
    double paused;  /* until then nothing is sent: the server asked for it */
    double metered; /* until then the images sent use up the rate */
    char *failure;  /* why nothing more is sent; NULL: all is well */
    amkd_asker_counts counts;
};

/* Keeps the present error, if it is the first, as the asker's failure: nothing is sent
 * from now on. */
void amkd_asker_give_up(amkd_asker *asker);

/* What becomes of a request whose attempt has ended: its answers go into the journal and
 * it is free; or it waits for another attempt; or it failed for good, and the asker with
 * it. Returns -1 when the journal cannot be written. The reply is changed where it is
 * judged otherwise than the backend did. */
int amkd_asker_take_reply(amkd_asker *asker, amkd_reply *reply);

#endif
