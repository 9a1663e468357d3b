#ifdef AMKD_MAIN
#include <stdio.h>

/* Raw pixels of images on stdin, one image behind the other. A line for each on stdout.
 */
int main(void)
{
    static unsigned char pixels[HEIGHT * WIDTH * CHANNELS];
    static float scratch[SCRATCH], values[CLASSES];
    size_t n;
    while ((n = fread(pixels, 1, sizeof pixels, stdin)) == sizeof pixels) {
        PREDICT(values, pixels, scratch);
        for (int k = 0; k < CLASSES; k++)
            printf("%s%.9g", k ? "\t" : "", (double)values[k]);
        printf("\n");
    }
    if (ferror(stdin) || n) {
        fprintf(stderr, "%s\n", n ? "the last image is cut short" : "cannot read stdin");
        return 1;
    }
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "cannot write stdout\n");
        return 1;
    }
    return 0;
}
#endif
