#!/usr/bin/env bash
# Makes image sets of Fashion-MNIST, from Debian's package dataset-fashion-mnist:
#   train.amkd  60,000 labeled images, to train a stand-in for a black box
#   test.amkd   10,000 labeled images, to measure by
#   images.amkd the 60,000 without labels, or N of them drawn by SEED: all a student has
# Usage: fashion-mnist.sh [DIR [N [SEED]]]
set -euo pipefail
dir=${1:-.} n=${2:-60000} seed=${3:-1}
source=/usr/share/datasets/fashion-mnist
names='T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot'

if [ ! -e $source/train-images-idx3-ubyte.gz ]; then
    echo "fashion-mnist.sh: '$source': not there; apt-get install dataset-fashion-mnist" >&2
    exit 1
fi
mkdir -p "$dir"
amkd-import -q --class-names "$names" -o "$dir/train.amkd" $source/train-images-idx3-ubyte.gz
amkd-import -q --class-names "$names" -o "$dir/test.amkd" $source/t10k-images-idx3-ubyte.gz
amkd-import -q --unlabeled --sample "$n" --seed "$seed" -o "$dir/images.amkd" \
    $source/train-images-idx3-ubyte.gz
