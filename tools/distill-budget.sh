# How a budget is divided into rounds, and what is settled where nobody said it: read by
# amkd-distill, whose value and assignments these functions read and add to.

# Views of each image: no more in all than of 2,000 images, nor than a gibibyte of pixels.
views_of() { # VIEWS IMAGES BYTES OF AN IMAGE
    local fewer=$((2000 * $1 / $2)) small=$(((1 << 30) / ($2 * $3)))
    ((fewer <= $1)) || fewer=$1
    ((fewer <= small)) || fewer=$small
    echo $((fewer > 1 ? fewer : 1))
}

settle() { # NAME VALUE
    value[$1]=$2
    assignments+=("$1=$2")
}

# What an earlier run in DIR settled, of the same images: what was bought then is gone on from.
declare -A earlier=()
read_earlier() { # DIGEST OF THE IMAGES
    local name line
    [ -e "${value[DIR]}/round-0/labels.amkd" ] &&
        [ "$(cat "${value[DIR]}/images.digest" 2>/dev/null)" = "$1" ] || return 0
    while IFS= read -r line; do
        name=${line%%=*}
        earlier[$name]=${line#*=}
    done <"${value[DIR]}/parameters.txt"
}

# Settles VIEWS and ASSISTANT_VIEWS. The fewer images, the more views teach: of tens of
# thousands the images as they are do better.
settle_views() { # IMAGES IN ALL
    local nbytes
    nbytes=$(amkd-cat --header "${value[IMAGES]}" | tr -d ' \n' |
        sed -n 's/.*"pixels","[^"]*",\[\([0-9,]*\)\].*/\1/p')
    nbytes=$((${nbytes//,/*}))
    [ -n "${value[VIEWS]}" ] || settle VIEWS "$(views_of 30 "$1" $nbytes)"
    [ -n "${value[ASSISTANT_VIEWS]}" ] ||
        settle ASSISTANT_VIEWS $(($1 < 16000 ? (60000 + $1 - 1) / $1 : 1))
}

# Settles HOLDOUT: a number of images, be it said as that or as a share of the budget.
settle_holdout() { # IMAGES IN ALL
    local held=${value[HOLDOUT]} budget=$((10#${value[BUDGET]}))
    case $held in
    '')
        held=${earlier[HOLDOUT]:-0}
        if has_stop_rule && [ "$held" = 0 ]; then
            [ -z "${earlier[HOLDOUT]:-}" ] || misuse "nothing was held out of what was bought in" \
                "'${value[DIR]}', to tell by: TARGET and PATIENCE need another DIR, or HOLDOUT," \
                "with which this begins anew"
            held=$((budget / 10 < $1 / 10 ? budget / 10 : $1 / 10))
        fi
        ;;
    *.*) held=$(awk -v share="$held" -v budget=$budget 'BEGIN { printf "%d", share * budget }') ;;
    esac
    settle HOLDOUT $((10#$held))
    ((value[HOLDOUT])) || ! has_stop_rule ||
        misuse "HOLDOUT 0 leaves nothing to tell by when TARGET or PATIENCE is reached"
    ((value[HOLDOUT] < $1)) || misuse "HOLDOUT ${value[HOLDOUT]} leaves none of the $1" \
        "real images to learn from"
    ((value[HOLDOUT] < budget)) || misuse "BUDGET $budget is spent on the" \
        "${value[HOLDOUT]} answers that are held out (HOLDOUT)"
}

# Whether what an earlier run asked about first may come first in this one: it is not to be
# divided in another way, nor is the budget now enough for all where it was not.
can_go_on() { # IMAGES ANSWERS
    [ -z "${value[ROUNDS]}${value[BUDGETS]}${earlier[BUDGETS]:-}" ] &&
        [ "${earlier[HOLDOUT]:-}" = "${value[HOLDOUT]}" ] &&
        ((earlier[FIRST] <= $2 && ($2 < $1 || earlier[FIRST] == $1)))
}

# Settles FIRST, of the images and the answers that are not held out.
settle_first() { # IMAGES ANSWERS
    local first=${value[FIRST]} answers=$2
    if [ -z "$first" ] && can_go_on "$@"; then
        first=${earlier[FIRST]}
    elif [ -z "$first" ]; then
        [ -z "${value[BUDGETS]}" ] || answers=$((10#${value[BUDGETS]%% *} - value[HOLDOUT]))
        first=$(($2 < $1 ? (answers + 3) / 4 : $1))
    fi
    first=$((10#$first))
    ((first <= $1)) || misuse "FIRST $first is more than the $1 real images that there are"
    ((first <= $2)) || misuse "FIRST $first is more than the $2 answers that BUDGET" \
        "${value[BUDGET]} leaves round 0"
    settle FIRST $first
}

# Settles ASKS, a word a round.
settle_asks() { # IMAGES, ANSWERS THAT ROUND 0 LEAVES
    local words word asks='' r
    read -ra words <<<"${value[ASK]:-$( (($1 && $1 >= $2)) && echo images || echo mixes)}"
    ((${#words[@]} == 1 || ${#words[@]} == value[ROUNDS])) || misuse "ASK" \
        "'${value[ASK]}': expected one word, or one for each of ${value[ROUNDS]} rounds"
    for word in "${words[@]}"; do
        [[ $word =~ ^(images|views|mixes)$ ]] ||
            misuse "ASK '${value[ASK]}': '$word' is none of images, views, mixes"
    done
    for ((r = 0; r < value[ROUNDS]; r++)); do
        asks+="${asks:+ }${words[r < ${#words[@]} ? r : 0]}"
    done
    [[ $asks != *views* ]] || ((10#${value[VIEWS]})) ||
        misuse "ASK '${value[ASK]}' needs VIEWS"
    settle ASKS "$asks"
}

# Views of mixes know no mean, which amkd-train says once they are bought.
wants_mean() { # NAME
    [[ "${value[ASKS]} ${value[POOL]}" =~ mixes|bought &&
        ${value[$1]} =~ --(around|border)[\ =]+mean ]]
}

check_means() { # NAME
    ! wants_mean "$1" ||
        misuse "$1 '${value[$1]}': answers about mixes are not seen in views with a mean"
}

# Settles GENERATIONS: what is unlabeled is worth a second one where it is more than what was
# asked about (bench/README.md, "bench/study").
settle_generations() { # REAL IMAGES NOT ASKED ABOUT AT FIRST
    [ -z "${value[GENERATIONS]}" ] || return 0
    if (($1)) && [ -n "${value[ASSISTANT]}" ] &&
        [ "${value[ASSISTANT_VIEW_OPTIONS]}" != none ] && ! wants_mean ASSISTANT_VIEW_OPTIONS; then
        settle GENERATIONS 2
    else
        settle GENERATIONS 1
    fi
}

# What is of assistants, where there is none, and of views.
check_lessons() {
    [[ -n ${value[ASSISTANT]} || ${value[MIN_TOP]} =~ ^[0.]*$ ]] ||
        misuse "MIN_TOP ${value[MIN_TOP]}: there is no assistant (ASSISTANT is empty)"
    check_means ANSWER_VIEW_OPTIONS
    ((10#${value[GENERATIONS]} > 1)) || return 0
    check_means ASSISTANT_VIEW_OPTIONS
    [ -n "${value[ASSISTANT]}" ] ||
        misuse "GENERATIONS ${value[GENERATIONS]}: there is no assistant (ASSISTANT is empty)"
    [ "${value[ASSISTANT_VIEW_OPTIONS]}" != none ] ||
        misuse "GENERATIONS ${value[GENERATIONS]} needs views (ASSISTANT_VIEW_OPTIONS)"
}

# Settles who scores, and in which rounds a student is trained.
settle_networks() {
    local needed=''
    [ -n "${value[SCORER]}" ] ||
        settle SCORER "$([ -n "${value[ASSISTANT]}" ] && echo assistant || echo student)"
    [[ ${value[SCORER]} = student || -n ${value[ASSISTANT]} ]] ||
        misuse "SCORER assistant: there is none (ASSISTANT is empty)"
    ((!value[ROUNDS])) || [ "${value[SCORER]}" = assistant ] || needed=1
    ! has_stop_rule || needed=1
    ((!value[WARM_START])) || needed=1
    [ -n "${value[STUDENTS]}" ] ||
        settle STUDENTS "$([ -n "$needed${value[BUDGETS]}" ] && echo each || echo last)"
    [ "${value[STUDENTS]}$needed" != last1 ] || misuse "STUDENTS last: those of the rounds" \
        "before are needed to score, to stop or to start from"
}

# Settles all that the rounds are made of, or says why there is nothing to plan.
settle_rounds() { # IMAGES IN ALL
    local answers left n=$1 rounds given=0
    [ -z "${value[ROUNDS]}" ] || given=1
    picks='' pools=''
    settle_holdout "$n"
    answers=$((10#${value[BUDGET]} - value[HOLDOUT])) n=$((n - value[HOLDOUT]))
    settle_first "$n" "$answers"
    left=$((answers - value[FIRST]))
    if can_go_on "$n" "$answers" && go_on "$left"; then
        settle ROUNDS "$(wc -w <<<"$picks")"
    else
        rounds=${value[ROUNDS]:-$((value[FIRST] < n ? 3 : 4))}
        settle ROUNDS $((10#$rounds < left || given ? 10#$rounds : left))
        divide_budget "$left"
    fi
    settle_asks $((n - value[FIRST])) "$left"
    settle_networks
    settle_generations $((n - value[FIRST]))
    check_lessons
    check_picks "$1"
    settle NIMAGES "$1"
    settle PICKS "$picks"
    settle POOLS "$pools"
}

# Sets picks to those of an earlier run of the same first round, and of three more rounds at most,
# none smaller than its first unless the budget ends. Fails where there are none.
go_on() { # ANSWERS BEYOND ROUND 0
    local left=$1 k before least
    [ "${earlier[FIRST]:-}" = "${value[FIRST]}" ] || return 1
    read -ra before <<<"${earlier[PICKS]}"
    ((${#before[@]} && before[0] <= left)) || return 1
    for k in "${before[@]}"; do
        ((k <= left)) || return 0
        picks+="${picks:+ }$k" left=$((left - k))
    done
    least=$((left / 3 > before[0] ? left / 3 : before[0]))
    while ((left)); do
        k=$((left < 2 * least ? left : least))
        picks+=" $k" left=$((left - k))
    done
}

# Sets picks, the number of each round.
divide_budget() { # ANSWERS BEYOND ROUND 0
    local rounds=${value[ROUNDS]} k=0 r
    ((rounds)) || return 0
    if [ -n "${value[BUDGETS]}" ]; then
        divide_as_told
        return
    fi
    k=$(($1 / rounds))
    ((k)) || misuse "BUDGET ${value[BUDGET]} leaves $1 answers beyond round 0, too few for" \
        "$rounds rounds (ROUNDS=0 is round 0 alone)"
    for ((r = 1; r < rounds; r++)); do
        picks+="$k "
    done
    picks+=$(($1 - k * (rounds - 1)))
}

# The same by BUDGETS, which is ascending.
divide_as_told() {
    local before=$((value[FIRST] + value[HOLDOUT])) answers
    for answers in ${value[BUDGETS]}; do
        answers=$((10#$answers))
        ((answers > before)) || misuse "BUDGETS begins with $answers, which leaves nothing" \
            "to ask beyond the $before of round 0"
        picks+="${picks:+ }$((answers - before))"
        before=$answers
    done
}

# How many of a kind there are to ask about, and how many that one image may be in; images
# that round 0 asked about or that are held out are no longer there.
count_candidates() { # KIND IMAGES
    local views=$((10#${value[VIEWS]}))
    case $1 in
    images) echo $(($2 - value[FIRST] - value[HOLDOUT])) ;;
    views) echo $(($2 * views)) ;;
    mixes)
        awk -v n="$2" -v views=$views 'BEGIN {
            pairs = n * (n - 1) / 2 * (views ? views * views : 1)
            printf "%d", pairs < 2 ^ 60 ? pairs : 2 ^ 60 }'
        ;;
    esac
}

# Whether picks are to be had: those of all rounds of what there is, unless one pair may be
# picked at several lambdas, those of each of its pool, and by MAX_PER_IMAGE. Sets pools, the
# size of each round's.
check_picks() { # IMAGES IN ALL
    local n=$1 most=$((10#${value[MAX_PER_IMAGE]})) asks kind candidates limit pool k r=0
    local -A all=()
    ((10#${value[VIEWS]} <= 65535)) ||
        misuse "VIEWS '${value[VIEWS]}': expected 65535 at most"
    read -ra asks <<<"${value[ASKS]}"
    for k in $picks; do
        kind=${asks[r++]}
        candidates=$(count_candidates "$kind" "$n")
        pool=$(pool_for "$kind" "$k" "$candidates" "${all[$kind]:-0}")
        all[$kind]=$((${all[$kind]:-0} + k))
        pools+="${pools:+ }$pool"
        [ "$pool" != all ] || pool=$candidates
        ((k <= pool)) || misuse "a round is to pick $k of a pool of $pool"
        limit=$((n * most))
        [ $kind != mixes ] || limit=$((limit / 2))
        ((!most || k <= limit)) || misuse "MAX_PER_IMAGE $most lets a round pick" \
            "$limit of $n images at most, but it is to pick $k"
        [[ ${value[POOL]} = bought || ${value[BY]}$kind = c1mixes ]] ||
            ((all[$kind] <= candidates)) ||
            misuse "the rounds are to pick ${all[$kind]} of $candidates $kind that there are"
    done
}

# The pool of a round: "all" where there are no more. Of those asked before, which are then
# left out of it, it has as many more.
pool_for() { # KIND PICKS CANDIDATES ASKED
    local pool=${value[POOL]} left=$(($3 - $4)) before=$4 times
    [ "$1" != images ] || before=$((before + value[FIRST] + value[HOLDOUT]))
    case ${pool:-$1} in
    bought) pool=$((10#${value[BUDGET]})) ;;
    all | images) pool=all ;;
    views | mixes) pool=200000 ;;
    *x)
        times=$((10#${pool%x}))
        if ((left <= 0 || times > left / $2)); then
            pool=all
        else
            pool=$((times * $2 + times * $2 * before / left))
        fi
        ;;
    *) pool=$((10#$pool)) ;;
    esac
    [ "${value[POOL]}" = bought ] || [ "$pool" = all ] || ((pool < $3)) || pool=all
    echo "$pool"
}

# What is going to be asked, in a sentence.
say_budget() {
    local held=${value[HOLDOUT]} first=${value[FIRST]} kinds said
    said="${value[NIMAGES]} images, $((10#${value[BUDGET]})) answers: $first about"
    if ((first + held == value[NIMAGES])); then
        said+=" all of them"
        ((!held)) || said+=" but $held held out"
    else
        said+=" images drawn at random"
        ((!held)) || said+=", $held more to measure by"
    fi
    kinds=$(tr ' ' '\n' <<<"${value[ASKS]}" | uniq | paste -sd ' ')
    ((!value[ROUNDS])) ||
        said+=", the rest in ${value[ROUNDS]} round$( ((value[ROUNDS] == 1)) || echo s) about"
    said+="${kinds:+ ${kinds// /, then }}"
    ((10#${value[GENERATIONS]} == 1)) ||
        said+="; ${value[GENERATIONS]} assistants, each but the first taught by the one before, too"
    echo "amkd-distill: $said"
    [ -z "$chosen_networks" ] || echo "amkd-distill: $chosen_networks"
}
