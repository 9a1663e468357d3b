# What --answers of amkd-distill compare makes of its recipes: each is an arm once for every
# kind of answers in the list, of which more or less is left. Read by distill-compare.sh,
# whose arms, recipe, settings and options_of these functions set and read.

# The options of amkd-query that make a kind of answers of whole ones.
options_of_kind() { # KIND
    local top='top-([1-9][0-9]{0,5})' digits='digits-([1-9])'
    if [[ $1 =~ ^$top$ ]]; then
        echo "--keep-top ${BASH_REMATCH[1]}"
    elif [[ $1 =~ ^$digits$ ]]; then
        echo "--digits ${BASH_REMATCH[1]}"
    elif [[ $1 =~ ^$top\+$digits$ ]]; then
        echo "--keep-top ${BASH_REMATCH[1]} --digits ${BASH_REMATCH[2]}"
    else
        [ "$1" = full ]
    fi
}

check_kinds() { # KIND...
    local kind seen=' '
    for kind in "$@"; do
        options_of_kind "$kind" >/dev/null || misuse "--answers '$kind': expected full," \
            "digits-D (of D decimals), top-K (of the best K classes) or top-K+digits-D"
        [[ $seen != *" $kind "* ]] || misuse "--answers: '$kind' stands there twice"
        seen+="$kind "
    done
}

# The options of a recipe's teacher, which say nothing of what is left of its answers.
teacher_options() { # ARM
    local parameters options
    # shellcheck disable=SC2034 # what parameter looks in
    parameters=$(list_parameters "$1") || return
    options=$(parameter "$1" TEACHER_OPTIONS)
    [[ ! " $options" =~ \ --(digits|keep-top)[\ =] ]] || misuse "'${recipe[$1]}':" \
        "TEACHER_OPTIONS has --${BASH_REMATCH[1]}, but --answers says what is left of answers"
    printf '%s' "$options"
}

# Puts an arm for each kind in the place of each arm: named as the kind where there is but one
# recipe, else as RECIPE-KIND.
degrade_arms() { # KIND...
    local whole=("${arms[@]}") arm new kind options more
    check_kinds "$@"
    arms=()
    for arm in "${whole[@]}"; do
        options=$(teacher_options "$arm") || exit 2
        for kind in "$@"; do
            new=$kind
            if [ ${#whole[@]} -gt 1 ]; then
                new=$arm-$kind
                [ -z "${recipe[$new]:-}" ] || misuse "'${recipe[$new]}': there is an arm '$new' already"
            fi
            more=$(options_of_kind "$kind")
            arms+=("$new")
            recipe[$new]=${recipe[$arm]}
            # shellcheck disable=SC2034 # distill-compare.sh's
            options_of[$new]=$options${more:+ $more}
        done
    done
}
