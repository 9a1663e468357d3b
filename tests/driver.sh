# What the tests that put a driver before OpenCL's loader share (tests/driver), which source
# this file after command.sh.
driver=$BUILD/tests/libdriver.so
# One platform: of others a call may fail and the run go on.
[ ! -e /etc/OpenCL/vendors/pocl.icd ] || export OCL_ICD_VENDORS=/etc/OpenCL/vendors/pocl.icd
# A sanitizer would be the first library to be loaded.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0

# driven [NAME=VALUE]... COMMAND...: the command behind the driver with these variables.
driven() { env "LD_PRELOAD=$driver" "$@"; }
