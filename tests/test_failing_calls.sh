#!/usr/bin/env bash
# Every OpenCL entry that the tools call fails in the middle of a run (tests/driver): the
# run ends with a message and exit status 1, leaves no output, loses no answer and no step,
# and the same command goes on to what an undisturbed run comes to.
set -euo pipefail
. "$SOURCE/tests/command.sh"
. "$SOURCE/tests/driver.sh"

echo "# the driver stands before every entry that a tool calls"
for tool in "$BUILD"/tools/amkd-*; do
    nm -D --undefined-only "$tool" 2>/dev/null || true
done | sed -n 's/.* U \(cl[A-Z][A-Za-z]*\).*/\1/p' | sort -u >entries
nm -D --defined-only "$driver" | sed -n 's/.* T \(cl[A-Z][A-Za-z]*\)$/\1/p' | sort >known
(($(wc -l <entries) > 30)) || fail "the tools call $(wc -l <entries) entries"
[ -z "$(comm -23 entries known)" ] || fail "not in tests/driver: $(comm -23 entries known)"

# Calls without which a run may come to the same: those that let go of something, of which a
# remark is made, and those of programs, which are tried twice or only save time.
tidying="clReleaseContext clReleaseCommandQueue clReleaseMemObject clReleaseEvent \
clReleaseProgram clReleaseKernel clFinish clWaitForEvents"
twice="clCreateProgramWithSource clBuildProgram clCreateProgramWithBinary clGetProgramInfo \
clRetainProgram"
codes=(CL_OUT_OF_RESOURCES CL_DEVICE_NOT_AVAILABLE CL_MEM_OBJECT_ALLOCATION_FAILURE
    CL_OUT_OF_HOST_MEMORY)

perl -e 'open my $file, ">", "some-images-idx3-ubyte";
    print $file pack "N4", 0x803, 40, 8, 8;
    srand 1;
    print $file pack "C*", map { int rand 256 } 1 .. 40 * 64;
    open $file, ">", "some-labels-idx1-ubyte";
    print $file pack "N2", 0x801, 40;
    print $file pack "C*", map { $_ % 3 } 1 .. 40;'
amkd-import -q -o some.amkd some-images-idx3-ubyte
amkd-train -q -a 'conv 4 k3 | relu | fc classes' --steps 5 -o model some.amkd
amkd-pool -q -o pairs.amkd some.amkd
mkdir begun # what a run finds

# run [NAME=VALUE]...: the command in a folder of its own, where it writes "out".
run() {
    local status=0
    (cd run && env "$@" "${command[@]}") >stdout 2>stderr || status=$?
    return $status
}
begin() { rm -rf run && cp -r begun run; }

is_among() { [[ " $2 " == *" $1 "* ]]; }

# Whether what came to pass is told: by what failed, or in a remark, or by the engine that
# was taken instead.
is_told() { # STATUS CALL CODE
    case $1 in
    1) [ "$(grep -c "^${command[0]}: .*$3" stderr)" = 1 ] ;;
    0) is_among "$2" "$twice" || grep -q "warning: $2: $3" stderr ||
        grep -q "engine: layered (fused: .*: $3" stderr ;;
    *) false ;; # a crash, or what a sanitizer found
    esac
}

nfailed=0
# fault VARIABLE CALL N CODE: the run with that fault, and, where it failed, once more.
fault() {
    local what="$name: $1 $2, call $3, $4" status=0
    begin
    run LD_PRELOAD="$driver" "$1=$2:$3:$4" || status=$?
    is_told $status "$2" "$4" || fail "$what: exit status $status, says: $(cat stderr)"
    [ ! -s stdout ] || fail "$what: wrote to stdout"
    [ -z "$(find run -name '*.tmp')" ] || fail "$what: left $(find run -name '*.tmp')"
    if [ $status = 1 ]; then
        nfailed=$((nfailed + 1))
        [ ! -e run/out ] || [ -n "$late" ] || fail "$what: left an output"
        $again || return 0
        run || fail "$what: not done again: $(cat stderr)"
    else
        is_among "$2" "$tidying $twice" || grep -q 'engine: layered' stderr ||
            fail "$what: exit status 0"
    fi
    cmp run/out expected || fail "$what: another result"
}

places() { printf '%s\n' $((($1 + 1) / 2)) "$1" | uniq; } # of N calls

# failing NAME COMMAND...: each entry that the command calls fails in the middle and at its
# last call, and the device is lost at these launches. again: runs that failed are done
# again; late: what fails last finds the output written.
failing() {
    local name=$1 call n at
    command=("${@:2}")
    begin
    run || fail "$name: $(cat stderr)" # what is compiled is in the caches
    begin
    run LD_PRELOAD="$driver" DRIVER_COUNTS="$dir/counts" || fail "$name: $(cat stderr)"
    mv run/out expected
    cut -d' ' -f1 counts >>called
    while read -r call n; do
        for at in $(places "$n"); do
            fault DRIVER_FAIL "$call" "$at" "${codes[nfailed % ${#codes[@]}]}"
        done
    done < <(sort counts)
    for at in $(places "$(sed -n 's/^clEnqueueNDRangeKernel //p' counts)"); do
        fault DRIVER_LOST clEnqueueNDRangeKernel "$at" CL_DEVICE_NOT_AVAILABLE
    done
    echo "# $name: $nfailed failing calls until here"
}

again=true late=
echo "# a training goes on from its checkpoint"
training=(amkd-train -q -a 'conv 4 k3 | relu | maxpool 2 | fc classes' --steps 700 -b 8
    --checkpoint state --checkpoint-seconds 0 -o out)
! driven DRIVER_LOST=clEnqueueReadBuffer:9:CL_OUT_OF_RESOURCES "${training[@]}" some.amkd \
    2>stderr || fail "a device that is lost"
mv state begun
failing training "${training[@]}" --resume state ../some.amkd
rm begun/state

echo "# a teacher's answers are in its journal"
asking=(amkd-query -q -t model:../model --batch 8 --journal journal -o out ../some.amkd)
failing query "${asking[@]}"
# Five batches are read back; answers that came are not asked for again.
for batch in 1 3 5; do
    begin
    ! run LD_PRELOAD="$driver" DRIVER_LOST=clEnqueueReadBuffer:$batch:CL_OUT_OF_RESOURCES ||
        fail "a device lost at batch $batch"
    n=0
    [ "$batch" = 1 ] || n=$(amkd-cat run/journal/answers.amkd | tail -n +2 | wc -l)
    [ "$n" = $((8 * (batch - 1))) ] || fail "a device lost at batch $batch: $n answers"
    run LD_PRELOAD="$driver" DRIVER_COUNTS="$dir/counts" || fail "again: $(cat stderr)"
    grep -q "^clEnqueueReadBuffer $((6 - batch))$" counts || fail "batch $batch: $(cat counts)"
    cmp run/out expected || fail "other answers"
done

again=false
echo "# scores, by either engine"
failing fused amkd-score -v -s ../model -k 20 -o out ../pairs.amkd
failing layered amkd-score -q --engine layered -s ../model -k 20 -o out ../pairs.amkd

echo "# lessons, measurements, views"
failing lessons amkd-train -q -a 'fc classes' --steps 30 -b 8 --assistant ../model \
    --augment '--shift 0.1' -o out ../some.amkd
export AMKD_MEMORY=4K # images by windows
failing windows amkd-train -q -a 'fc classes' --steps 20 -b 8 -o out ../some.amkd
unset AMKD_MEMORY
failing eval amkd-eval -q -s ../model -o out ../some.amkd
failing augment amkd-augment -q -V 5 -o out ../some.amkd

echo "# a profile, whose last times are read when the model is written"
late=yes
failing profile amkd-train -q -a 'fc classes' --steps 10 -b 8 --profile table -o out \
    ../some.amkd
late=

echo "# programs that no cache has"
# What the driver keeps by itself stays where it is.
export POCL_CACHE_DIR=${POCL_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/pocl/kcache}
export XDG_CACHE_HOME=$dir/run/cold
failing cold amkd-eval -q -s ../model -o out ../some.amkd
name=cold
for at in 1 2 4; do
    fault DRIVER_LOST clCreateProgramWithSource "$at" CL_DEVICE_NOT_AVAILABLE
    fault DRIVER_LOST clBuildProgram "$at" CL_BUILD_PROGRAM_FAILURE # nor is there a log
done

echo "# all entries were called"
echo clGetProgramBuildInfo >>called # by what came last
[ -z "$(comm -23 entries <(sort -u called))" ] ||
    fail "not tried: $(comm -23 entries <(sort -u called))"
((nfailed >= 200)) || fail "$nfailed failing calls"
echo "$nfailed failing calls"
