/* A flag for the first signal, the default action for the second. */
#include "base/interrupt.h"
#include "base/temp_files.h"
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static _Atomic int came;

static void on_signal(int number)
{
    int none = 0;
    if (atomic_compare_exchange_strong(&came, &none, number))
        return;
    amkd_temp_remove_all();
    signal(number, SIG_DFL);
    raise(number);
}

void amkd_interrupt_catch(void)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        /* No SA_RESTART: waiting ends when the signal comes. */
        struct sigaction before, action = {.sa_handler = on_signal};
        sigemptyset(&action.sa_mask);
        if (!sigaction(numbers[i], NULL, &before) && before.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
        amkd_temp_leave(numbers[i]);
    }
    signal(SIGPIPE, SIG_IGN);
}

int amkd_interrupted(void)
{
    return atomic_load(&came);
}

void amkd_interrupt_end(void)
{
    const int number = amkd_interrupted();
    if (!number)
        return;
    amkd_temp_remove_all();
    signal(number, SIG_DFL);
    raise(number);
}
