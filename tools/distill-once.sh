#!/usr/bin/env bash
# A network that several runs of amkd-distill would train alike is trained by the first of
# them; the others wait for it and copy it.
# Usage: distill-once.sh DIR OUTPUT COMMAND... <WHAT IT IS MADE WITH
set -euo pipefail
dir=$1 output=$2
shift 2
kept=$({ cat && basename "$output"; } | sha256sum)
kept=$dir/${kept:0:24}.${output##*.}
mkdir -p "$dir"
exec 8>"$kept.lock"
flock 8
if [ -e "$kept" ]; then
    cp "$kept" "$output.part"
    mv "$output.part" "$output"
else
    "$@" 8>&-
    cp "$output" "$kept.part"
    mv "$kept.part" "$kept"
fi
