# shellcheck shell=bash disable=SC2034 # bench/study reads these
# CIFAR-10 for bench/study, from a directory as datasets/cifar10.sh takes it (--cifar10): its
# teachers and the real images of its arms.

data=$dir/cifar10

check_data() {
    [ -n "$cifar10" ] || fail "parts cifar-* need --cifar10 DIR (datasets/cifar10.sh --help)"
}

prepare() {
    [ -e "$data/images.amkd" ] || "$root/datasets/cifar10.sh" "$cifar10" "$data"
    local epochs=(-e 40)
    [ -z "$quick" ] || epochs=(--steps 20)
    epochs+=(--optimizer sgd --nesterov --weight-decay 5e-4
        --augment '--only --flip 0.5 --crop 4')
    teach train alexnet 0.85 0 0 -a alexnet-cifar --lr 0.05 "${epochs[@]}"
    teach train resnet20 0.88 0 0 -a resnet20 --lr 0.1 "${epochs[@]}"
}

draw_images() { # WHICH FILE SEED
    local pixels=$data/pixels.npy
    [ -e "$pixels" ] || amkd-cat -q --format npy --field pixels -o "$pixels" "$data/images.amkd"
    case $1 in
    all) amkd-import -q --unlabeled ${quick:+--limit 100} -o "$2" "$pixels" ;;
    *) amkd-import -q --unlabeled --sample "$1" --seed "$3" -o "$2" "$pixels" ;;
    esac
}
