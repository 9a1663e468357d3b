#!/usr/bin/env bash
# amkd-train on the command line: a model that starts from another keeps what that knew.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "failed: $*" >&2; exit 1; }

# Six images of 2 x 3 in two classes.
{ printf '\0\0\x8\x3\0\0\0\x6\0\0\0\x2\0\0\0\x3'; seq 1000 | head -c 36; } >set-images-idx3
printf '\0\0\x8\x1\0\0\0\x6\0\1\0\1\0\1' >set-labels-idx1
amkd-import -q --class-names cat,dog -o named.amkd set-images-idx3
amkd-import -q -o unnamed.amkd set-images-idx3

amkd-train -q -a "fc classes" --steps 2 -o first.safetensors named.amkd
amkd-train -q -i first.safetensors --steps 3 -o second.safetensors unnamed.amkd
runs=$(grep -ao 'tool\\":\\"amkd-train\\"' second.safetensors | wc -l)
[ "$runs" = 2 ] || fail "$runs trainings in the provenance, expected 2"
grep -aq '\["amkd-train","--arch=fc classes","--steps=2","named.amkd"\]' \
    <(tr -d '\\' <second.safetensors) || fail "the command of the first training"
grep -aq '"amkd.classes":"\[\\"cat\\",\\"dog\\"\]"' second.safetensors || fail "class names"

# Samples mixed with others give other weights, the last 14 floats of a file.
weights() { amkd-train -q -a "fc classes" --steps 60 "$@" unnamed.amkd | tail -c 56 | od -f; }
weights >plain
weights --mixup 1 >mixed
! cmp -s plain mixed || fail "--mixup does nothing"

weights --label-smoothing 0.1 >smoothed
! cmp -s plain smoothed || fail "--label-smoothing does nothing"
for schedule in constant cosine multistep; do
    weights --schedule $schedule >plain
    weights --schedule $schedule --warmup 0.2 >warm
    ! cmp -s plain warm || fail "--schedule $schedule: --warmup does nothing"
done
weights --schedule multistep --milestones 0.5,0.75 >said
cmp -s plain said || fail "the milestones are not 0.5,0.75 where they are not said"
weights --schedule multistep --milestones 0.3 >other
! cmp -s plain other || fail "--milestones does nothing"
weights --optimizer sgd >plain
weights --optimizer sgd --nesterov >ahead
! cmp -s plain ahead || fail "--nesterov does nothing"
weights --optimizer sgd --clip-grad 0.001 >clipped
! cmp -s plain clipped || fail "--clip-grad does nothing"
weights --optimizer sgd --ema 0.9 >average
! cmp -s plain average || fail "--ema does nothing"

# Batch norms whose running figures are taken anew, at the end or alone.
bn() { amkd-train -q -a "bn | flatten | fc classes" --optimizer sgd "$@" unnamed.amkd; }
bn --steps 60 -o plain.safetensors
bn --steps 60 --refresh-bn 3 -o refreshed.safetensors
! cmp -s <(tail -c 72 plain.safetensors) <(tail -c 72 refreshed.safetensors) ||
    fail "--refresh-bn does nothing"
bn --init plain.safetensors --steps 0 --refresh-bn 3 -o alone.safetensors
bn --init refreshed.safetensors --steps 0 --refresh-bn 3 -o again.safetensors
cmp <(tail -c 72 alone.safetensors) <(tail -c 72 again.safetensors) ||
    fail "--steps 0 --refresh-bn: other weights"
# Where there are none it is said before the data are read: these are cut short.
zcat <unnamed.amkd | head -c -1 | perl "$SOURCE/tests/bgzf.pl" >early.amkd
for options in "-a mlp" "--init first.safetensors"; do
    for more in "-q --steps 1 early.amkd" "-q --steps 1 --check unnamed.amkd"; do
        # shellcheck disable=SC2086 # words
        if amkd-train $options --refresh-bn 2 $more >out 2>stderr ||
            ! grep -qF -- "--refresh-bn: there are no batch norms in 'flatten | fc " stderr; then
            fail "$options $more: refreshed what is not there: $(cat stderr)"
        fi
    done
done
if amkd-train -q --steps 0 unnamed.amkd >out 2>stderr || [ $? != 2 ]; then
    fail "--steps 0 alone is no misuse: $(cat stderr)"
fi

# Weight decay is PyTorch's where it is not said: 0.01 for adamw alone.
for decay in "adamw 0.01 0" "adam 0 0.01" "sgd 0 0.01"; do
    read -r optimizer default other <<<"$decay"
    weights --optimizer "$optimizer" >plain
    weights --optimizer "$optimizer" --weight-decay "$default" >said
    weights --optimizer "$optimizer" --weight-decay "$other" >decayed
    cmp -s plain said || fail "$optimizer: the default is not --weight-decay $default"
    ! cmp -s plain decayed || fail "$optimizer: --weight-decay does nothing"
done

# Two sets with the same labels in the other order are another training: nothing to go on
# with.
{ printf '\0\0\x8\x3\0\0\0\x6\0\0\0\x2\0\0\0\x3'; printf '%.36s' "$(seq -s '' 2000 2010)"; } >other-images-idx3
cp set-labels-idx1 other-labels-idx1
amkd-import -q -o other.amkd other-images-idx3
training=(amkd-train -q -a "fc classes" --steps 300)
"${training[@]}" --checkpoint state --checkpoint-seconds 0 -o full unnamed.amkd other.amkd
"${training[@]}" --resume state -o resumed unnamed.amkd other.amkd
if "${training[@]}" --resume state -o resumed other.amkd unnamed.amkd 2>stderr; then
    fail "resumed with the images in another order"
fi
grep -q "'state'" stderr || fail "$(cat stderr)"
