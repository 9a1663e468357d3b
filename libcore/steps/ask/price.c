/* Prices: answers cost from a hundred-thousandth of the currency up. */
#include "steps/ask/price.h"
#include <math.h>
#include <stdio.h>

const char *amkd_price_print(char text[static AMKD_PRICE_SIZE], double price)
{
    const int first = price > 0 ? (int)floor(log10(price)) : 0; /* figure's place */
    snprintf(text, AMKD_PRICE_SIZE, "%.*f", first < -1 ? 1 - first : 2, price);
    return text;
}
