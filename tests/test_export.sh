#!/usr/bin/env bash
# amkd-export: the C file of a trained network compiles without a warning, has no fault that
# sanitizers see, and says what amkd says; so does the ONNX file, to every reader that is here.
# shellcheck disable=SC2086 # options are several words
set -euo pipefail
. "$SOURCE/tests/command.sh"

# npy PATH MODULUS SIZE...: bytes at random below the modulus.
npy() {
    perl -e 'my ($path, $modulus, @shape) = @ARGV;
        my $n = 1;
        $n *= $_ for @shape;
        my $header = sprintf "{\x27descr\x27: \x27|u1\x27, \x27fortran_order\x27: False, " .
            "\x27shape\x27: (%s,)}", join(",", @shape);
        $header .= " " x (117 - length $header) . "\n";
        open my $file, ">", $path;
        srand 5;
        print $file "\x93NUMPY\1\0", pack("v", length $header), $header,
            pack "C*", map { int rand $modulus } 1 .. $n;' "$@"
}

# student NAME ARCH HEIGHT WIDTH CHANNELS: a network that has learnt something, images, raw
# pixels of 8 of them, and amkd's answers to these.
student() {
    npy "$1.npy" 256 200 "$3" "$4" "$5"
    npy "$1.labels.npy" 4 200
    amkd-import -q --labels "$1.labels.npy" --class-names 'a,"b??/,*/c,dé' -o "$1.amkd" "$1.npy"
    amkd-train -q -a "$2" --steps 20 -o "$1" "$1.amkd"
    npy "$1.npy" 256 8 "$3" "$4" "$5"
    tail -c +129 "$1.npy" >"$1.raw"
    amkd-import -q --unlabeled -o "$1.amkd" "$1.npy"
    amkd-query -q -t "model:$1" "$1.amkd" | amkd-cat -f tsv |
        awk -F'\t' 'NR == 1 { for (f = 1; f <= NF; f++) if ($f ~ /^p[0-9]+$/) first = first ? first : f; next }
            { for (f = first; f < first + 4; f++) printf "%s ", $f; print "" }' >"$1.txt"
    [ "$(wc -w <"$1.txt")" = 32 ] || fail "amkd's answers: $(cat "$1.txt")"
}

# close ONE OTHER TOLERANCE: no number differs by more.
close() {
    paste -d' ' <(tr -s ' \t' '\n' <"$1") <(tr -s ' \t' '\n' <"$2") |
        awk -v tolerance="$3" 'NF == 1 || $1 - $2 > tolerance || $2 - $1 > tolerance {
                print "line " NR ": " $0; bad = 1 } END { exit bad || NR < 32 }' >difference ||
        fail "$1 and $2 differ: $(cat difference)"
}

compilers=(gcc)
if command -v clang >/dev/null; then compilers+=(clang); else echo "not tested: clang"; fi
strict="-std=c99 -Wall -Wextra -Werror -pedantic"

student half lenet5-half 28 28 1
student residual "conv 8 k3 p1 nobias | bn | relu | residual( conv 8 k3 p1 nobias | bn | relu |
    conv 8 k3 p1 nobias | bn ) | relu | residual( subsample 12 s2 ; conv 12 k3 s2 p1 nobias | bn ) |
    relu | avgpool all | dropout 0.2 | fc classes" 12 10 3
student ends "conv 6 k3 s2 same nobias | bn | hardswish | scale( avgpool all | conv 6 k1 |
    sigmoid ) | maxpool 3 s2 p1 | conv 4 k3" 12 12 2

echo "# C"
for name in half residual ends; do
    amkd-export --to c -q -o $name.c $name
    amkd-export --to c -q --no-fold -o norms.c $name
    for file in $name norms; do
        for compiler in "${compilers[@]}"; do
            $compiler $strict -O2 -DAMKD_MAIN -o classify $file.c -lm
            ./classify <$name.raw >got
            close got $name.txt 1e-5
            $compiler $strict -c -o alone.o $file.c # without a main
        done
    done
    gcc $strict -g -fsanitize=address,undefined -fno-sanitize-recover=all -DAMKD_MAIN \
        -o classify $name.c -lm
    ./classify <$name.raw >got
    close got $name.txt 1e-5
    grep -q ' T amkd_predict$' <<<"$(nm alone.o)" || fail "$name has no amkd_predict"
    ! nm alone.o | grep -E ' U ' | grep -vE ' (expf|fmaxf|fminf)$' || fail "$name needs these"
done
# Nothing but the function and the names is seen from outside, and nothing is written to.
[ "$(nm -g --defined-only alone.o | awk '{ print $3 }' | sort | tr '\n' ' ')" = \
    "amkd_class_names amkd_predict " ] || fail "names: $(nm -g --defined-only alone.o)"
[ "$(size -A alone.o | awk '$1 == ".data" || $1 == ".bss" { n += $2 } END { print n + 0 }')" = 0 ] ||
    fail "static data: $(size -A alone.o)"

echo "# 8 bits"
amkd-export --to c -q --int8 --name small -o small.c half
gcc $strict -O2 -DAMKD_MAIN -o classify small.c -lm
./classify <half.raw >got
close got half.txt 0.05
gcc $strict -O2 -DAMKD_MAIN -o classify half.c -lm
./classify <half.raw >exact
cmp -s got exact && fail "8 bits change nothing"
gcc $strict -O2 -c -o small.o small.c
gcc $strict -O2 -c -o half.o half.c
nbytes() { size "$1" | awk 'NR == 2 { print $1 + $2 }'; }
[ "$(nbytes half.o)" -lt 200000 ] || fail "half a LeNet-5 has $(nbytes half.o) bytes"
[ "$(nbytes small.o)" -lt 30000 ] || fail "of 8 bits it has $(nbytes small.o) bytes"
grep -q ' T small_predict$' <<<"$(nm small.o)" || fail "--name"

echo "# logits, and another's use of the function"
amkd-export --to c --logits -o logits.c half
cat >caller.c <<'C'
#include <math.h>
#include <stdio.h>
void amkd_predict(float *logits, const unsigned char *pixels, float *scratch);
extern const char *const amkd_class_names[4];
static float scratch[NFLOATS];
int main(void)
{
    unsigned char pixels[784];
    float p[4], sum;
    while (fread(pixels, 1, 784, stdin) == 784) {
        amkd_predict(p, pixels, scratch);
        sum = expf(p[0]) + expf(p[1]) + expf(p[2]) + expf(p[3]);
        printf("%g %g %g %g\n", (double)(expf(p[0]) / sum), (double)(expf(p[1]) / sum),
               (double)(expf(p[2]) / sum), (double)(expf(p[3]) / sum));
    }
    fprintf(stderr, "%s\n", amkd_class_names[3]);
    return 0;
}
C
gcc $strict -DNFLOATS="$(sed -n 's/^    SCRATCH = //p' logits.c)" -o caller caller.c logits.c -lm
./caller <half.raw >got 2>names
close got half.txt 1e-4
[ "$(cat names)" = dé ] || fail "a class is called $(cat names)"

echo "# a program that is given less than an image"
got=0
head -c 1000 half.raw | ./classify >some 2>stderr || got=$?
[ $got = 1 ] && grep -q "cut short" stderr || fail "half an image: $got, $(cat stderr)"
[ "$(wc -l <some)" = 1 ] || fail "the whole image before it is not answered"

echo "# the same bytes again, on stdout too"
for format in c onnx; do
    amkd-export --to $format -o one half
    amkd-export --to $format half >two
    cmp one two || fail "$format differs"
done

echo "# misuse and failure"
expect 2 "--to is missing" amkd-export -o out half
expect 2 "'tflite' is none of onnx, c" amkd-export --to tflite -o out half
expect 2 "--uint8 is of --to onnx" amkd-export --to c --uint8 -o out half
expect 2 "--int8 is of --to c" amkd-export --to onnx --int8 -o out half
for name in '' 1a a-b é; do
    expect 2 "'$name' is no name in C" amkd-export --to c --name "$name" -o out half
done
expect 1 "'half.npy'" amkd-export --to onnx -o out half.npy
expect 1 "'nothing'" amkd-export --to c -o out nothing

echo "# ONNX"
for python in python3 /usr/bin/python3 ''; do
    [ -z "$python" ] || { "$python" -c 'import onnx, numpy' 2>/dev/null && break; }
done
[ -n "$python" ] || { echo "not tested: ONNX files (no python3-onnx)"; exit 0; }
mkdir examples
AMKD_KEEP=$PWD/examples "$BUILD/tests/test_export" >/dev/null
"$python" "$SOURCE/tests/onnx_reader.py" examples
for name in half residual ends; do
    for options in "" "--uint8" "--no-fold"; do
        amkd-export --to onnx $options -o model.onnx $name
        "$python" "$SOURCE/tests/onnx_reader.py" model.onnx $name.npy $name.txt
    done
done | sort -u
