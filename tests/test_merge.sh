#!/usr/bin/env bash
# amkd-merge on the command line: shards scored apart give the bytes of the whole pool.
set -euo pipefail
source "$SOURCE/tests/command.sh"

# Sixty images of 2 x 2 by way of an IDX file. Scores by chance need no student.
{ printf '\0\0\x8\x3\0\0\0\x3c\0\0\0\x2\0\0\0\x2'; seq 1000 | head -c 240; } >set-idx3-ubyte
amkd-import --unlabeled -q -o real.amkd set-idx3-ubyte
score=(amkd-score -q --by random --seed 9)

# shards COUNT OPTION...: scores the pool in COUNT shards, into part0 ... .
shards() {
    local count=$1 s
    shift
    rm -f part*
    for ((s = 0; s < count; s++)); do
        amkd-pool -q -n 1500 --seed 3 --shard $s/$count real.amkd |
            "${score[@]}" "$@" -o part$s
    done
}

whole() { amkd-pool -q -n 1500 --seed 3 real.amkd | "${score[@]}" "$@"; }

for options in "-k 100" "-k 50 --max-per-image 2" "-k 1" "-k 1500" ""; do
    read -ra given <<<"$options"
    whole "${given[@]}" >whole.amkd
    for count in 1 4 7; do
        shards $count "${given[@]}"
        mapfile -t parts < <(printf '%s\n' part? | sort -r)
        amkd-merge -q -o merged.amkd "${parts[@]}"
        cmp merged.amkd whole.amkd || fail "$count shards with '$options'"
    done
done

# More shards than files may be open, unless the system allows no more.
shards 40 -k 20
whole -k 20 >whole.amkd
(ulimit -S -n 32 && amkd-merge -q -o merged.amkd part*) || fail "40 shards of 32 open files"
cmp merged.amkd whole.amkd || fail "40 shards"
rm merged.amkd
expect 1 "40 shards need 56 open files, the limit is 32 (ulimit -n)" \
    bash -c 'ulimit -n 32 && amkd-merge -q -o out part*'

# By pipe, several threads, one shard from stdin.
shards 3 -k 20
whole -k 20 >whole.amkd
amkd-merge -q --threads 2 part0 - part2 <part1 | cmp - whole.amkd || fail "by pipes"
amkd-merge -v part0 part1 part2 2>said | cmp - whole.amkd || fail "with -v"
grep -q "kept 20 of 60 picks" said || fail "-v: $(cat said)"

# What must not be merged.
expect 1 "part0' is shard 0 of 3, 2 were given" amkd-merge -q -o out part0 part1
expect 1 "are both shard 1" amkd-merge -q -o out part0 part1 part1
expect 1 "only the 20 lowest were kept" amkd-merge -q -k 21 -o out part0 part1 part2
expect 1 "a whole pool" amkd-merge -q -o out part0 part1 whole.amkd
amkd-pool -q -n 1500 --seed 4 --shard 2/3 real.amkd | "${score[@]}" -k 20 -o other
expect 1 'differ in their header'\''s "provenance"' amkd-merge -q -o out part0 part1 other
head -c 150 part2 >cut
expect 1 "cut" amkd-merge -q -o out part0 part1 cut
expect 1 "real.amkd" amkd-merge -q -o out part0 part1 real.amkd
expect 1 "missing" amkd-merge -q -o out part0 part1 missing
expect 2 "an argument is missing" amkd-merge -q -o out
expect 2 "--lowest" amkd-merge -q -k 0 -o out part0 part1 part2
