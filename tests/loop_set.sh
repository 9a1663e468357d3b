# shellcheck shell=bash
# What tests of the loop share that count its questions: images that each can be told by, and
# the program that is asked, teacher.pl.

images() { # N NAME [FIRST]
    perl -e 'print pack("N4", 0x803, $ARGV[0], 6, 6), map { pack("n", $_) . "x" x 34 }
        $ARGV[1] .. $ARGV[1] + $ARGV[0] - 1' "$1" "${3:-1}" >"$2-images-idx3-ubyte"
}

# N real images in real.amkd, eight labeled ones in test.amkd, and the teacher.
make_loop_set() { # N
    cp "$SOURCE/tests/teacher.pl" .
    images "$1" real
    amkd-import -q --unlabeled -o real.amkd real-images-idx3-ubyte
    images 8 test 1000
    perl -e 'print pack("NN", 0x801, 8), map { chr($_ % 3) } 1 .. 8' >test-labels-idx1-ubyte
    amkd-import -q -o test.amkd test-images-idx3-ubyte
}
