#!/usr/bin/env bash
# amkd-eval --calibrate: a temperature that makes a student's probabilities fit the answers held
# out of its training, and who goes by it.
set -euo pipefail
. "$SOURCE/tests/command.sh"
. "$SOURCE/tests/waiting.sh"

# 900 images of four classes, a light quarter each, in much noise: a third teaches the
# teacher, a third the student, a third is held out.
perl -e 'srand 3; my $n = 300;
    sub save { open my $file, ">", shift or die $!; print $file @_; }
    for my $part (1 .. 3) {
        my ($pixels, $labels) = ("", "");
        for (1 .. $n) {
            my $y = int rand 4;
            $pixels .= pack "C*", map {
                my ($u, $v) = (int($_ / 6) > 2, $_ % 6 > 2);
                int(rand 200) + ($y == 2 * $u + $v ? 40 : 0) } 0 .. 35;
            $labels .= pack "C", $y;
        }
        save "part$part-images-idx3", pack("N4", 0x803, $n, 6, 6), $pixels;
        save "part$part-labels-idx1", pack("N2", 0x801, $n), $labels;
    }'
for part in 1 2 3; do
    amkd-import -q -o "part$part.amkd" "part$part-images-idx3"
done
amkd-import -q -o all.amkd part{1,2,3}-images-idx3
amkd-train -q -a 'fc classes' --steps 300 -o teacher.safetensors part1.amkd
amkd-train -q -a 'fc 32 | relu | fc classes' --steps 1500 --seed 2 -o student.safetensors \
    part2.amkd
amkd-query -q -t model:teacher.safetensors -o held-out.amkd part3.amkd
cp student.safetensors kept

amkd-eval -q -s student.safetensors --json held-out.amkd >before.json
amkd-eval -q -s student.safetensors --calibrate calibrated.safetensors --json held-out.amkd \
    >fit.json
cmp student.safetensors kept || fail "the student's own file was written"
amkd-eval -q -s calibrated.safetensors --json held-out.amkd >after.json
# figure FILE KEY...
figure() { perl -MJSON::PP -e 'my ($file, @keys) = @ARGV; local $/;
    open my $in, "<", $file; my $at = decode_json(<$in>); $at = $at->{$_} for @keys;
    print $at' "$@"; }
t=$(figure fit.json temperature)
# holds EXPRESSION ARGUMENT...: of numbers, as awk has it.
holds() { awk "BEGIN { exit !($1) }" || fail "not: $1"; }
holds "$t > 1.2 && $t < 20"
[ "$(figure fit.json temperature_before)" = 1 ] || fail "$(cat fit.json)"
[ "$(figure before.json agreement)" = "$(figure after.json agreement)" ] || fail "agreement"
for key in cross_entropy brier calibration_error; do
    was=$(figure before.json $key) is=$(figure after.json $key)
    [ $key != cross_entropy ] || holds "$is < $was"
    [ "$(figure fit.json before $key)" = "$was" ] || fail "$key before: $(cat fit.json)"
    [ "$(figure fit.json after $key)" = "$is" ] || fail "$key after: $(cat fit.json)"
done
amkd-eval -q -s student.safetensors --calibrate again.safetensors held-out.amkd >said
grep -qE "^temperature +1\.0000 +$(printf %.4f "$t")\$" said || fail "$(cat said)"
grep -qE '^answers +300$' said || fail "$(cat said)"
# A second fit starts from the same logits.
amkd-eval -q -s calibrated.safetensors --calibrate again.safetensors --json held-out.amkd >said
[ "$(figure said temperature)" = "$t" ] && [ "$(figure said temperature_before)" = "$t" ] ||
    fail "$(cat said)"
amkd-eval -s calibrated.safetensors -o /dev/null held-out.amkd 2>said
grep -qF "'calibrated.safetensors': probabilities are taken at temperature" said ||
    fail "$(cat said)"
runs=$(grep -ao 'tool\\":\\"amkd-[a-z]*' calibrated.safetensors | tr -d '\\":' | tr '\n' ' ')
[[ $runs = *toolamkd-train*toolamkd-eval* ]] || fail "provenance: $runs"

# As a teacher it answers softmax(logits / t), and so does its server; and no other temperature
# fits the answers as well.
answers() { amkd-query -q --no-journal -t "$1" -o - part3.amkd | amkd-cat -N - | cut -f4-; }
answers model:student.safetensors >plain
answers model:calibrated.safetensors >soft
paste plain soft | perl -ane 'my ($t, @f) = ('"$t"', @F); my @q = map { $_ ** (1 / $t) } @f[0 .. 3];
    my $sum = 0; $sum += $_ for @q;
    abs($q[$_] / $sum - $f[4 + $_]) < 1e-4 or die "@f\n" for 0 .. 3' || fail "answers"
amkd-cat -N held-out.amkd | cut -f4- | paste plain - | perl -ane '
    BEGIN { $t = '"$t"' } for my $k (0 .. 2) {
        my @q = map { $_ ** (1 / $t / (0.97, 1, 1.03)[$k]) } @F[0 .. 3];
        my $sum = 0; $sum += $_ for @q;
        $loss[$k] -= $F[4 + $_] * log($q[$_] / $sum) for 0 .. 3;
    }
    END { die "@loss" unless $loss[1] < $loss[0] && $loss[1] < $loss[2] }' ||
    fail "another temperature is better"
amkd-serve -q --port 0 --port-file port calibrated.safetensors >/dev/null 2>log &
server=$!
trap 'kill $server 2>/dev/null || true; rm -rf "$dir"' EXIT
wait_for port $server || fail "no server: $(cat log)"
answers "http://127.0.0.1:$(cat port)/v2/models/calibrated" >served
kill $server
wait $server || true
paste soft served | perl -ane 'abs($F[$_] - $F[4 + $_]) < 1e-6 or die "@F\n" for 0 .. 3' ||
    fail "the server answers otherwise"
# Under the same name it is another teacher, whose answers are not those of the first.
ask=(amkd-query -q -t model:named.safetensors --journal journal -o out part3.amkd)
cp student.safetensors named.safetensors
"${ask[@]}"
rm out
cp calibrated.safetensors named.safetensors
expect 1 "teacher" "${ask[@]}"

# What is asked goes by the logits; what is trained begins without a temperature.
for by in c1 margin entropy; do
    for model in student calibrated; do
        amkd-pool --single part3.amkd |
            amkd-score -q -s $model.safetensors --by $by -k 40 | amkd-cat -N - >$model.picks
        amkd-score -q -s $model.safetensors --by $by -k 40 --bought held-out.amkd |
            amkd-cat -N - >>$model.picks
    done
    cmp student.picks calibrated.picks || fail "--by $by: other picks"
done
amkd-train -q --init calibrated.safetensors --steps 1 -o trained.safetensors part2.amkd
! grep -aq amkd.temperature trained.safetensors || fail "a trained model has a temperature"
amkd-train -q -a 'fc 32 | relu | fc classes' --init calibrated.safetensors --steps 1 \
    -o trained.safetensors part2.amkd
! grep -aq amkd.temperature trained.safetensors || fail "a begun model has a temperature"

# The classes' figures as TSV.
amkd-eval -q -s student.safetensors -t model:teacher.safetensors --tsv part3.amkd >classes.tsv
[ "$(wc -l <classes.tsv)" = 9 ] || fail "$(cat classes.tsv)"
awk -F '\t' 'NF != 9 { exit 1 } $1 == "student" { n += $4; said += $5 }
    END { exit !(n == 300 && said == 300) }' classes.tsv || fail "$(cat classes.tsv)"

# Of answers the classes are those that were answered.
amkd-eval -q -s student.safetensors --tsv held-out.amkd >classes.tsv
amkd-eval -q -s student.safetensors --json held-out.amkd >classes.json
perl -MJSON::PP -0777 -e 'open my $file, "<", "classes.json";
    my $all = decode_json(<$file>);
    my ($n, $correct) = (0, 0);
    for my $class (@{$all->{per_class}}) {
        $n += $class->{n};
        $correct += $class->{correct};
        print join("\t", "student", $class->{class}, $class->{class}, $class->{n}, $class->{predicted},
            $class->{correct}), "\n";
    }
    die "$n answers of $all->{n}, $correct" unless
        $n == $all->{n} && abs($correct / $n - $all->{agreement}) < 1e-6' >rows
cut -f 1-6 classes.tsv | tail -n +2 | cmp - rows || fail "$(cat classes.tsv rows)"

# Figures that there are none of are not 0.
printf '\0\0\x8\1\0\0\0\4\0\0\2\2' >none-idx1-ubyte
printf '\0\0\x8\3\0\0\0\4\0\0\0\1\0\0\0\1aazz' >none-idx3-ubyte
amkd-import -q --class-names a,b,c --labels none-idx1-ubyte -o none.amkd none-idx3-ubyte
amkd-train -q -a 'fc classes' --steps 300 -o none.safetensors none.amkd
amkd-eval -q -s none.safetensors none.amkd >text
grep -qE '^b +0 +- +- +-$' text || fail "$(cat text)"
amkd-eval -q -s none.safetensors --tsv none.amkd | grep -qxP 'student\t1\tb\t0\t0\t0\t\t\t' ||
    fail "a class without images as TSV"
amkd-eval -q -s none.safetensors --json none.amkd | tr -d ' \n' >text
for key in recall precision f1; do
    grep -qE "\"$key\":null.*\"class\":\"b\"" text || fail "$key: $(cat text)"
done

calibrate=(amkd-eval -q -s student.safetensors --calibrate)
over='it would be written over'
expect 2 "$over" "${calibrate[@]}" ./student.safetensors held-out.amkd
ln -s student.safetensors link
expect 2 "$over" "${calibrate[@]}" link held-out.amkd
expect 2 "$over" "${calibrate[@]}" link --check held-out.amkd
expect 1 "is the model's own file: $over" amkd-eval -q -s "student.safetensors,arch=resnet20" \
    --calibrate link held-out.amkd
cmp student.safetensors kept || fail "the student's own file was written"
expect 1 "--calibrate is for labels" "${calibrate[@]}" out part3.amkd
expect 1 "expected labels" "${calibrate[@]}" out --check part3.amkd
"${calibrate[@]}" out --check held-out.amkd
[ ! -e out ] || fail "--check calibrates"
expect 1 "nonexistent" "${calibrate[@]}" nonexistent/out held-out.amkd
# Answers that are the student's own top classes want no temperature at all.
amkd-query -q --labels top1 -t model:student.safetensors -o sure.amkd part3.amkd
expect 1 "answers are all as sure as can be" "${calibrate[@]}" out sure.amkd
for wrong in '-t model:teacher.safetensors' '--answers held-out.amkd' --summary --tsv; do
    # shellcheck disable=SC2086
    expect 2 "${wrong%% *}" "${calibrate[@]}" out $wrong held-out.amkd
done
expect 2 "exclude each other" amkd-eval -s student.safetensors --json --tsv part3.amkd
expect 2 "name of a file" "${calibrate[@]}" - held-out.amkd
