#!/usr/bin/env python3
import io, numpy as np
pipe = io.BufferedRWPair(open(0, "rb", 0), open(1, "wb", 0))
while pipe.peek(1):
    images = np.lib.format.read_array(pipe)  # [n, height, width, channels], uint8
    p = np.exp(-abs(images.mean((1, 2, 3))[:, None] / 28 - np.arange(10)))
    np.save(pipe, (p / p.sum(1, keepdims=True)).astype("float32")), pipe.flush()
