/* Images lie as [channel][y][x]. */
struct image {
    int channels, height, width;
};

/* A window that moves over an image. */
struct window {
    struct image in, out;
    int kernel_height, kernel_width, stride, dilation;
    int top, left; /* zeros in front of the image */
};
