# shellcheck shell=bash
# What tests of whole scorings share: 200 images of noise, two students of them, and all pairs.
# Sets npairs.

perl -e 'srand 7; print pack("N4", 0x803, 200, 6, 6), map { chr int rand 256 } 1 .. 36 * 200' \
    >set-images-idx3-ubyte
perl -e 'print pack("NN", 0x801, 200), map { chr($_ % 5) } 1 .. 200' >set-labels-idx1-ubyte
amkd-import -q -o labeled.amkd set-images-idx3-ubyte
amkd-import -q --unlabeled -o real.amkd set-images-idx3-ubyte
for steps in 60 61; do
    amkd-train -q -a "conv 2 k3 | relu | fc classes" --steps $steps --seed 3 \
        -o student-$steps labeled.amkd
done
npairs=19900
amkd-pool -q -o pairs.amkd real.amkd
