#!/usr/bin/env bash
# --summary: what a network is and takes, by a text, by files and of a model; and a training
# in less memory than its batch takes.
set -euo pipefail
. "$SOURCE/tests/bad_input.sh"

has() { grep -qE -- "$1" "${2:-table}" || fail "no '$1' in: $(cat "${2:-table}")"; }

echo "# a text, images that are not there"
summary=(amkd-train --summary --input 3x8x8 --classes 5)
"${summary[@]}" -a "conv 4 k3 | bn | relu | maxpool 2 | fc classes" -o table
has '^module +layer +output +weights +multiply-adds +bytes$'
has '^0 +conv 4 k3 +4x6x6 +112 +3888 +576$'
has '^1 +bn +4x6x6 +16 +0 +-$'
has '^2 +relu +4x6x6 +0 +0 +576$'
has '^4 +flatten +36 +0 +0 +-$'
has '^sum +313 +4068 +1316$'
has '^8 of the weights are running means and variances'
has '^A training takes, with 128 samples a step:$'
has '^A prediction takes, with [0-9]+ samples at a time:$'
# The text is what can be edited and trained.
text=$(tail -1 table)
[ "$text" = "conv 4 k3 | bn | relu | maxpool 2 | flatten | fc 5" ] || fail "text '$text'"
"${summary[@]}" -a "$text" | cmp - table || fail "the text is not of the same network"
"${summary[@]}" -a "$text" --json -o json
perl -MJSON::PP -0777 -e 'my $s = decode_json(<>);
    die "weights" unless $s->{weights} == 313 && $s->{trained} == 305 && @{$s->{layers}} == 6;
    my $t = $s->{training};
    my $sum = 0;
    $sum += $t->{$_} for qw(values weights optimizer data others host);
    die "sum $sum" unless $sum == $t->{bytes};
    die "prediction" unless $s->{prediction}{bytes} > 0' json || fail "$(cat json)"

echo "# a smaller memory, and one that is too small"
"${summary[@]}" -a "conv 32 k3 | fc classes" --memory 20M -b 4096 -o table
has 'with 4096 samples a step in micro-batches of [0-9]+:$'
"${summary[@]}" -a "conv 32 k3 | fc classes" --memory 10K -b 64 -o table
has 'It does not fit: 16 samples at a time take .*, and --memory is 10.00 KiB; a smaller '
"${summary[@]}" -a "conv 32 k3 | fc classes" --memory 10K --json | grep -q '"fits": false' ||
    fail "JSON does not say that it does not fit"
expect 2 "--memory is '3 apples'" "${summary[@]}" -a mlp --memory "3 apples"
expect 2 "--input is '3x8'" amkd-train --summary --input 3x8 --classes 5
expect 2 "--input is '3x8x8x8'" amkd-train --summary --input 3x8x8x8 --classes 5
expect 2 "--input is for --summary" amkd-train --input 3x8x8
expect 2 "--json is for --summary" amkd-train --json
expect 2 "--input is '-1x8x8'" amkd-train --summary --input -1x8x8 --classes 5
expect 1 "the shape of the images is not known" amkd-train --summary --classes 5

echo "# by files, and a model"
amkd-train --summary -a "$small" labeled.amkd -o table
has '^3 +fc 3'
amkd-train --summary --init model -o table
has '^A training takes'
amkd-eval --summary -s model -o table
has '^sum +83 +'
has '^A prediction takes'
! grep -q 'A training' table || fail "of a model that predicts: $(cat table)"
amkd-eval --summary --json -s model | perl -MJSON::PP -0777 -e 'decode_json(<>)'

echo "# a prediction in less memory"
amkd-eval --summary -s model --json -o whole
amkd-eval --summary -s model --json --memory 100K -o parts
perl -MJSON::PP -0777 -e 'my ($whole, $parts) = map { open my $f, "<", $_; decode_json(<$f>)->{prediction} } @ARGV;
    die "samples" unless $parts->{samples} > 0 && $parts->{samples} < $whole->{samples};
    die "bytes" unless $parts->{bytes} <= 100 << 10' whole parts || fail "$(cat parts)"
rm whole parts
amkd-eval -s model -o whole labeled.amkd
amkd-eval -s model --memory 10K -o parts -t model:model labeled.amkd
for command in "amkd-eval -q -s model labeled.amkd" "amkd-eval --check -s model labeled.amkd" \
    "amkd-eval -q -s model answers.amkd" "amkd-serve -q --port 0 model"; do
    read -ra words <<<"$command"
    expect 1 "samples at a time takes" "${words[@]}" --memory 1K
    expect 1 "and --memory is 1.00 KiB" "${words[@]}" --memory 1K
    expect 2 "--memory is 'much'" "${words[@]}" --memory much
done
amkd-eval --check -s model --memory 10K labeled.amkd
rm whole parts

echo "# a training in less memory than its batch takes"
images many 300 24 24 3
net="conv 8 k3 p1 | relu | avgpool 24 | fc classes"
training=(amkd-train -a "$net" -b 300 --optimizer sgd --steps 2 -o out.trained)
"${training[@]}" -q many.amkd
mv out.trained whole
"${training[@]}" --memory 6M many.amkd 2>stderr
has '^amkd-train: --micro-batch [0-9]+: the memory is too short' stderr
size=$(sed -n 's/^amkd-train: --micro-batch \([0-9]*\):.*/\1/p' stderr)
mv out.trained chosen
"${training[@]}" -q --micro-batch "$size" many.amkd
cmp <(tail -c 400 out.trained) <(tail -c 400 chosen) ||
    fail "--micro-batch $size is not what --memory chooses"
floats() { tail -c 400 "$1" | od -An -v -w4 -t f4; }
paste <(floats whole) <(floats chosen) | awk '{ d = $1 - $2; if (d * d > 1e-10) exit 1 }' ||
    fail "the weights are not those of whole batches"
expect 1 "--micro-batch $size would fit" amkd-train -q -a "$net" -b 300 --memory 6M \
    --micro-batch 299 -o out many.amkd
expect 1 "a smaller network or smaller images would fit" \
    amkd-train -q -a "$net" -b 300 --memory 100K -o out many.amkd
