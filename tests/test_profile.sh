#!/usr/bin/env bash
# --profile: what each layer's kernels take, as a table and as JSON.
set -euo pipefail
. "$SOURCE/tests/bad_input.sh"

images lots 48 12 12 2
arch="conv 8 k3 p1 | relu | maxpool 2 | fc 2"

echo "# a training's table"
amkd-train -q -a "$arch" --steps 3 -b 16 -o model --profile table lots.amkd
head -1 table | grep -qE '^layer +pass +kernels +runs +ms +share +GFLOP/s +peak +GB/s +copy$' ||
    fail "$(head -1 table)"
row() { grep -E -- "$1" table >/dev/null || fail "no '$1' in: $(cat table)"; }
row '^0: conv 8 k3 p1 \| relu +forward +conv_forward +3 +[0-9.]+ +[0-9.]+ %'
row '^0: conv 8 k3 p1 \| relu +backward weights +conv_backward_weights +3 '
row '^2: maxpool 2 +backward data +'
row '^4: fc 2 +backward data +dense_backward_data +3 '
row '^ +adam_step +3 ' # what is of no layer
grep -qE '^all kernels [0-9.]+ s; peak [0-9.]+ GFLOP/s, copy [0-9.]+ GB/s' table ||
    fail "$(tail -1 table)"

echo "# JSON, whose parts are the whole"
amkd-eval -q -s model -o /dev/null --profile eval.json lots.amkd
perl -MJSON::PP -0777 -e 'my $p = decode_json(<>);
    my ($sum, @conv) = (0, grep { $_->{layer} =~ /^0: conv/ } @{$p->{rows}});
    $sum += $_->{seconds} for @{$p->{rows}};
    die "sum $sum of $p->{seconds}" if abs($sum - $p->{seconds}) > 1e-6;
    die "one row of the convolution" unless @conv == 1 && $conv[0]{pass} eq "forward";
    my $flops = $conv[0]{gflops} * $conv[0]{seconds} * 1e9;
    die "flops $flops" if abs($flops - 2 * 8 * 9 * 144 * 48) > 1;
    die "peak" unless $p->{peak_gflops} > 0 && $p->{copy_gbs} > 0' eval.json

echo "# a teacher's answers"
amkd-query -q -t model:model -o answers --profile table lots.amkd
row '^0: conv 8 k3 p1 \| relu +forward '

echo "# a sweep"
amkd-pool -q -o pairs lots.amkd
amkd-score -q -k 5 -s model -o picks --profile - pairs >table
row '^ +sweep_'

echo "# a place that cannot be written is found before the run"
expect 1 "profile" amkd-eval -q -s model -o /dev/null --profile "$PWD/none/profile" lots.amkd
