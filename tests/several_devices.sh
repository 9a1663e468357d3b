# What tests of several devices in one process share, which source this file: devices of PoCL,
# which shows as many of the one machine as it is told. One kernel runs at a time, as some PoCL
# abort otherwise (one_kernel.c).
export OPENCL_LAYERS=$BUILD/tests/libone_kernel.so

both() { POCL_DEVICES="pthread pthread" "$@"; }
have_both() {
    [ -e /etc/OpenCL/vendors/pocl.icd ] || { echo "not tested: two devices (no PoCL)" >&2 && return 1; }
    [ "$(both amkd-devices | grep -c 'Portable Computing')" -eq 2 ] || fail "PoCL shows no two devices"
}
