#!/usr/bin/env bash
# Misuse of every tool: exit status 2, the option named on stderr, nothing on stdout. The
# options come from --help, so that new ones are tried too.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

fail() { echo "FAILED: $*" >&2; exit 1; }

# misused TEXT COMMAND...
misused() {
    local text=$1 got=0
    shift
    timeout 20 "$@" >stdout 2>stderr </dev/null || got=$?
    [ $got = 2 ] || fail "'$*' ended with $got, not 2: $(cat stderr)"
    grep -qF -- "$text" stderr || fail "'$*' does not say '$text': $(cat stderr)"
    grep -q "^$1: \|^${1##*/}: " stderr || fail "'$*' does not say who speaks: $(cat stderr)"
    grep -q "^Try '$1 --help'" stderr || fail "'$*' names no help: $(cat stderr)"
    [ ! -s stdout ] || fail "'$*' wrote to stdout"
    [ -z "$(find . -type f ! -name 'std*' ! -name help ! -name options)" ] ||
        fail "'$*' left a file"
}

mapfile -t tools < <(cd "$SOURCE/tools" && ls amkd-*.c | sed 's/\.c$//')
for tool in "${tools[@]}"; do
    misused "unknown option '--frobnicate'" "$tool" --frobnicate
    misused "unknown option '-?'" "$tool" '-?'
    "$tool" --help >help
    sed -nE 's/^  (-., |    )--([a-z0-9-]+)(=([A-Z_|a-z]+))?.*/\2 \4/p' help >options
    while read -r option argument; do
        case $option in help | version) continue ;; esac
        if [ -z "$argument" ]; then
            misused "option '--$option' takes no argument" "$tool" --$option=1
            continue
        fi
        misused "option '--$option' needs an argument" "$tool" --$option
        # Numbers are told by their placeholder.
        case $argument in
        N | P | K | M | S | RATE | W | T | R | E | D | NORM | SHARE | ALPHA | C | F | MS | BITS | V) ;;
        *) continue ;;
        esac
        [ "$option" != model-version ] || continue # a text
        misused "option '--$option': 'x' is not a" "$tool" --$option=x
        misused "option '--$option': '' is not a" "$tool" --$option=
        misused "option '--$option': '7x' is not a" "$tool" --$option=7x
        misused "option '--$option': " "$tool" --$option=-1
        [ "$option" = seed ] ||
            misused "option '--$option': " "$tool" --$option=99999999999999999999
        misused "option '--$option': 'nan' is not a" "$tool" --$option=nan
    done <options
done

echo "# too many arguments, too few, and an argument that is no UTF-8"
misused "unexpected argument 'c'" amkd-pool a b c
misused "unexpected argument 'b'" amkd-score --by random a b
misused "unexpected argument 'b'" amkd-query -t exec:cat a b
misused "unexpected argument 'a'" amkd-devices a
misused "only --check takes several files" amkd-cat a b
misused "an argument is missing" amkd-import
misused "an argument is missing" amkd-merge
misused "an argument is missing" amkd-export --to c
misused "argument '"$'\xff'"' is not valid UTF-8" amkd-pool $'\xff'
misused "option '--arch': not valid UTF-8" amkd-train --arch $'\xff'
misused "option '--s' is ambiguous" amkd-train --s x

echo "# out of range"
for command in "amkd-pool -n 0 --pairs" "amkd-score -k 0 --picks" "amkd-merge -k 0 --lowest" \
    "amkd-query -t exec:cat --budget 0 --budget" "amkd-train --lr 0 --lr" \
    "amkd-train --momentum 1.5 --momentum" "amkd-train --batch 0 --batch" \
    "amkd-train --mixup -1 --mixup" \
    "amkd-cat -n 0 --head" "amkd-cat --scale 1000 --scale" "amkd-import --limit 0 --limit x" \
    "amkd-pool --threads 0 --threads" "amkd-pool --threads 5000 --threads"; do
    read -ra words <<<"$command"
    n=${#words[@]}
    [ "${words[-1]}" != x ] || n=$((n - 1))
    misused "option '${words[n - 1]}': " "${words[@]:0:n-1}" a
    grep -q "is outside \[" stderr || fail "'$command' names no range: $(cat stderr)"
done

echo "# names that are none, options that exclude one another or need one another"
misused "--student" amkd-score a
misused "--by" amkd-score --by lowest -s model a
misused "--engine" amkd-score --engine steam -s model a
misused "--max-per-image" amkd-score --by random --max-per-image 1 a
misused "--diverse needs -k" amkd-score -s model --diverse 2 a
misused "--diverse 1: expected more than 1" amkd-score -s model -k 3 --diverse 1 a
misused "--diverse needs --student" amkd-score --by random -k 3 --diverse 2 a
misused "--lambda" amkd-score --by random --lambda 0:1 a
misused "--student" amkd-eval a
misused "--teacher and --answers" amkd-eval -s m -t exec:cat --answers l a
misused "--teacher" amkd-query a
for teacher in foo exec model: replay: ftp://host/v2/models/m http://host/v9/m \
    http://host:99999/v2/models/m http://u:p@host/v2/models/m replay:a, replay:- replay:a,,b; do
    misused "" amkd-query -t "$teacher" -o out a
    misused "" amkd-query --check -t "$teacher" -o out a
    misused "" amkd-eval -s m -t "$teacher" a
done
misused "teacher 'replay:a,': an empty name" amkd-query -t replay:a, a
misused "teacher 'foo': expected model:FILE" amkd-query -t foo a
misused "--response: " amkd-query -t http://host/x --request r --response x -o out a
for arch in 'lenet6' 'conv' 'conv 3 | fc classes |' 'residual( fc 3' '65 x ( fc 3 )' 'fc 3 )' \
    'fc classes | fish 3' 'conv 3 k3 k3 | fc 3' '2 x ( conv 4 ; )'; do
    misused "'--arch': " amkd-train -a "$arch" a
    misused "'--arch': " amkd-train --check -a "$arch" a
    misused "--arch: " amkd-devices --programs d -a "$arch" --input 1x28x28
done
misused "--arch: " amkd-devices --programs d -a 'conv 3 k9 | fc 2' --input 1x5x5
misused "--input: " amkd-devices --programs d -a mlp --input 28x28
misused "--as: 'width=3'" amkd-devices --programs d -a mlp --input 1x8x8 --as width=3
misused "'--mean' and '--std': " amkd-train --mean 0.5,x --std 1,1 a
misused "'--mean' and '--std': " amkd-train --mean 0.5,0.5 --std 1 a
misused "'--mean' and '--std': std of channel 0" amkd-train --mean 0.5 --std 0 a
misused "cannot name a model" amkd-serve --name .. a
misused "cannot name a model" amkd-serve --model-version '' a
misused "cannot name a model" amkd-serve ..
misused "--class-names: " amkd-import --class-names , a
misused "--class-names: " amkd-import --class-names '' a
misused "--append" amkd-query -t exec:cat --append a
misused "--input" amkd-query -t exec:cat --input int8 a
misused "--ask-again" amkd-query -t http://localhost/v2/models/m --no-journal --ask-again a
misused "--optimizer" amkd-train --optimizer lamb a
misused "--schedule" amkd-train --schedule never a
misused "'--warmup': a warm-up is not for onecycle" amkd-train --warmup 0.1 a
misused "does not end before the first milestone, 0.2" \
    amkd-train --schedule multistep --milestones 0.2,0.4 --warmup 0.2 a
misused "--milestones is of --schedule multistep" amkd-train --milestones 0.5 a
for list in '' 0.5, ,0.5 0 1 0.5,0.5 0.5,0.4 x 0.5x nan 0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9; do
    misused "'--milestones': milestones '$list': " \
        amkd-train --schedule multistep --milestones "$list" a
done
misused "--momentum" amkd-train --momentum 0.5 a
misused "--ema of 1" amkd-train --ema 1 a
misused "--label-smoothing of 1" amkd-train --label-smoothing 1 a
misused "--momentum of 1" amkd-train --optimizer sgd --momentum 1 a
misused "--holdout of 1" amkd-train --holdout 1 a
misused "--mixup needs a --batch of 2 or more" amkd-train --mixup 0.2 -b 1 a
misused "--views 1 shows images as they are" amkd-train --augment '--flip 1' --views 1 a
misused "'--warmup': a warm-up of all the steps" amkd-train --schedule cosine --warmup 1 a
misused "--only leaves out all transforms" amkd-augment --only a
misused "'--augment': --only leaves out all transforms" amkd-train --augment '--only --flip 0' a
misused "option '--augment' is empty" amkd-train --augment '' a
misused "option '--augment' is empty" amkd-train --augment ' ' a
misused "--nesterov is of --optimizer sgd" amkd-train --nesterov a
misused "--nesterov needs a --momentum above 0" amkd-train --optimizer sgd --momentum 0 --nesterov a
misused "--checkpoint" amkd-train --checkpoint-seconds 5 a
misused "--shard" amkd-pool --shard 3/3 a
misused "--format" amkd-cat --format csv a
misused "--header, --check and --png" amkd-cat --header --check a
misused "--json and --self-test" amkd-devices --json --self-test
misused "--gray" amkd-import --gray --rgb a
misused "--resize" amkd-import --resize 3 a
misused "--format" amkd-import --format bmp a
misused "--labels" amkd-import --unlabeled --labels l a
