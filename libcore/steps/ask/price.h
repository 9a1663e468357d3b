/* Prices as people read them, in whatever currency. */
#ifndef AMKD_STEPS_ASK_PRICE_H
#define AMKD_STEPS_ASK_PRICE_H

enum { AMKD_PRICE_SIZE = 400 };

/* Writes a price with two decimals, or two figures where those would say nothing:
 * "12.50", "0.0020". Returns text. */
const char *amkd_price_print(char text[static AMKD_PRICE_SIZE], double price);

#endif
