#!/usr/bin/env bash
# Makes image sets of CIFAR-10 (Krizhevsky, "Learning multiple layers of features from tiny
# images", 2009):
#   train.amkd  50,000 labeled images, to train a stand-in for a black box
#   test.amkd   10,000 labeled images, to measure by
#   images.amkd the 50,000 without labels, or N of them drawn by SEED: all a student has
# SOURCE: the directory of the binary version, with data_batch_1.bin to test_batch.bin, or one
# with train/CLASS and test/CLASS, pictures of 32x32.
# Usage: cifar10.sh SOURCE [DIR [N [SEED]]]
set -euo pipefail
if [ $# = 0 ] || [ "$1" = --help ]; then
    sed -n '2,/^[^#]/s/^# //p' "$0"
    [ $# = 1 ] && exit
    exit 2
fi
source=$1 dir=${2:-.} sample=()
[ $# -lt 3 ] || sample=(--sample "$3" --seed "${4:-1}")
names=airplane,automobile,bird,cat,deer,dog,frog,horse,ship,truck

if [ -e "$source/data_batch_1.bin" ]; then
    train=("$source"/data_batch_{1,2,3,4,5}.bin) test=$source/test_batch.bin
elif [ -d "$source/train" ]; then
    train=("$source/train") test=$source/test
else
    echo "cifar10.sh: '$source': neither data_batch_1.bin nor train/ is there" >&2
    exit 1
fi
for file in "${train[@]}" "$test"; do
    [ -e "$file" ] || { echo "cifar10.sh: '$file': not there" >&2 && exit 1; }
done
mkdir -p "$dir"
amkd-import -q --class-names $names -o "$dir/train.amkd" "${train[@]}"
amkd-import -q --class-names $names -o "$dir/test.amkd" "$test"
amkd-import -q --unlabeled "${sample[@]}" -o "$dir/images.amkd" "${train[@]}"
