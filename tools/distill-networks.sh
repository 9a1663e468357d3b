# shellcheck shell=bash
# The student and the assistant where none is named: read by amkd-distill.

# "channels height width" of an images stream.
shape_of() { # IMAGES
    local header pattern='"pixels","\|u1",\[([0-9]+),([0-9]+),([0-9]+)\]'
    header=$(amkd-cat --header "$1" | tr -d ' \n') || exit 1
    [[ $header =~ $pattern ]] || fail "'$1': no images"
    echo "${BASH_REMATCH[3]} ${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
}

takes_images() { # ARCH
    amkd-train --check -a "$1" --classes 2 "${value[IMAGES]}" 2>/dev/null
}

# Small gray drawings need little. Photos need depth, and large ones networks that get along
# with few multiply-adds. Where those named here do not take the images, as very narrow ones,
# it is the small ones again.
choose_networks() {
    local shape channels height width side student=lenet5-half assistant by
    assistant="conv 16 k5 p2 | relu | maxpool 2 | conv 32 k5 | relu | maxpool 2 | fc 128 | relu"
    assistant+=" | fc classes"
    [[ -z ${value[ARCH]} || ${value[ASSISTANT]} = auto ]] || return 0
    shape=$(shape_of "${value[IMAGES]}") || exit 1
    read -r channels height width <<<"$shape"
    side=$((height < width ? height : width))
    if ((side >= 64)) && takes_images mobilenetv2-0.5 && takes_images resnet18; then
        student=mobilenetv2-0.5 assistant=resnet18
    elif ((side > 32 || (channels == 3 && side >= 24))) && takes_images resnet8 &&
        takes_images resnet20; then
        student=resnet8 assistant=resnet20
    fi
    by="for images of ${channels}x${height}x$width"
    if [ -z "${value[ARCH]}" ]; then
        settle ARCH "$student"
        chosen_networks="student $student"
    fi
    if [ "${value[ASSISTANT]}" = auto ]; then
        settle ASSISTANT "$assistant"
        chosen_networks+="${chosen_networks:+, }assistant $assistant"
    fi
    chosen_networks+=" $by"
}
