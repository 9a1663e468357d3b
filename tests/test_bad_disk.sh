#!/usr/bin/env bash
# Outputs that cannot be written, disks that are full, and tools killed in mid-pipe: every
# tool says so, and leaves nothing that looks whole.
set -euo pipefail
. "$SOURCE/tests/bad_input.sh"

# Each tool that writes, without its output.
writers=(
    "amkd-import -q real-images-idx3-ubyte"
    "amkd-pool -q real.amkd"
    "amkd-score -q -s model -k 5 pairs.amkd"
    "amkd-score -q -s model pairs.amkd"
    "amkd-merge -q picks.amkd"
    "amkd-query -q -t model:model picks.amkd"
    "amkd-train -q -a mlp --steps 1 labels.amkd"
    "amkd-eval -q -s model labeled.amkd"
    "amkd-export --to onnx model"
    "amkd-export --to c model"
    "amkd-cat pairs.amkd"
    "amkd-cat --header pairs.amkd"
    "amkd-cat -f npy pairs.amkd"
)

echo "# an output that cannot be opened"
mkdir folder
for writer in "${writers[@]}" "amkd-cat pairs.amkd --png"; do
    option=-o
    [ "${writer##* }" != --png ] || option=
    expect 1 "'none/out': cannot write a file in its directory: No such file" \
        $writer $option none/out
    expect 1 "'folder': Is a directory" $writer $option folder
    expect 1 "'model/out': Not a directory" $writer $option model/out
done
# One of which nothing would be written for half a minute.
for writer in "amkd-train -q -a mlp --steps 1 labels.amkd" \
    "amkd-score -q --by random -k 1 pairs.amkd"; do
    expect 1 "'none/state': cannot write a file in its directory: No such file" \
        $writer --checkpoint none/state -o out
    expect 1 "'folder': Is a directory" $writer --checkpoint folder -o out
done
[ -z "$(ls -A folder)" ] || fail "files in folder"
# A file that is there stays as it was when the tool fails.
cp picks.amkd kept
head -c 300 pairs.amkd >cut
expect 1 "'cut'" amkd-pool -q -o kept cut
cmp kept picks.amkd || fail "a failed tool changed its output"

echo "# a full disk"
for writer in "${writers[@]}"; do
    got=0
    $writer >/dev/full 2>stderr || got=$?
    [ $got = 1 ] || fail "'$writer >/dev/full' ended with $got"
    grep -q "stdout: No space left on device" stderr || fail "$writer: $(cat stderr)"
done
for command in "amkd-devices" "amkd-devices --json" "amkd-cat --check picks.amkd" \
    "amkd-pool --help" "amkd-train --version"; do
    got=0
    $command >/dev/full 2>stderr || got=$?
    [ $got = 1 ] || fail "'$command >/dev/full' ended with $got"
done
images large 3000 4 4
mkdir disk
if mount -t tmpfs -o size=64k tmpfs disk 2>stderr; then
    trap 'cd /; umount "$dir/disk"; rm -rf "$dir"' EXIT
    dd if=/dev/zero of=disk/filler bs=4k 2>stderr || true
    for writer in "${writers[@]}"; do
        expect 1 "'disk/out': No space left on device" $writer -o disk/out
    done
    expect 1 "'disk/out': No space left on device" amkd-cat --png disk/out pairs.amkd
    expect 1 "'disk/state': No space left on device" amkd-train -q -a mlp --steps 300 \
        --checkpoint disk/state --checkpoint-seconds 0 -o out labels.amkd
    expect 1 "'disk/state': No space left on device" amkd-score -q --by random -k 1 \
        --checkpoint disk/state --checkpoint-seconds 0 -o out pairs.amkd
    # Full in the middle: 24 KiB are there, the pairs take megabytes.
    truncate -s 40k disk/filler
    expect 1 "'disk/out': No space left on device" amkd-pool -q -o disk/out large.amkd
    expect 1 "'disk/out': No space left on device" amkd-cat -o disk/out large.amkd
    [ "$(ls -A disk)" = filler ] || fail "on the full disk is: $(ls -A disk)"
    # Answers that were paid for are kept, and the rest is asked when there is room.
    append=(amkd-query -q --append --batch 50 -o disk/labels.amkd
        -t "exec:perl teacher.pl honest log" large.amkd)
    expect 1 "'disk/labels.amkd': No space left on device" "${append[@]}"
    [ "$(wc -l <log)" -lt 3000 ] || fail "all was asked before the disk was full"
    rm disk/filler
    mount -o remount,size=1m disk
    "${append[@]}"
    [ "$(amkd-cat --check disk/labels.amkd)" = "disk/labels.amkd: labels, 3000 rows, ok" ]
    [ "$(wc -l <log)" -le 3050 ] || fail "$(wc -l <log) questions for 3000 answers"
else
    echo "not tested: disks that fill up (no tmpfs can be mounted: $(cat stderr))"
fi
(
    ulimit -f 8
    amkd-pool -q -o out large.amkd 2>stderr && fail "a file beyond the limit of its size"
    grep -q "'out': File too large" stderr || fail "too large: $(cat stderr)"
)
[ -z "$(find . -name 'out' -o -name '*.tmp')" ] || fail "a file too large was left"

echo "# standard files that are closed"
got=0
timeout 20 amkd-pool -q <&- >stdout 2>stderr || got=$?
[ $got = 1 ] && grep -q "'stdin': Bad file descriptor" stderr || fail "<&-: $got, $(cat stderr)"
got=0
amkd-pool -q real.amkd >&- 2>stderr || got=$?
[ $got = 1 ] && grep -q "stdout: Bad file descriptor" stderr || fail ">&-: $got, $(cat stderr)"
amkd-pool -q -o written real.amkd <&- >&- 2>&-
cmp written pairs.amkd || fail "all three closed"
got=0
amkd-pool -q -o kept cut <&- >&- 2>&- || got=$?
[ $got = 1 ] || fail "a failure with all three closed ended with $got"
cmp kept picks.amkd || fail "a message went into the output"

echo "# killed in mid-pipe: what came through does not look whole"
# killed READER WRITER...: the writer is killed when 100 bytes have left it.
killed() {
    local tool=$1
    shift
    rm -f pipe
    mkfifo pipe
    "$@" >pipe 2>/dev/null &
    local writer=$!
    { dd bs=100 count=1 iflag=fullblock 2>/dev/null && kill -9 $writer && cat; } <pipe >cut
    wait $writer 2>/dev/null && fail "'$*' was not killed"
    expect 1 "'cut': cut short " ${reader[$tool]} cut
    expect 1 "'stdin': cut short " ${reader[$tool]} - <cut
}
images larger 60000 4 4
amkd-pool -q -o many.amkd large.amkd
killed pool amkd-import -q larger-images-idx3-ubyte
killed score amkd-pool -q large.amkd
killed random amkd-pool -q large.amkd
killed query amkd-score -q --by random many.amkd
killed merge amkd-score -q --by random many.amkd
killed train amkd-query -q -t "exec:perl teacher.pl" larger.amkd
killed cat amkd-query -q -t "exec:perl teacher.pl" larger.amkd

# An OpenCL driver may handle signals, too.
echo "# ended by a signal: nothing is left; by SIGKILL: until the next run"
mkdir ended
rm -f pipe
mkfifo pipe
for signal in TERM HUP KILL; do
    amkd-score -q -s model -o ended/out pipe &
    scorer=$!
    exec 9>pipe
    cat pairs.amkd >&9
    # The file that it writes in the end, not the one that it tries out first.
    for ((tries = 0; tries < 600; tries++)); do
        temp=$(find ended -name '*.tmp')
        sleep 0.2
        [ -z "$temp" ] || [ ! -e "$temp" ] || break
    done
    [ -e "$temp" ] || fail "amkd-score opens no file"
    kill -$signal $scorer
    wait $scorer 2>/dev/null && fail "SIG$signal did not end it"
    exec 9>&-
    [ $signal = KILL ] || [ -z "$(ls -A ended)" ] || fail "SIG$signal leaves $(ls -A ended)"
done
[ "$(find ended -name '.out.*.tmp')" = "$temp" ] || fail "killed, it left $(ls -A ended)"
amkd-score -q -s model -o ended/out pairs.amkd
[ "$(ls -A ended)" = out ] || fail "the next run leaves $(ls -A ended)"

echo "# one that fails pulls down all behind it"
# pipe STATUSES: of a pipeline of four whose first reads \$first.
pipe() {
    set +eo pipefail
    amkd-pool -q $first | amkd-score -q -s $student -k "$k" |
        amkd-query -q -t "$teacher" | amkd-train -q -a mlp --steps 1 -o out
    local got="${PIPESTATUS[*]}"
    set -eo pipefail
    [ "$got" = "$1" ] || fail "the pipeline ended with $got, not $1"
    [ ! -e out ] || [ "$1" = "0 0 0 0" ] || fail "a failed pipeline left an output"
}
first=real.amkd student=model k=9 teacher=model:model
first=none.amkd pipe "1 1 1 1" 2>/dev/null
student=none pipe "0 1 1 1" 2>/dev/null
k=67 pipe "0 1 1 1" 2>/dev/null
teacher="exec:exit 3" pipe "0 0 1 1" 2>/dev/null
pipe "0 0 0 0"

echo "# what amkd-distill prints"
for option in --help --version --options --parameters; do
    got=0
    amkd-distill $option IMAGES=a TEACHER=b BUDGET=5 >/dev/full 2>stderr || got=$?
    [ $got = 1 ] && [ "$(cat stderr)" = "amkd-distill: stdout: it cannot be written" ] ||
        fail "amkd-distill $option: $got, $(cat stderr)"
done

echo "# paid answers are not written over"
cp labels.amkd paid.amkd
for command in "amkd-train -q -a mlp --steps 1 -o paid.amkd" "amkd-eval -q -s model -o paid.amkd" \
    "amkd-eval -q -s model --calibrate paid.amkd" "amkd-eval -q -s model --profile paid.amkd" \
    "amkd-cat -o paid.amkd"; do
    got=0
    $command paid.amkd >stdout 2>stderr || got=$?
    [ $got = 2 ] && grep -qF "'paid.amkd' is what an argument names, too" stderr ||
        fail "$command paid.amkd: $got, $(cat stderr)"
done
cmp labels.amkd paid.amkd
