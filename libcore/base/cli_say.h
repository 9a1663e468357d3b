/* How tools say on stderr what went wrong. */
#ifndef AMKD_BASE_CLI_SAY_H
#define AMKD_BASE_CLI_SAY_H

/* "name: kind message" for a tool of that name; kind is "" or ends in a space. */
void amkd_cli_say(const char *name, const char *kind, const char *message);

/* Where another process speaks for this one, too: from here on what a tool would say,
 * misuse as well, is this thread's error alone, and stdout goes to /dev/null. */
int amkd_cli_silence(void);

/* What is wrong is said again after all: nobody else knows of it. */
void amkd_cli_speak(void);

int amkd_cli_is_silent(void);

#endif
