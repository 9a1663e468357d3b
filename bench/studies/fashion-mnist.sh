# shellcheck shell=bash disable=SC2034 # bench/study reads these
# Fashion-MNIST for bench/study, from Debian's package dataset-fashion-mnist: its teachers and
# the real images of its arms.

data=$dir
source=/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz

check_data() {
    [ -e "$source" ] || fail "'$source': not there; apt-get install dataset-fashion-mnist"
    [[ ! " ${parts[*]} " =~ ' '(domain|many-others)' ' ]] || [ -e "${others[0]}" ] ||
        fail "'${others[0]}': not there; apt-get install oxygen-icon-theme, or --others"
}

prepare() {
    [ -e "$data/test.amkd" ] || "$root/datasets/fashion-mnist.sh" "$data"
    local middle=(-a lenet5 --steps 4000) sharp=(-a lenet5 --epochs 20)
    [ -z "$quick" ] || { middle=(-a lenet5 --steps 60) && sharp=("${middle[@]}"); }
    sharp+=(--optimizer adam --lr 0.001 --schedule constant -b 64 --weight-decay 0)
    teach train middle 0.905 0.92 0 "${middle[@]}"
    teach train sharp 0.90 0.945 0.2 "${sharp[@]}"
    # Those of a user have not seen the images that they are asked about.
    [ -e "$data/half.amkd" ] ||
        amkd-import -q --sample "$([ -n "$quick" ] && echo 1000 || echo 30000)" --seed 1 \
            -o "$data/half.amkd" "$source"
    teach half half-soft 0.86 0 0 "${middle[@]}" --steps 1500
    teach half half-sharp 0.88 0.93 0.15 "${sharp[@]}"
}

# Images of which a third is of another kind.
draw_mixture() { # FILE SEED
    local icons=2900 clothes=5800 part
    [ -z "$quick" ] || { icons=30 && clothes=70; }
    amkd-import -q --unlabeled --sample $clothes --seed "$2" -o "$1.clothes" "$source"
    amkd-import -q --unlabeled --resize 28x28 --gray --sample $icons --seed "$2" \
        -o "$1.icons" "${others[@]}"
    for part in clothes icons; do
        amkd-cat --format npy --field pixels -o "$1.$part.npy" "$1.$part"
    done
    amkd-import -q --unlabeled -o "$1" "$1.clothes.npy" "$1.icons.npy"
    rm "$1".{clothes,icons}{,.npy}
}

draw_images() { # WHICH FILE SEED
    case $1 in
    all) amkd-import -q --unlabeled ${quick:+--limit 100} -o "$2" "$source" ;;
    half)
        amkd-import -q --unlabeled ${quick:+--limit 100} --distinct 0 \
            --apart-from "$data/half.amkd" -o "$2" "$source"
        ;;
    third) draw_mixture "$2" "$3" ;;
    others)
        amkd-import -q --unlabeled --resize 28x28 --gray --seed "$3" \
            --sample "$([ -n "$quick" ] && echo 40 || echo 2000)" -o "$2" "${others[@]}"
        ;;
    *) amkd-import -q --unlabeled --sample "$1" --seed "$3" -o "$2" "$source" ;;
    esac
}
