# What the tools themselves say of every command that a run would give them, before the first
# is run: read by amkd-distill. The commands and their options are distill-rules.mk's. And
# what they cannot tell by options and headers alone.

# Ends as the tool did that refuses a command, with the parameter that its message is about,
# or all that it may be about.
blame() { # STATUS MESSAGE PARAMETER[:OPTION]...
    local status=$1 message=$2 word name option named='' whose=''
    shift 2
    [[ ! $message =~ --[a-z-]+ ]] || named=${BASH_REMATCH[0]}
    for word in "$@"; do
        name=${word%%:*} option=${word#*:}
        option=${option,,}
        if [ "$named" = "--${option//_/-}" ] ||
            [[ -n $named && " ${value[$name]} " == *" $named"[\ =]* ]]; then
            whose=$name
            break
        fi
        [ -z "${value[$name]}" ] || [[ $message != *"'${value[$name]:0:100}"* ]] ||
            whose=${whose:-$name}
    done
    if [ -n "$whose" ]; then
        message="$whose '${value[$whose]}': $message"
    else
        message="$message (${*%%:*})"
    fi
    ((status != 2)) || misuse "$message"
    fail "$message"
}

# The number of classes is the teacher's where that is known, else TEST's.
check_commands() {
    local lines parameters command said status nclasses=0
    [ -z "${value[TEST]}" ] || nclasses=$(amkd-cat --header "${value[TEST]}" |
        awk '$1 == "\"nclasses\":" { n = $2 + 0 } END { print n + 0 }')
    lines=$(run_loop check) || exit 1
    while IFS=$'\t' read -r parameters command; do
        status=0
        said=$(eval "$command" 2>&1 </dev/null) || status=$?
        if ((status)); then
            said=${said#*: }
            # shellcheck disable=SC2086 # words
            blame "$status" "${said%$'\n'Try *}" $parameters
        fi
        # shellcheck disable=SC2034 # the next command's
        [[ ! $said =~ ^([0-9]+)' classes'$ ]] || nclasses=${BASH_REMATCH[1]}
    done <<<"$lines"
}

# Whether there are as many different images as the teacher is to be asked about. Copies among
# them are said: nobody learns from an answer that is there before.
check_images() {
    local said n=${value[NIMAGES]} different asked=$((value[FIRST] + value[HOLDOUT])) k r=0
    read -ra asks <<<"${value[ASKS]}"
    for k in ${value[PICKS]}; do
        [ "${asks[r++]}" != images ] || asked=$((asked + k))
    done
    said=$(amkd-cat --among "${value[IMAGES]}" "${value[IMAGES]}") || exit 1
    different=$n
    [[ $said != *$'\n'* ]] || read -r different _ <<<"${said#*$'\n'}"
    ((different > 1)) || misuse "IMAGES '${value[IMAGES]}': all $n images are the same"
    ((asked == n || asked <= different)) || misuse "the teacher is to be asked about $asked" \
        "images, but only $different of the $n in '${value[IMAGES]}' are different"
    [ -n "$quiet" ] || ((different == n)) ||
        echo "amkd-distill: note: $((n - different)) of the $n images in" \
            "'${value[IMAGES]}' are copies of others (amkd-import --distinct leaves them out)" >&2
}

# Says how many test images are among those that teach. They are looked for once a run, by
# reading both sets.
warn_of_shared() {
    local said n all
    [ -n "${value[TEST]}" ] && [ -z "$quiet" ] || return 0
    said=$(amkd-cat --among "${value[IMAGES]}" "${value[TEST]}") || exit 1
    read -r n _ all _ <<<"$said"
    ((n == 0)) || echo "amkd-distill: warning: $n of the $all images of TEST" \
        "'${value[TEST]}' are among IMAGES '${value[IMAGES]}' too: figures on TEST flatter" \
        "the student" >&2
}
