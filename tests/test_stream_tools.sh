#!/bin/bash
# Streams under other people's tools: gzip, bgzip, NumPy by the manual's own reader, head.
set -euo pipefail
for tool in amkd-import amkd-pool amkd-cat bgzip; do
    command -v "$tool" >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
data=/usr/share/datasets/fashion-mnist/t10k
[ -e $data-images-idx3-ubyte.gz ] || { echo "skipped: no Fashion-MNIST"; exit 77; }
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"

fail()
{
    echo "FAILED: $*" >&2
    exit 1
}

amkd-import --limit 300 -q -o images.amkd $data-images-idx3-ubyte.gz
amkd-pool -q -o pairs.amkd images.amkd
[ "$(amkd-cat pairs.amkd | wc -l)" = 44851 ] || fail "300 images make 44850 pairs"

for file in images.amkd pairs.amkd; do
    gzip -t <"$file" || fail "gzip -t $file"
    bgzip -t "$file" || fail "bgzip -t $file"
    bgzip -dc "$file" | cmp - <(zcat <"$file") || fail "bgzip -d $file"
    [ "$(zcat <"$file" | head -c 4)" = AMKD ] || fail "zcat $file"
    # What bgzip packs is a stream again.
    zcat <"$file" | bgzip -c >again.amkd
    cmp <(amkd-cat again.amkd) <(amkd-cat "$file") || fail "a stream packed by bgzip"
done
# The manual knows every key of the headers, and every field.
amkd-score -q --by random -k 9 -o picks.amkd pairs.amkd
for file in images.amkd pairs.amkd picks.amkd; do
    amkd-cat --header $file | tr -d '\n' | grep -oE '"[a-z_]+" *:|\["[a-z]+"' | tr -d '":[ ' | sort -u |
        while read -r key; do
            grep -qE "^\.(It )?Li (.* , )?$key( |\$)" "$SOURCE/tools/man/amkd-stream.5" ||
                fail "amkd-stream.5 does not know '$key' of $file"
        done
done
# What plain gzip packs is not.
zcat <pairs.amkd | gzip -c >plain.amkd
if amkd-cat plain.amkd >out 2>err; then fail "a stream packed by gzip was read"; fi
grep -q "'plain.amkd': at byte 0: not a BGZF block" err || fail "message: $(cat err)"

# A reader that leaves early: who writes a stream says so and fails, who prints is ended as
# programs of the shell are, and nobody hangs.
set +eo pipefail
amkd-pool -q images.amkd 2>err | head -c 10 >/dev/null
pool=${PIPESTATUS[0]}
amkd-cat <pairs.amkd 2>/dev/null | head -n 2 >head.tsv
cat=${PIPESTATUS[0]}
set -eo pipefail
[ "$pool $cat" = "1 141" ] && grep -q 'stdout: Broken pipe' err || fail "$pool, $cat: $(cat err)"
[ "$(wc -l <head.tsv)" = 2 ] || fail "amkd-cat | head"

status=0
amkd-pool -q images.amkd >/dev/full 2>err || status=$?
[ $status = 1 ] || fail "a full disk gave status $status"
grep -q "amkd-pool: .*stdout.*: No space left on device" err || fail "message: $(cat err)"

for python in python3 /usr/bin/python3; do
    "$python" -c 'import numpy' 2>/dev/null || continue
    # shellcheck disable=SC2016
    sed -n '/^.Sh A READER IN PYTHON/,/^.Ed/p' "$SOURCE/tools/man/amkd-stream.5" |
        sed '/^\.[A-Z]/d; s/\\e/\\/g; s/^\\&//' >reader.py
    [ "$("$python" reader.py pairs.amkd)" = "pairs 44850 [(0, 1)]" ] || fail "reader.py pairs"
    [[ "$("$python" reader.py images.amkd)" = "images 300 "* ]] || fail "reader.py images"
    head -c -28 pairs.amkd >cut.amkd
    if "$python" reader.py cut.amkd 2>err; then fail "reader.py read a stream cut short"; fi
    exit 0
done
echo "no NumPy: the manual's reader was not tried"
