#!/usr/bin/env bash
# amkd-score that is killed goes on from its checkpoint and picks what it would have picked;
# a checkpoint of another scoring is refused, and it is said in what it differs.
# shellcheck disable=SC2086 # ways are several words
set -euo pipefail
. "$SOURCE/tests/command.sh"
. "$SOURCE/tests/waiting.sh"
. "$SOURCE/tests/scored_set.sh"
. "$SOURCE/tests/several_devices.sh"

same() { cmp "$1" "$2" || fail "$1 and $2 differ ($3)"; }
score() { amkd-score -q -s student-60 "$@"; }
# told STATE KEY: what the header of a checkpoint says of how far it has come.
told() { amkd-cat --header "$1" | sed -n "s/^ *\"$2\": \([0-9a-z]*\),\{0,1\}$/\1/p" | tail -n 1; }

# The pairs, but the last quarter waits for the gate: so there is a checkpoint before the
# end, however slow or fast the scoring is.
nbytes=$(($(stat -c %s pairs.amkd) * 3 / 4))
gated() {
    head -c $nbytes pairs.amkd
    wait_for gate
    tail -c +$((nbytes + 1)) pairs.amkd
}

echo "# killed, and on"
for way in "-k 300" "-k 300 --max-per-image 7" "--by entropy -k 300 --noise 1 --seed 4" \
    "-k 300 --refine 2 --coarse 3 --random-share 0.2 --max-per-image 7" \
    "-k 199 --max-per-image 2 --refine 2 --coarse 3 --refine-sample 0" \
    "--by random -k 300" "-k 100 --diverse 3"; do
    rm -f state gate out
    score $way -o whole pairs.amkd
    amkd-score -q -s student-60 $way --checkpoint state --checkpoint-seconds 0 -o out \
        <(gated 2>/dev/null) &
    wait_for state
    kill -9 $!
    wait $! 2>/dev/null || true
    echo open >gate
    [ ! -e out ] || fail "$way: it was done"
    cp state first
    [ "$way" != "-k 300" ] || cp state early
    n=$(told state read)
    ((n > 0 && n < npairs)) || fail "$way: the checkpoint is of $n pairs"
    score $way --resume state --checkpoint state --checkpoint-seconds 0 -o out pairs.amkd
    same out whole "$way"
    [ -e state ] || fail "$way: the checkpoint is gone"
    [ -z "$(find . -name 'state?*')" ] || fail "left: $(find . -name 'state?*')"
    score $way --resume first -v -o out pairs.amkd 2>said
    same out whole "$way, again"
    grep -q " picks of $npairs pairs, 0 asked before" said || fail "$way: $(cat said)"
done

echo "# what lies before a checkpoint is not scored again"
amkd-score -v -s student-60 -k 300 --resume early -o out pairs.amkd 2>said
n=$(told early read)
grep -q " $(((npairs - n) * 11)) mixes, engine" said || fail "behind $n pairs: $(cat said)"
rm out

echo "# from each checkpoint of both passes"
# Into a pipe a checkpoint is written when somebody reads it: nothing goes on before. The next
# one may begin before the pipe was closed: the first ends with the first empty block.
first_of() {
    local end='\x1f\x8b\x08\x04\x00{5}\xff\x06\x00BC\x02\x00\x1b\x00\x03\x00{9}' at
    at=$(LC_ALL=C grep -obUaP "$end" "$1" | head -n 1 | cut -d : -f 1)
    head -c $((at + 28)) "$1"
}
way="-k 300 --refine 4 --coarse 3 --refine-sample 4000 --max-per-image 9"
score $way -o whole pairs.amkd
rm -f out
mkfifo pipe
amkd-score -q -s student-60 $way --checkpoint pipe --checkpoint-seconds 0 -o out pairs.amkd &
for ((c = 0, nfine = 0; nfine < 2; c++)); do
    timeout 60 cat pipe >read || fail "no checkpoint $c"
    first_of read >state-$c
    [ "$(told state-$c fine)" = false ] || nfine=$((nfine + 1))
done
kill -9 $! || true # it may be done: its checkpoints are not
wait $! 2>/dev/null || true
rm -f out
((c >= 4)) || fail "only $c checkpoints"
n=$(told state-$((c - 1)) read_fine)
((n > $(told state-$((c - 2)) read_fine) && n < 5000)) || fail "read in the fine pass: $n"
for state in state-0 state-$((c - 3)) state-$((c - 2)) state-$((c - 1)); do
    score $way --resume $state -o out pairs.amkd
    same out whole "$state of $c"
    rm out
done

if have_both; then
    echo "# several devices"
    both amkd-score -q -s student-60 $way -d 0,1 --checkpoint two --checkpoint-seconds 0 \
        --resume state-0 -o out pairs.amkd
    same out whole "two devices"
    score $way --resume two -o out pairs.amkd
    same out whole "one device that goes on from two"
    rm out
fi

echo "# a checkpoint of another scoring"
rm -f gate
amkd-score -q -s student-60 -k 300 --noise 1 --seed 4 --checkpoint state \
    --checkpoint-seconds 0 -o out pairs.amkd
rm out
amkd-score -q --by random -k 30 pairs.amkd |
    amkd-query -q -t model:student-60 -o asked.amkd
amkd-pool -q -n 10000 --seed 1 -o some.amkd real.amkd
amkd-pool -q -n 10000 --seed 2 -o others.amkd real.amkd
# refused KEY OPTION...: because of this key.
refused() {
    local key=$1
    shift
    expect 1 "'state': the checkpoint is of another scoring: its \"$key\" is" \
        amkd-score -q --resume state -o out "$@"
}
noise=(--noise 1 --seed 4)
refused student -s student-61 -k 300 "${noise[@]}" pairs.amkd
refused k -s student-60 -k 299 "${noise[@]}" pairs.amkd
refused noise -s student-60 -k 300 --noise 1.5 --seed 4 pairs.amkd
refused noise -s student-60 -k 300 pairs.amkd
refused by -s student-60 --by entropy -k 300 "${noise[@]}" pairs.amkd
refused lambdas -s student-60 --lambda 0.4,0.5 -k 300 "${noise[@]}" pairs.amkd
refused max_per_image -s student-60 -k 300 --max-per-image 9 "${noise[@]}" pairs.amkd
refused random_share -s student-60 -k 300 --random-share 0.1 "${noise[@]}" pairs.amkd
refused exclude -s student-60 -k 300 --exclude asked.amkd "${noise[@]}" pairs.amkd
refused pool -s student-60 -k 300 "${noise[@]}" some.amkd
refused refine -s student-60 -k 300 --refine 2 "${noise[@]}" pairs.amkd
refused diverse -s student-60 -k 300 --diverse 2 "${noise[@]}" pairs.amkd
score -k 300 --checkpoint state --checkpoint-seconds 0 -o out some.amkd
rm out
expect 1 "'others.amkd': the first $(told state read) pairs are not those that 'state' is of" \
    amkd-score -q -s student-60 -k 300 --resume state -o out others.amkd

echo "# no checkpoint"
head -c -1 state >short
head -c 700 state >shorter
{ cat state; echo; } >longer
perl -0777 -pe 'substr($_, length($_) / 2, 1) ^= "\x10"' state >damaged
: >empty
for file in none empty short shorter longer damaged student-60 pairs.amkd whole; do
    expect 1 "'$file'" amkd-score -q -s student-60 -k 300 --resume $file -o out some.amkd
done

echo "# misuse"
for option in checkpoint resume; do
    expect 2 "--$option needs -k" amkd-score -s student-60 --$option state -o out some.amkd
    expect 2 "--$option is not for --bought" amkd-score -s student-60 -k 3 \
        --bought asked.amkd --$option state -o out
done
expect 2 "--checkpoint-seconds needs --checkpoint" \
    amkd-score -s student-60 -k 3 --checkpoint-seconds 3 -o out some.amkd
