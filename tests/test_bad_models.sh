#!/usr/bin/env bash
# Models that do not fit or are damaged, settings that ask for what there is not, and no
# device to compute on.
set -euo pipefail
. "$SOURCE/tests/bad_input.sh"

# Each tool that reads a model, which goes last.
declare -A loader=(
    [score]="amkd-score -q -o out pairs.amkd -s"
    [init]="amkd-train -q --steps 1 -o out answers.amkd --init"
    [eval]="amkd-eval -q -o out labeled.amkd -s"
    [resume]="amkd-train -q -a mlp --steps 1 -o out answers.amkd --resume"
)

echo "# another input shape"
shapes="1x4x5 (channels, height, width), these are 1x4x4"
expect 1 "'wide.safetensors': the student takes images of $shapes" \
    ${loader[score]} wide.safetensors
for tool in init eval; do
    expect 1 "'wide.safetensors': the network takes 1x4x5 images" ${loader[$tool]} \
        wide.safetensors
done
expect 1 "teacher 'model:wide.safetensors': takes 1x4x5 images" \
    amkd-query -q -t model:wide.safetensors -o out picks.amkd
expect 1 "teacher 'model:wide.safetensors': takes 1x4x5 images" \
    amkd-eval -q -s model -t model:wide.safetensors -o out labeled.amkd
expect 1 "'wide.amkd': the network takes 1x4x4 images" ${reader[val]} wide.amkd

echo "# another class count"
for tool in init eval; do
    expect 1 "'two.safetensors': the network has 2 classes, the data have 3" \
        ${loader[$tool]} two.safetensors
done
expect 1 "2 classes" amkd-eval -q -s model -t model:two.safetensors -o out labeled.amkd
expect 1 "'two.amkd': the network has 3 classes, the data have 2" ${reader[val]} two.amkd
amkd-query -q -t model:two.safetensors -o two-labels.amkd picks.amkd
expect 1 "'two-labels.amkd' has 2 classes, but the files before it have 3" \
    amkd-train -q -a mlp --steps 1 -o out labels.amkd two-labels.amkd
amkd-query -q -t model:two.safetensors -o two-answers.amkd labeled.amkd
expect 1 "'two-answers.amkd': has 2 classes, the images have 3" \
    ${reader[answers]} two-answers.amkd
expect 1 "'model': holds another network: its layer 2 is '1: fc 4', but '1: fc 256' is asked for" amkd-train -q -a mlp --init model --steps 1 -o out answers.amkd

echo "# damaged, or no model"
: >empty
mkdir folder
head -c 500 model >cut
{ cat model; echo; } >longer
perl -0777 -pe 'substr($_, -4) = pack "f<", "nan"' model >nan
perl -0777 -pe 'substr($_, 0, 8) = pack "Q<", 2 ** 40' model >huge
for file in empty folder cut longer nan huge none real.amkd; do
    for tool in score init eval resume; do
        expect 1 "'$file'" ${loader[$tool]} $file
    done
    expect 1 "teacher 'model:$file': '$file'" amkd-query -q -t model:$file -o out real.amkd
done
expect 1 "value 2 is" ${loader[score]} nan
expect 1 "not a checkpoint" ${loader[resume]} model
resumed=(amkd-train -q -a "$small" --steps 300 -o out)
amkd-train -q -a "$small" --steps 300 --checkpoint state --checkpoint-seconds 0 -o full \
    answers.amkd
head -c -1 state >cut
expect 1 "'cut'" "${resumed[@]}" --resume cut answers.amkd
perl -0777 -pe 'substr($_, -4) = pack "f<", "nan"' state >nan
expect 1 "'nan'" "${resumed[@]}" --resume nan answers.amkd
sed 's/"F32"/"I32"/g' state >integers
expect 1 "'integers': tensor 'parameters' holds no floating-point" "${resumed[@]}" \
    --resume integers answers.amkd
sed 's/"amkd.step":"[0-9]*"/"amkd.step":"999"/' state | perl -0777 -pe '
    my $end = index($_, "}}") + 2; substr($_, 0, 8) = pack "Q<", $end - 8' >beyond
expect 1 "'beyond': step '999': expected a number, 300 at most" "${resumed[@]}" \
    --resume beyond answers.amkd
expect 1 "'state': the checkpoint is of another training" "${resumed[@]}" --seed 9 --resume state answers.amkd
expect 1 "'state': the checkpoint is of another training" "${resumed[@]}" --resume state labeled.amkd
"${resumed[@]}" --resume state answers.amkd && cmp full out || { echo "failed: resumed" >&2 && exit 1; }
rm out

echo "# what is beside the network is ignored, unless it is named as a layer's"
# beside NAME: the model with an empty tensor of this name.
beside() {
    NAME=$1 perl -0777 -pe 'my $n = unpack "Q<", $_; my $end = length($_) - 8 - $n;
        my $header = substr $_, 8, $n;
        $header =~ s/\}\s*$/,"$ENV{NAME}":{"dtype":"U8","shape":[0],"data_offsets":[$end,$end]}}/;
        substr $_, 0, 8 + $n, pack("Q<", length $header) . $header' model
}
beside ema.decay >surplus
amkd-eval -s surplus -o out.surplus labeled.amkd 2>stderr
grep -qxF "amkd-eval: 'surplus': tensors that are no layer's are ignored: 1, one is 'ema.decay'" \
    stderr || { cat stderr >&2; exit 1; }
amkd-eval -q -s model -o out.model labeled.amkd
cmp <(sed s/surplus/model/g out.surplus) out.model
beside 0.running_mean >surplus
expect 1 "tensor '0.running_mean': the architecture" ${loader[eval]} surplus

echo "# a student whose scores are not numbers"
perl -0777 -pe 'for my $at (1 .. 15 + 68) { substr($_, -4 * $at, 4) = pack "f<", 3e38 }' \
    model >large
expect 1 "'large': the score of pair (" ${loader[score]} large

echo "# k larger than the pool, lambda outside [0, 1]"
for by in "-s model" "--by random" "-s model --by c1 --lambda 0.5"; do
    expect 1 "cannot pick 67: the pool has 66 candidates" \
        amkd-score -q $by -k 67 -o out pairs.amkd
done
expect 1 "cannot pick 7: the pool has 6 candidates when an image takes part in at most 1" \
    amkd-score -q --by random -k 7 --max-per-image 1 -o out pairs.amkd
expect 1 "cannot pick 47: the pool has 46 candidates, without the 20 pairs asked before" \
    amkd-score -q -s model -k 47 --exclude labels.amkd -o out pairs.amkd
expect 1 "cannot keep 21 picks" amkd-merge -q -k 21 -o out picks.amkd
expect 1 "cannot draw 67 pairs: there are 66" amkd-pool -q -n 67 -o out real.amkd
for lambda in 1.5 -0.1 0:1.2:3 nan inf; do
    expect 2 "--lambda" amkd-score -q -s model --lambda=$lambda -o out pairs.amkd
done

echo "# no OpenCL platform at all, and none of that name"
mkdir no-icd
for tool in score query train eval val; do
    case $tool in
        score) file=pairs.amkd ;;
        query) file=picks.amkd ;;
        *) file=labeled.amkd ;;
    esac
    expect 1 "no OpenCL platform is installed; package pocl-opencl-icd" \
        env OCL_ICD_VENDORS="$dir/no-icd/" ${reader[$tool]} $file
    expect 1 "no OpenCL device is named 'abacus'" \
        env AMKD_DEVICE=abacus ${reader[$tool]} $file
done
# What needs no device does without.
env OCL_ICD_VENDORS="$dir/no-icd/" amkd-score -q --by random -k 5 -o without pairs.amkd
env OCL_ICD_VENDORS="$dir/no-icd/" \
    amkd-query -q -t "exec:perl teacher.pl" -o without real.amkd
