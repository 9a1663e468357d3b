#!/usr/bin/env bash
# Streams that are cut, damaged, of another kind or that lie, in front of every tool that
# reads them.
set -euo pipefail
. "$SOURCE/tests/bad_input.sh"

echo "# cut short, by file and by pipe"
for tool in pool score merge query train eval cat check png exclude val answers replace; do
    case $tool in
        pool | replace) file=real.amkd ;;
        score) file=pairs.amkd ;;
        train | exclude) file=labels.amkd ;;
        eval) file=labeled.amkd ;;
        val | answers) file=answers.amkd ;;
        *) file=picks.amkd ;;
    esac
    nbytes=$(wc -c <$file)
    for cut in 0 1 17 18 $((nbytes / 3)) $((nbytes - 29)) $((nbytes - 28)) $((nbytes - 1)); do
        head -c $cut $file >cut.amkd
        expect 1 "'cut.amkd'" ${reader[$tool]} cut.amkd
        [ $((cut % 2)) = 0 ] || expect 1 "stdin" ${reader[$tool]} - <cut.amkd
    done
    grep -q 'cut short' stderr || fail "$tool does not say 'cut short': $(cat stderr)"
done

echo "# a flipped bit, bytes behind the end, another version"
for kind in images pairs picks labels; do
    file=${good[$kind]}
    perl -0777 -pe 'substr($_, 200, 1) ^= "\4"' $file >flipped.amkd
    cat $file - <<<"more" >trailing.amkd
    spoil $file 'substr($_, 4, 1) = "\2"' >version.amkd
    for tool in ${readers[$kind]} cat check; do
        expect 1 "'flipped.amkd': " ${reader[$tool]} flipped.amkd
        expect 1 "'trailing.amkd': trailing bytes" ${reader[$tool]} trailing.amkd
        expect 1 "'version.amkd': version 2" ${reader[$tool]} version.amkd
    done
done

echo "# files that are no streams"
mkdir folder
: >empty
declare -A said=([empty]="empty, expected a stream" [folder]="Is a directory"
    [model]="at byte 0: not a BGZF block" [none]="No such file"
    [/dev/zero]="at byte 0: not a BGZF block")
for tool in pool score merge query train eval cat check png exclude val answers replace; do
    for file in "${!said[@]}"; do
        expect 1 "'$file': ${said[$file]}" ${reader[$tool]} "$file"
    done
done

echo "# the wrong kind"
declare -A wants=([pool]=images [score]=pairs [merge]=picks [query]="picks or images"
    [train]="labels or labeled images" [eval]="labels or labeled images" [exclude]=labels
    [val]="labels or labeled images" [answers]=labels [replace]=images)
for tool in "${!wants[@]}"; do
    for kind in images pairs picks labels; do
        case ${wants[$tool]} in *$kind*) continue ;; esac
        expect 1 "expected ${wants[$tool]}" ${reader[$tool]} ${good[$kind]}
        grep -q "'${good[$kind]}'.* $kind" stderr || fail "$tool, $kind: $(cat stderr)"
    done
done
expect 1 "'real.amkd' has no labels" ${reader[train]} real.amkd
expect 1 "'real.amkd' has no labels" ${reader[eval]} real.amkd

echo "# values that make no sense: the row is named"
# refused MESSAGE FILE PERL TOOL...
refused() {
    local message=$1 file=$2 change=$3
    shift 3
    spoil "$file" "$change" >bad.amkd
    for tool in "$@" check; do
        expect 1 "'bad.amkd': row $message" ${reader[$tool]} bad.amkd
    done
}
refused "65: " pairs.amkd 'substr($_, -4) = pack "V", 12' score random png
refused "65: " pairs.amkd 'substr($_, -8) = pack "V2", 7, 7' score random png
refused "19: score " picks.amkd 'substr($_, -4) = pack "f<", "nan"' query merge png
refused "19: lambda " picks.amkd 'substr($_, -8, 4) = pack "f<", "nan"' query merge png
refused "19: lambda 1.5 is outside [0, 1]" picks.amkd 'substr($_, -8, 4) = pack "f<", 1.5' \
    query merge png
refused "19: j = 12 is outside the image sets, which hold 12" picks.amkd \
    'substr($_, -12, 4) = pack "V", 12' query merge png
refused "19: i = 9 is above j = 3" picks.amkd 'substr($_, -16, 8) = pack "V2", 9, 3' query merge
refused "19: probability " labels.amkd 'substr($_, -4) = pack "f<", "nan"' train
refused "19: probability -1 of class 2" labels.amkd 'substr($_, -4) = pack "f<", -1' train
refused "19: probabilities sum to " labels.amkd 'substr($_, -4) = pack "f<", 3' train
refused "19: lambda -0.5 is outside [0, 1]" labels.amkd \
    'substr($_, -16, 4) = pack "f<", -0.5' train
refused "8: probability " answers.amkd 'substr($_, -4) = pack "f<", "inf"' train val answers
refused "8: label 3 is outside 0..2" labeled.amkd 'substr($_, -4) = pack "V", 3' \
    pool query train eval val
refused "0: label 1 is outside 0..0" labeled.amkd 's/"nclasses":3/"nclasses":1/' \
    pool train eval

echo "# a header that claims more than there is"
spoil picks.amkd 's/"rows":20/"rows":21/' >more.amkd
spoil picks.amkd 's/"rows":20/"rows":19/' >fewer.amkd
spoil real.amkd 's/\[4,4,1\]/[4,9,9]/' >larger.amkd
spoil real.amkd 's/\[4,4,1\],?/[4000000000,4000000000,1]/' >huge.amkd
for tool in merge query cat check png; do
    expect 1 "'more.amkd': ends after 20 rows, its header promises 21" \
        ${reader[$tool]} more.amkd
    expect 1 "'fewer.amkd': " ${reader[$tool]} fewer.amkd
done
for tool in pool query cat check png replace; do
    expect 1 "'larger.amkd': ends inside row 0" ${reader[$tool]} larger.amkd
    expect 1 "'huge.amkd': " ${reader[$tool]} huge.amkd
done

echo "# the image set changed since the pool was made, or is gone"
mv real.amkd kept
spoil kept 'substr($_, -1) ^= "\1"' >real.amkd
readers_of_sets=("score pairs.amkd" "query picks.amkd" "train labels.amkd" "png picks.amkd")
for line in "${readers_of_sets[@]}"; do
    read -r tool file <<<"$line"
    expect 1 "'$file': 'real.amkd': not the image set of the stream: 12 images" \
        ${reader[$tool]} "$file"
done
rm real.amkd
for line in "${readers_of_sets[@]}"; do
    read -r tool file <<<"$line"
    expect 1 "image set of the stream (--images names another place): 'real.amkd'" \
        ${reader[$tool]} "$file"
done
mv kept real.amkd
expect 1 "'wide.amkd': not the image set of the stream" ${reader[replace]} wide.amkd

echo "# image sets that do not go together"
expect 1 "'two.amkd' has 2 classes, but the files before it have 3" \
    amkd-train -q --steps 1 -o out labeled.amkd two.amkd
expect 1 "do not go together" amkd-train -q --steps 1 -o out labeled.amkd wide.amkd
expect 1 "different images" ${reader[answers]} labels.amkd

echo "# answers that are there already are not added to by mistake"
cp picks.amkd kept
expect 1 "'picks.amkd': a stream of picks, expected labels" \
    amkd-query -q -t model:model --append -o picks.amkd picks.amkd
expect 1 "'answers.amkd': " amkd-query -q -t model:model --append -o answers.amkd picks.amkd
expect 1 "holds answers of teacher 'model:model'" \
    amkd-query -q -t exec:cat --append -o labels.amkd picks.amkd
cmp picks.amkd kept || fail "a stream of picks was changed"
