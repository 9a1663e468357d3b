#!/usr/bin/env bash
# amkd-train --metrics: an object a line, and what a training that goes on leaves of it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "FAILED: $*" >&2; exit 1; }

# 200 images of 2 x 2, bright ones and dark ones.
{ printf '\0\0\x8\x3\0\0\0\xc8\0\0\0\2\0\0\0\2'; printf '%.0s....zzzz' {1..100}; } >set-idx3-ubyte
{ printf '\0\0\x8\x1\0\0\0\xc8'; printf '%.0s\0\1' {1..100}; } >set-idx1-ubyte
amkd-import -q --labels set-idx1-ubyte -o set.amkd set-idx3-ubyte
train=(amkd-train -q -a 'fc classes' -b 50 --steps 3000 --threads 1)
field() { sed -n "s/.*\"$1\":\([^,}]*\).*/\1/p" "$2"; }

# What is written is what is said, and nothing else comes of it.
"${train[@]}" -o plain set.amkd
"${train[@]}" -v --val set.amkd --metrics log -o model set.amkd 2>said
cmp plain model || fail "another model with --metrics"
[ "$(wc -l <log)" -ge 3 ] && [ "$(wc -l <log)" = "$(grep -c ' step ' said)" ] || fail "$(cat log)"
! grep -vE '^\{"step":[0-9]+,"steps":3000,"epoch":[0-9.]+,"rate":[0-9.e-]+,"loss":[0-9.e-]+,"top":[01]\.[0-9]+,"val_loss":[0-9.e-]+,"val_top":[01]\.[0-9]+,"images_per_second":[0-9.e+]+,"seconds":[0-9.e-]+\}$' log ||
    fail "$(cat log)"
diff <(field step log) <(sed -n 's/.* step \([0-9]*\) of .*/\1/p' said) || fail "steps"
paste <(field loss log) <(sed -n 's/.* loss \([0-9.]*\),.*/\1/p' said) |
    awk '($1 - $2) ^ 2 > 1e-11 { exit 1 }' || fail "losses"
[ "$(field epoch log | tail -1)" = 750.0 ] && [ "$(field val_top log | tail -1)" = 1.0 ] ||
    fail "the end: $(tail -1 log)"
sort -c -g <(field seconds log) || fail "time runs back: $(field seconds log)"
# The share that teaches, where lessons are left out.
"${train[@]}" --metrics - --min-top 0.001 --assistant model -o student set.amkd >out
[ "$(field taught out | sort -u)" = 1.0 ] || fail "on stdout: $(cat out)"
# Begun anew without --resume, but not before there is something to write.
before=$(cat log)
! "${train[@]}" --metrics log -o model missing.amkd 2>stderr || fail "no images"
! "${train[@]}" --lr 1e6 --schedule constant --optimizer sgd --momentum 0 --metrics log \
    --val missing.amkd -o model set.amkd 2>stderr || fail "no validation"
[ "$(cat log)" = "$before" ] || fail "a training that did not begin took the log of the last"
"${train[@]}" --metrics log -o model set.amkd
diff <(field step log) <(sed -n 's/.* step \([0-9]*\) of .*/\1/p' said) || fail "begun anew"

# Resumed: the steps before the checkpoint's stay, those behind it come again, once.
cp log whole
"${train[@]}" --checkpoint state --checkpoint-seconds 0 --metrics log -o full set.amkd
# The last checkpoint is of a step before the end: the lines behind it are dropped.
printf '{"step":29' >>log
"${train[@]}" --resume state --metrics log -o resumed set.amkd
cmp full resumed || fail "resumed to other weights"
field step log | sort -n | uniq -d | grep . && fail "steps twice: $(cat log)"
sort -c -n <(field step log) || fail "order of steps: $(cat log)"
[ "$(field step log | tail -1)" = 3000 ] && [ "$(field step log | head -1)" = "$(field step whole | head -1)" ] ||
    fail "resumed: $(cat log)"
sort -c -g <(field seconds log) || fail "time runs back: $(cat log)"
# A file that is no log stays as it is; none at all begins.
printf 'my letters\n' >letters
! "${train[@]}" --resume state --metrics letters -o resumed set.amkd 2>stderr || fail "letters"
grep -qF "'letters': line 1 is none of --metrics" stderr && [ "$(cat letters)" = 'my letters' ] ||
    fail "letters: $(cat letters stderr)"
sed 's/"steps":[0-9]*/"steps":99999/' log >foreign
cp foreign kept
! "${train[@]}" --resume state --metrics foreign -o resumed set.amkd 2>stderr || fail "foreign"
grep -qF "'foreign': line 1 is of a training of 99999 steps" stderr && cmp foreign kept ||
    fail "foreign: $(cat stderr)"
# Without it, too; nor does it take what the training reads or writes.
! "${train[@]}" --metrics letters -o never set.amkd 2>stderr || fail "letters, anew"
[ "$(cat letters)" = 'my letters' ] && [ ! -e never ] || fail "letters, anew: $(cat stderr)"
got=0
"${train[@]}" --metrics set.amkd -o never set.amkd 2>stderr || got=$?
[ $got = 2 ] && grep -q "written over" stderr || fail "the images as a log: $got, $(cat stderr)"
"${train[@]}" --resume state --metrics new -o resumed set.amkd
[ "$(field step new | tail -1)" = 3000 ] && [ "$(wc -l <new)" -lt "$(wc -l <whole)" ] ||
    fail "a new log of a resumed training: $(cat new)"

# A training that diverges says so in a last line, also where that is the only one.
for again in 1 2; do # begun anew, over its own line
    got=0
    amkd-train -q -a 'fc classes' -b 50 --lr 1e6 --weight-decay 1 --schedule constant --optimizer sgd \
        --momentum 0 --steps 3000 --threads 1 --val set.amkd --metrics diverged -o never set.amkd \
        2>stderr || got=$?
    [ $got = 1 ] && [ ! -e never ] || fail "a diverging training: $got"
    [ "$(wc -l <diverged)" = 1 ] || fail "diverged: $(cat diverged)"
    grep -qE '^\{"step":[0-9]+,"steps":3000,.*"loss":null,"top":null,"diverged":true,' diverged ||
        fail "diverged: $(cat diverged)"
    [ "$(field step diverged)" = "$(sed -n 's/.* at step \([0-9]*\) .*/\1/p' stderr)" ] ||
        fail "diverged: $(cat diverged stderr)"
    ! grep -q val diverged || fail "weights that are none were measured"
done

# Where it cannot be written nothing is trained, or the training ends.
! "${train[@]}" --metrics none/log -o never set.amkd 2>stderr || fail "no folder"
grep -q "none/log" stderr || fail "$(cat stderr)"
! "${train[@]}" --metrics /dev/full -o never set.amkd 2>stderr || fail "a full disk"
grep -qF "'/dev/full': No space left on device" stderr || fail "$(cat stderr)"
[ ! -e never ] || fail "a model of a training that failed"
got=0
"${train[@]}" --metrics - set.amkd >out 2>stderr || got=$?
[ $got = 2 ] && [ ! -s out ] || fail "model and metrics on stdout: $got"
