#!/usr/bin/env bash
# Several devices that share the work of a tool: the same bytes as one of them makes, a
# message that names the one that fails, and options that still do what they say.
set -euo pipefail
. "$SOURCE/tests/bad_input.sh"
. "$SOURCE/tests/driver.sh"
. "$SOURCE/tests/several_devices.sh"
have_both || { echo "no two devices" && exit 77; }

same() { cmp "$1" "$2" || fail "$3: not the same bytes on two devices"; }

# equal COMMAND...: it writes the same to "-o made" on two devices as on one.
equal() {
    "$@" -q -o one.made >said 2>&1 || fail "$* on one device: $(cat said)"
    both "$@" -q -d 1,0 -o two.made >said 2>&1 || fail "$* on two devices: $(cat said)"
    same one.made two.made "$*"
}

images many 700 9 9 3
images set 300 9 9 # without labels
arch="conv 4 k3 | relu | maxpool 2 | fc classes"
amkd-train -q -a "$arch" --steps 30 --seed 2 -o teacher many.amkd
amkd-train -q -a "$arch" --steps 5 --seed 1 -o model many.amkd
amkd-pool -q -n 700 --seed 1 -o few.amkd set.amkd
amkd-score -q --by random -k 600 -o picks few.amkd

echo "# amkd-query: a teacher, mixes, and what a student says of classes left out"
for batch in 1 100 4096; do
    equal amkd-query -t model:teacher --batch $batch many.amkd
done
cp one.made answers
equal amkd-query -t model:teacher picks
cp one.made labels
equal amkd-query -t model:teacher --keep-top 1 --fill student -s model many.amkd

echo "# amkd-eval: as a table, as JSON, of each class; a teacher; answers"
for form in "" --json --tsv; do
    # shellcheck disable=SC2086 # none or one word
    equal amkd-eval -s model $form many.amkd
done
equal amkd-eval -s model -t model:teacher many.amkd
equal amkd-eval -s model --json labels
equal amkd-eval -s model --json --memory 1M many.amkd
amkd-eval -q -s model --calibrate one.calibrated -o one.made labels
both amkd-eval -q -s model -d 0,1 --calibrate two.calibrated -o two.made labels
same one.made two.made "the figures of a calibration"
same one.calibrated two.calibrated "a calibrated model"

echo "# amkd-augment: of images in memory, and of those that stay in their file"
equal amkd-augment -V 7 --seed 3 --elastic 0.1 many.amkd
equal amkd-augment -V 3 --keep many.amkd
for memory in 1G 1k; do
    export AMKD_MEMORY=$memory
    equal amkd-augment -V 200 set.amkd # more than one batch
    equal amkd-query -t model:teacher many.amkd
    equal amkd-eval -s model many.amkd
    equal amkd-score -s model --bought labels --by margin -k 40
done
unset AMKD_MEMORY

echo "# amkd-score: mixes that were bought, and features"
equal amkd-score -s model --bought labels --by entropy
equal amkd-score -s model -k 60 --diverse 4 few.amkd
equal amkd-score -s model --by random -k 300 --diverse 2 few.amkd

echo "# amkd-distill: all that it runs"
loop=(amkd-distill --dir run IMAGES=set.amkd TEACHER=model:teacher BUDGET=160 TEST=many.amkd
    "ARCH=$arch" ASSISTANT= ROUNDS=1 FIRST=130 STEPS=2)
both "${loop[@]}" DEVICE=0,1 >said 2>&1 || fail "$(cat said)"
mv run/student.safetensors two.made
rm -r run
"${loop[@]}" >said 2>&1 || fail "$(cat said)"
same run/student.safetensors two.made amkd-distill

echo "# amkd-report"
amkd-report -q -o one.made run
both amkd-report -q -d 0,1 -o two.made run
same one.made two.made amkd-report

echo "# AMKD_DEVICE is such a list, too"
AMKD_DEVICE=0,1 both amkd-query -q -t model:teacher -o two.made many.amkd
same two.made answers "AMKD_DEVICE"
expect 1 "AMKD_DEVICE: '0,7': no OpenCL device has index 7, the highest is 1" \
    both env AMKD_DEVICE=0,7 amkd-eval -q -s model -o out many.amkd

echo "# what is said of the devices"
both amkd-eval -v -d 1,0 -s model -o made many.amkd 2>said
grep -qE '^amkd-eval: on device 1 \(.*\), device 0 \(.*\)$' said || fail "$(cat said)"
amkd-eval -v -s model -o made many.amkd 2>said
grep -qE '^amkd-eval: on [^(]*$' said || fail "$(cat said)"
both amkd-augment -v -d 0,1 -V 2 -o made many.amkd 2>said
grep -qE '^amkd-augment: 1400 views of 700 images, on device 0 \(' said || fail "$(cat said)"

echo "# --profile: a table a device, and what they ran together"
both amkd-eval -q -d 0,1 -s model --profile table -o made many.amkd
[ "$(grep -cE '^device [01] \(.*\)$' table)" = 2 ] || fail "$(cat table)"
[ "$(grep -c '^all kernels ' table)" = 2 ] || fail "$(cat table)"
both amkd-query -q -d 0,1 -t model:teacher --profile all.json -o made many.amkd
both amkd-score -q -d 0,1 -s model --bought labels --profile bought.json -o made
perl -MJSON::PP -0777 -e '
    for my $path (@ARGV) {
        open my $file, "<", $path;
        my $p = decode_json(<$file>);
        my @devices = @{$p->{devices}};
        die "$path: devices" unless "@{[map { $_->{device} } @devices]}" eq "0 1";
        my ($flops, $n) = (0, $path eq "all.json" ? 700 : 600);
        for my $device (@devices) {
            die "$path: no name" unless length $device->{name};
            $flops += 1e9 * $_->{gflops} * $_->{seconds}
                for grep { $_->{layer} =~ /^0: conv/ } @{$device->{rows}};
        }
        die "$path: $flops" if abs($flops - 2 * 4 * 9 * 49 * $n) > 1;
    }' all.json bought.json
amkd-query -q -t model:teacher --profile one.json -o made many.amkd
same made answers "what is recorded of --profile"

echo "# one device that fails in the middle ends the work of all, and is named"
# failing TEXT COMMAND...: a launch of a kernel half-way fails, on either device.
failing() {
    local text=$1 n
    shift
    both driven DRIVER_COUNTS="$PWD/counts" "$@" -q -d 0,1 -o made
    n=$(sed -n 's/^clEnqueueNDRangeKernel //p' counts)
    expect 1 "${1%% *}: $text" both driven \
        DRIVER_FAIL="clEnqueueNDRangeKernel:$((n / 2 + 1)):CL_OUT_OF_RESOURCES" \
        "$@" -q -d 0,1 -o out
    grep -qE 'device [01] \(.*\): .*CL_OUT_OF_RESOURCES' stderr || fail "$*: $(cat stderr)"
}
failing "'model': device " amkd-eval -s model many.amkd
failing "teacher 'model:teacher': device " amkd-query -t model:teacher --batch 4096 many.amkd
failing "device " amkd-augment -V 200 set.amkd
failing "device " amkd-score -s model --bought labels --by margin

echo "# --check looks for every device, and for room on each"
for command in "eval -s model" "query -t model:teacher" "augment"; do
    # shellcheck disable=SC2086 # words
    both amkd-$command --check -d 0,1 many.amkd >said || fail "$command: $(cat said)"
    # shellcheck disable=SC2086 # words
    expect 1 "'0,2': no OpenCL device has index 2, the highest is 1" \
        both amkd-$command --check -d 0,2 many.amkd
done
expect 1 "a prediction of " both amkd-eval -s model --check --memory 1k -d 0,1 many.amkd
expect 1 "a prediction of " both amkd-eval -q -s model --memory 1k -d 0,1 -o out many.amkd

echo "# lists that are none"
for list in "0,0" "0," ",1" "0,nonesuch"; do
    expect 1 "'$list': " both amkd-eval -q -s model -d "$list" -o out many.amkd
    expect 1 "'$list': " both amkd-augment -q -V 2 -d "$list" -o out many.amkd
    expect 1 "'$list': " both amkd-query -q -t model:teacher -d "$list" -o out many.amkd
done
