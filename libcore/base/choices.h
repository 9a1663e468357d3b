/* Lists of words as a user reads them: "sgd, adam, adamw". */
#ifndef AMKD_BASE_CHOICES_H
#define AMKD_BASE_CHOICES_H

/* Which of the words text is, from 0; -1: none of them. */
int amkd_choices_place(const char *choices, const char *text);

#endif
