#!/usr/bin/env bash
# What score.sbatch and merge.sbatch do, by GNU parallel, on this machine or, by --sshloginfile
# and the like, on others that see the same files.
# Usage: score-parallel.sh PARTS DIR IMAGES PICKS OPTION...
#   OPTION... those of amkd-score, -s STUDENT -k K at least
# Options of amkd-pool come by the variable POOL, those of parallel by PARALLEL. Run again, it
# runs those parts that are not there, or were made with other options.
set -euo pipefail
[ $# -gt 4 ] || { sed -n '2,/^[^#]/s/^# //p' "$0" && exit 2; }
parts=$1 dir=$2 images=$3 picks=$4
shift 4
mkdir -p "$dir"
# shellcheck disable=SC2016 # for the shell of each job
score='part=$1 parts=$2 dir=$3 images=$4 pool=$5
shift 5
printf "%s\n" "$parts" "$images" "$pool" "$@" >"$dir/part-$part.options"
amkd-pool -q $pool --shard "$part/$parts" "$images" | amkd-score -q "$@" -o "$dir/part-$part.amkd"'
files=() missing=()
for ((i = 0; i < parts; i++)); do
    files+=("$dir/part-$i.amkd")
    cmp -s "$dir/part-$i.options" <(printf '%s\n' "$parts" "$images" "${POOL:- }" "$@") &&
        [ -e "$dir/part-$i.amkd" ] || missing+=("$i")
done
[ ${#missing[@]} = 0 ] || printf '%s\n' "${missing[@]}" | parallel -q \
    bash -o pipefail -c "$score" score {} "$parts" "$dir" "$images" "${POOL:- }" "$@"
amkd-merge -q -o "$picks" "${files[@]}"
