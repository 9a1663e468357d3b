#!/usr/bin/env bash
# amkd-devices: what it lists and marks, how it chooses, and how the lack of a device is said.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset AMKD_DEVICE AMKD_VECTOR_WIDTH

fail() {
    echo "$1"
    cat "$dir/out" "$dir/err"
    exit 1
}

# expect STATUS PATTERN COMMAND...: the exit status, and the message where it is not 0.
expect() {
    local status=0
    "${@:3}" >"$dir/out" 2>"$dir/err" || status=$?
    [ "$status" = "$1" ] || fail "'${*:3}' exited with $status, expected $1"
    if [ "$status" = 0 ]; then
        grep -qE -- "$2" "$dir/out" || fail "'${*:3}' did not print '$2'"
        [ ! -s "$dir/err" ] || fail "'${*:3}' printed to stderr"
    else
        grep -qE -- "$2" "$dir/err" || fail "'${*:3}' did not say '$2'"
    fi
}

echo "the list marks the one device that would be used"
expect 0 '^\* 0  ' amkd-devices -d 0
[ "$(grep -c '^\*' "$dir/out")" = 1 ] || fail "not one device is marked"
expect 0 '^     type      cpu' amkd-devices -d cpu
expect 0 '^\* 0  ' env AMKD_DEVICE=0 amkd-devices
expect 0 '^     vectors   of 4, 16 samples' env AMKD_VECTOR_WIDTH=4 amkd-devices

echo "the JSON has the same device"
expect 0 '"chosen": true' amkd-devices -d cpu --json
python3 - "$dir/out" <<'PYTHON'
import json, sys
devices = json.load(open(sys.argv[1]))
chosen = [d for d in devices if d["chosen"]]
assert len(chosen) == 1 and chosen[0]["type"] == "cpu", devices
assert [d["index"] for d in devices] == list(range(len(devices))), devices
assert all(d["lanes"] % d["vector_width"] == 0 for d in devices), devices
PYTHON

echo "a device that is not there is an error"
expect 1 "^amkd-devices: no OpenCL device is named 'nonesuch'" amkd-devices -d nonesuch
expect 1 "^amkd-devices: no OpenCL device has index 999" amkd-devices -d 999
expect 1 "^amkd-devices: AMKD_DEVICE: no OpenCL device is named 'nonesuch'" \
    env AMKD_DEVICE=nonesuch amkd-devices
expect 1 "AMKD_VECTOR_WIDTH is '5'" env AMKD_VECTOR_WIDTH=5 amkd-devices

echo "no platform at all is an error that names a way out"
mkdir "$dir/empty"
expect 1 'no OpenCL platform is installed; package pocl-opencl-icd' \
    env OCL_ICD_VENDORS="$dir/empty/" amkd-devices
expect 1 'no OpenCL platform is installed; package pocl-opencl-icd' \
    env OCL_ICD_VENDORS="$dir/empty/" amkd-devices --self-test

echo "a driver that cannot be loaded is named, with the loader's reason"
mkdir "$dir/broken"
echo libnonesuch.so.1 >"$dir/broken/a.icd"
: >"$dir/broken/b.icd"
expect 1 "no driver can be loaded: .*/a.icd: libnonesuch.so.1: cannot open.*b.icd: names no" \
    env OCL_ICD_VENDORS="$dir/broken/" amkd-devices
expect 1 "no driver can be loaded: libnonesuch.so.1: cannot open" \
    env OCL_ICD_VENDORS=libnonesuch.so.1 amkd-devices
echo libm.so.6 >"$dir/broken/a.icd"
expect 1 "no driver offers one: .*/a.icd: libm.so.6 is loaded, but offers none" \
    env OCL_ICD_VENDORS="$dir/broken/a.icd" amkd-devices

# The first limit under which the tool itself starts leaves no room for a compiler.
limit=
for mib in 20 40 60 80 100; do
    if [ -z "$limit" ] && [ -e /etc/OpenCL/vendors/pocl.icd ] &&
        (ulimit -v $((mib << 10)) && amkd-devices --version) >/dev/null 2>&1; then
        limit=$mib
    fi
done
if [ -n "$limit" ]; then
    echo "too little memory is not taken for a lack of drivers"
    short() { (ulimit -v $((limit << 10)) && "$@"); }
    expect 1 "no driver can be loaded: .*pocl.icd: .*\(ulimit -v: $limit MiB of address" \
        short env OCL_ICD_VENDORS=/etc/OpenCL/vendors/pocl.icd amkd-devices
    ! grep -q 'is installed' "$dir/err" || fail "the driver is called missing"
else
    echo "not tested: too little memory (no PoCL, or a sanitizer, which needs more)"
fi

echo "platforms without devices are survived"
for icd in /etc/OpenCL/vendors/mesa.icd /etc/OpenCL/vendors/rusticl.icd; do
    # A package that was removed leaves its file.
    if [ -e "$icd" ] && grep -qF "$(cat "$icd")" <<<"$(ldconfig -p)"; then
        mkdir "$dir/$(basename "$icd")"
        cp "$icd" "$dir/$(basename "$icd")"
        expect 1 'no platform has one; package pocl-opencl-icd' \
            env -u RUSTICL_ENABLE OCL_ICD_VENDORS="$dir/$(basename "$icd")/" amkd-devices
    fi
done

echo "misuse is exit status 2 and names the option"
expect 2 "--nonesuch" amkd-devices --nonesuch
expect 2 "--json and --self-test" amkd-devices --json --self-test
expect 2 "exclude one another" amkd-devices --self-test --forget all
expect 2 "exclude one another" amkd-devices --programs "$dir" --forget all
expect 2 "--programs wants --arch and --input" amkd-devices --programs "$dir/none" -a mlp
expect 2 "do nothing without --programs" amkd-devices --as width=1
expect 2 "--json and --programs" amkd-devices --json --programs "$dir/none" -a mlp --input 1x8x8
expect 2 "--batch does nothing" amkd-devices --batch 10
expect 2 "'yesterday' is none of plans, programs, all" amkd-devices --forget yesterday
expect 2 "--device does nothing" amkd-devices --forget all -d cpu
expect 2 "extra" amkd-devices extra

echo "a file is written when whole"
amkd-devices -o "$dir/list"
grep -q '^\* 0  ' "$dir/list" || fail "the list is not in the file"
expect 1 'nonesuch' amkd-devices -d nonesuch -o "$dir/none"
[ ! -e "$dir/none" ] || fail "a failed run left its output"

export XDG_CACHE_HOME=$dir/cache
echo "plans are listed, remembered and forgotten"
# IDX files: 24 images of 20x20 and their labels.
perl -e 'print pack("N4", 2051, 24, 20, 20), "\x80" x (24 * 400)' >"$dir/idx-images"
perl -e 'print pack("N2", 2049, 24), join "", map { chr($_ % 10) } 1 .. 24' >"$dir/idx-labels"
amkd-import -q -o "$dir/images" --labels "$dir/idx-labels" "$dir/idx-images"
amkd-train -q --steps 1 -a 'conv 4 k3 | relu | conv 16 k5 | maxpool 2 | fc 10' \
    -o "$dir/model" "$dir/images"
expect 0 '^conv 16 k5 .* forward .* own +[0-9.]+ +[1-9]e-0[6-8]$' amkd-devices -q --plan "$dir/model"
[ "$(grep -c ' forward ' "$dir/out")" = 3 ] || fail "not three layers"
[ "$(grep -c ' backward weights ' "$dir/out")" = 3 ] || fail "not three layers of weights"
[ "$(grep -c ' backward data ' "$dir/out")" = 2 ] || fail "not two layers' inputs"
grep -qE '^fc 10 .* clblast: not for this device;' "$dir/out" || fail "CLBlast on a CPU"
cp "$dir/out" "$dir/first"
expect 0 '' amkd-devices -q --plan "$dir/model"
cmp "$dir/first" "$dir/out" || fail "the plans are not remembered"
expect 0 '"remembered": true' amkd-devices -q --plan "$dir/model" --json
python3 - "$dir/out" <<'PYTHON'
import json, sys
rows = json.load(open(sys.argv[1]))
assert len(rows) == 8, rows
for row in rows:
    assert [w["chosen"] for w in row["ways"]].count(True) == 1, row
    assert all(("gflops" in w) == ("seconds" in w) for w in row["ways"]), row
    assert all(0 < w["error"] < 1e-5 for w in row["ways"] if "seconds" in w), row
PYTHON
expect 0 '"remembered": false' amkd-devices -q --plan "$dir/model" --json --batch 200
expect 0 '^[1-9][0-9]* plans forgotten$' amkd-devices --forget plans
grep -q programs "$dir/out" && fail "programs were forgotten too"
expect 0 '^0 plans forgotten$' amkd-devices --forget all
grep -q '^[1-9][0-9]* programs forgotten$' "$dir/out" || fail "no programs"
[ -z "$(find "$XDG_CACHE_HOME/amkd" -type f)" ] || fail "files are left"
unset XDG_CACHE_HOME

if [ -e /etc/OpenCL/vendors/pocl.icd ]; then
    echo "a cache that cannot be written is no error, to PoCL neither"
    mkdir "$dir/pocl"
    cp /etc/OpenCL/vendors/pocl.icd "$dir/pocl"
    mkdir -m 1777 "$dir/tmp"
    chmod 755 "$dir"
    pocl=(env -u POCL_CACHE_DIR XDG_CACHE_HOME=/proc/none TMPDIR="$dir/tmp"
        OCL_ICD_VENDORS="$dir/pocl/")
    expect 0 '^\* 0  ' "${pocl[@]}" amkd-devices
    [ "$(stat -c %a "$dir/tmp/amkd-$(id -u)")" = 700 ] || fail "no cache of one's own"

    echo "each kernel is compiled once"
    XDG_CACHE_HOME=$dir/once POCL_CACHE_DIR=$dir/once amkd-train --steps 1 \
        -a 'conv 3 k2 | relu | fc 10' -o "$dir/once.model" "$dir/images" 2>"$dir/err"
    grep -q '^amkd-train, compiling: [1-9][0-9]* programs in' "$dir/err" ||
        fail "nothing was said of what is compiled"
    find "$dir/once" -name '*.so' | sed 's|/[^/]*/[^/]*$||' | sort >"$dir/compiled"
    [ -s "$dir/compiled" ] || fail "nothing was compiled"
    twice=$(uniq -d "$dir/compiled")
    [ -z "$twice" ] || fail "compiled more than once: $twice"

    echo "a user without a home is no error"
    # Neither the build nor what this test makes need be within that user's reach.
    mkdir -m 755 "$dir/reach"
    cp "$(command -v amkd-devices)" "$dir/model" "$dir/reach"
    chmod a+rX "$dir/reach/"*
    nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups
        env -u LSAN_OPTIONS ASAN_OPTIONS=detect_leaks=0)
    if [ "$(id -u)" = 0 ] && "${nobody[@]}" "$dir/reach/amkd-devices" --version >/dev/null; then
        expect 0 ' forward .* own ' "${nobody[@]}" "${pocl[@]}" env -u XDG_CACHE_HOME \
            HOME=/nonexistent "$dir/reach/amkd-devices" -q --plan "$dir/reach/model"
    else
        echo "not tested: no other user to be, or one who cannot reach $dir"
    fi

    echo "a directory that others can change is no place for programs"
    chmod 777 "$dir/tmp/amkd-$(id -u)"
    expect 1 'needs a cache that it can write \(POCL_CACHE_DIR\)' "${pocl[@]}" amkd-devices
fi

echo "on devices in lockstep, work-groups are tried"
expect 0 ' 2 a group:? ' env AMKD_VECTOR_WIDTH=1 XDG_CACHE_HOME="$dir/cache" \
    amkd-devices -q --plan "$dir/model"

echo "every kernel passes the self-test"
expect 0 '^ok .*mixed pixels$' timeout 500 amkd-devices --self-test
for what in gradients 'adamw: parameters' 'scores, '; do
    grep -q "^ok .*$what" "$dir/out" || fail "no check of '$what'"
done
