#!/usr/bin/env bash
# amkd-pool on the command line: pairs, draws, shards, two sets, and what it refuses.
set -euo pipefail
unset "${!SLURM_ARRAY@}"
source "$SOURCE/tests/command.sh"

# raw N FILE: an image set of N images of 2 x 2, by way of an IDX file.
raw() {
    { printf '\0\0\x8\x3\0\0\0'; printf "\\x$(printf %x "$1")"
      printf '\0\0\0\x2\0\0\0\x2'; seq 1000 | head -c $(($1 * 4)); } >set-idx3-ubyte
    amkd-import --unlabeled -q -o "$2" set-idx3-ubyte
}
raw 20 real.amkd
raw 7 other.amkd

rows() { amkd-cat "$1" | tail -n +2; }

# All pairs, in order, from a file and from a pipe.
amkd-pool -q -o all.amkd real.amkd
amkd-pool -q <real.amkd >piped.amkd
for ((i = 0; i < 20; i++)); do for ((j = i + 1; j < 20; j++)); do
    printf '%d\t%d\n' $i $j
done; done >expected
rows all.amkd | cmp - expected || fail "all pairs in order"
rows piped.amkd | cmp - expected || fail "all pairs by pipe"
gzip -t all.amkd || fail "gzip -t"

# A draw has no pair twice, follows its seed, does not depend on --threads.
amkd-pool -q -n 100 --seed 5 --threads 1 -o a real.amkd
amkd-pool -q -n 100 --seed 5 --threads 2 -o b real.amkd
amkd-pool -q -n 100 --seed 6 -o c real.amkd
cmp a b || fail "the same seed gives the same bytes"
! cmp -s <(rows a) <(rows c) || fail "another seed gives other pairs"
[ "$(rows a | sort -u | wc -l)" = 100 ] || fail "100 distinct pairs"
amkd-pool -q -n 190 --seed 5 real.amkd >d
rows d | sort -n -k1,1 -k2,2 | cmp - expected || fail "all pairs drawn"

# Shards put together are the whole; their headers say which they are.
for count in 1 3 7 30; do # with 30, ten shards are empty
    for ((s = 0; s < count; s++)); do
        amkd-pool -q -n 20 --seed 5 --shard $s/$count real.amkd >part
        rows part
    done | cmp - <(rows a | head -20) || fail "$count shards"
done
amkd-pool -q --shard 1/3 real.amkd | amkd-cat --header - | tr -d ' \n' >header
grep -qF '"shard":{"count":3,"index":1}' header || fail "shard in the header"
grep -qF '"rows":63' header || fail "rows in the header"
grep -qF '"pool":190' header || fail "pool in the header"
grep -qF '"command":["amkd-pool","real.amkd"]' header || fail "command without --shard"
! amkd-cat --header all.amkd | grep -q shard || fail "a whole pool is no shard"

# A job of Slurm's array writes the part of its place there, or of its number.
job() { # ID COUNT MIN MAX STEP COMMAND...
    local variables=("SLURM_ARRAY_TASK_ID=$1" "SLURM_ARRAY_TASK_COUNT=$2"
        "SLURM_ARRAY_TASK_MIN=$3" "SLURM_ARRAY_TASK_MAX=$4" "SLURM_ARRAY_TASK_STEP=$5")
    shift 5
    env "${variables[@]}" "$@"
}
amkd-pool -q --shard 2/4 -o third real.amkd
job 9 4 3 12 3 amkd-pool -q --shard array -o part real.amkd
cmp part third || fail "the third job of an array"
job 2 1 2 2 1 amkd-pool -q --shard array/4 -o part real.amkd
cmp part third || fail "job 2 alone"
expect 2 "job 2 is alone in its array" job 2 1 2 2 1 amkd-pool --shard array -o out real.amkd
expect 2 "the 3 jobs from 1 to 7 of this array have gaps" \
    job 3 3 1 7 1 amkd-pool --shard array -o out real.amkd
expect 2 "have gaps" job 4 4 3 12 3 amkd-pool --shard array -o out real.amkd
expect 2 "job 4 is beyond the last" job 4 5 0 4 1 amkd-pool --shard array/4 -o out real.amkd
expect 2 "SLURM_ARRAY_TASK_COUNT is 'x'" job 0 x 0 4 1 amkd-pool --shard array -o out real.amkd
expect 2 "SLURM_ARRAY_TASK_ID is not set" amkd-pool --shard array -o out real.amkd

# Two sets: pairs that cross them.
amkd-pool -q -o cross real.amkd other.amkd
for ((i = 0; i < 20; i++)); do for ((j = 20; j < 27; j++)); do
    printf '%d\t%d\n' $i $j
done; done | cmp - <(rows cross) || fail "pairs across two sets"

# Single images, of both sets; the header says so, and the rows are checked by it.
amkd-pool -q --single -o single real.amkd other.amkd
for ((i = 0; i < 27; i++)); do printf '%d\t%d\n' $i $i; done | cmp - <(rows single) ||
    fail "single images in order"
[ "$(amkd-cat --check single)" = "single: pairs, 27 rows, ok" ] || fail "--check of --single"
amkd-cat --header single | grep -q '"single": true' || fail "single in the header"
! amkd-cat --header all.amkd | grep -q single || fail "a pool of pairs is not single"
amkd-pool -q --single -n 9 --seed 5 -o a real.amkd
[ "$(rows a | sort -u | wc -l)" = 9 ] || fail "9 distinct images"
for s in 0 1 2 3; do
    amkd-pool -q --single -n 9 --seed 5 --shard $s/4 real.amkd >part
    rows part
done | cmp - <(rows a) || fail "shards of single images"
amkd-pool -v --single -o a real.amkd 2>said
grep -qxF "amkd-pool: a pool of 20 of 20 images" said || fail "-v: $(cat said)"
expect 1 "cannot draw 21 images: there are 20" amkd-pool -q --single -n 21 -o out real.amkd

# Provenance: the runs that made both sets, then the pool's own.
tools=$(amkd-pool -q -n 3 real.amkd other.amkd 2>/dev/null | amkd-cat --header |
    sed -n 's/ *"tool": "\(.*\)",\{0,1\}/\1/p' | paste -sd' ')
[ "$tools" = "amkd-import amkd-import amkd-pool" ] || fail "provenance: $tools"

# Bad input and misuse.
raw 1 one.amkd
head -c 100 real.amkd >cut
expect 1 "1 images make no pair" amkd-pool -q -o out one.amkd
expect 1 "cannot draw 191 pairs: there are 190" amkd-pool -q -n 191 -o out real.amkd
expect 1 "cut" amkd-pool -q -o out cut
expect 1 "missing.amkd" amkd-pool -q -o out missing.amkd
expect 1 "all.amkd" amkd-pool -q -o out all.amkd
expect 1 "expected" amkd-pool -q -o out real.amkd expected
for shard in 3/3 1 /2 1/ -1/2 a/b 1/0 1/2x 99999999999999999999/2 array array/3 array/0 \
    array/x arrays; do
    expect 2 "--shard" amkd-pool --shard=$shard -o out real.amkd
done
expect 2 "--pairs" amkd-pool -n 0 -o out real.amkd
expect 2 "--seed" amkd-pool --seed 5 -o out real.amkd
expect 2 "nonsense" amkd-pool --nonsense -o out real.amkd
expect 2 "unexpected argument" amkd-pool -o out real.amkd real.amkd real.amkd
amkd-pool --help | grep -q -- --shard || fail "--help"
amkd-pool --version | grep -q amkd || fail "--version"

# Killed in mid-pipe: the reader sees a stream cut short, not an end.
raw 200 many.amkd
amkd-pool -q many.amkd | head -c 3000 >cut
! amkd-cat cut >/dev/null 2>&1 || fail "a stream cut short is no end"
