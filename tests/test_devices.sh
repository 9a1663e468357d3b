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

echo "platforms without devices are survived"
for icd in /etc/OpenCL/vendors/mesa.icd /etc/OpenCL/vendors/rusticl.icd; do
    if [ -e "$icd" ]; then
        mkdir "$dir/$(basename "$icd")"
        cp "$icd" "$dir/$(basename "$icd")"
        expect 1 'no platform has one; package pocl-opencl-icd' \
            env -u RUSTICL_ENABLE OCL_ICD_VENDORS="$dir/$(basename "$icd")/" amkd-devices
    fi
done

echo "misuse is exit status 2 and names the option"
expect 2 "--nonesuch" amkd-devices --nonesuch
expect 2 "--json and --self-test" amkd-devices --json --self-test
expect 2 "extra" amkd-devices extra

echo "every kernel passes the self-test"
expect 0 '^ok .*mixed pixels$' timeout 500 amkd-devices --self-test
for what in gradients 'adamw: parameters' 'scores, '; do
    grep -q "^ok .*$what" "$dir/out" || fail "no check of '$what'"
done
