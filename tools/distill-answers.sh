# What the answers of a run will be about, and where they are kept: read by amkd-distill,
# whose value and assignments these functions read and add to.

# "rows digest" of an image set, as the streams that refer to it say.
identify() { # IMAGES
    [ -r "$1" ] || fail "'$1': cannot be read"
    amkd-pool -q -n 1 "$1" | amkd-cat --header | awk '
        $1 == "\"digest\":" { gsub(/[",]/, "", $2); digest = $2 }
        $1 == "\"rows\":" && !n { n = $2 + 0 }
        END { print n, digest }'
}

# Views of each image: no more in all than of 2,000 images, nor than a gibibyte of pixels.
views_of() { # VIEWS IMAGES BYTES OF AN IMAGE
    local fewer=$((2000 * $1 / $2)) small=$(((1 << 30) / ($2 * $3)))
    ((fewer <= $1)) || fewer=$1
    ((fewer <= small)) || fewer=$small
    echo $((fewer > 1 ? fewer : 1))
}

# Sets VIEWS and ASSISTANT_VIEWS where nobody did.
settle_views() { # IMAGES IN ALL
    local nbytes
    nbytes=$(amkd-cat --header "${value[IMAGES]}" | tr -d ' \n' |
        sed -n 's/.*"pixels","[^"]*",\[\([0-9,]*\)\].*/\1/p')
    nbytes=$((${nbytes//,/*}))
    [ -n "${value[VIEWS]}" ] || value[VIEWS]=$(views_of 30 "$1" $nbytes)
    [ -n "${value[ASSISTANT_VIEWS]}" ] || value[ASSISTANT_VIEWS]=$(views_of 100 "$1" $nbytes)
    assignments+=("VIEWS=${value[VIEWS]}" "ASSISTANT_VIEWS=${value[ASSISTANT_VIEWS]}")
}

# Sets picks and pools, the numbers of each round, or says why there is nothing to plan.
divide_budget() { # IMAGES IN ALL
    local n=$1 budget=$((10#${value[BUDGET]})) rounds=$((10#${value[ROUNDS]})) k r
    picks='' pools=''
    ((budget >= n)) ||
        misuse "BUDGET $budget is less than the $n real images, all of which are asked about"
    ((rounds)) || return 0
    if [ -n "${value[BUDGETS]}" ]; then
        divide_as_told "$n"
    else
        k=$(((budget - n) / rounds))
        ((k)) || misuse "BUDGET $budget leaves $((budget - n)) answers beyond the $n real" \
            "images, too few for $rounds rounds (ROUNDS=0 distils from the real images alone)"
        for ((r = 1; r < rounds; r++)); do
            picks+="$k "
        done
        picks+=$((budget - n - k * (rounds - 1)))
    fi
    check_picks "$n"
}

# The same by BUDGETS, which is ascending.
divide_as_told() { # IMAGES IN ALL
    local before=$1 answers
    for answers in ${value[BUDGETS]}; do
        answers=$((10#$answers))
        ((answers > before)) || misuse "BUDGETS begins with $answers, which leaves nothing" \
            "to ask beyond the $before real images"
        picks+="${picks:+ }$((answers - before))"
        before=$answers
    done
}

# Whether picks are to be had: those of all rounds of what there is, unless one pair may be
# picked at several lambdas, those of each of its pool, and by MAX_PER_IMAGE. Sets pools, the
# size of each round's.
check_picks() { # IMAGES IN ALL
    local n=$1 views=$((10#${value[VIEWS]})) most=$((10#${value[MAX_PER_IMAGE]}))
    local pairs limit pool k all=0
    ((views <= 65535)) || misuse "VIEWS '${value[VIEWS]}': expected 65535 at most"
    if ((value[SINGLE])); then
        pairs=$((n * views)) limit=$((n * most))
    else
        pairs=$(awk -v n="$n" -v views="$views" 'BEGIN {
            pairs = n * (n - 1) / 2 * (views ? views * views : 1)
            printf "%d", pairs < 2 ^ 60 ? pairs : 2 ^ 60 }')
        limit=$((n * most / 2))
    fi
    pools=''
    for k in $picks; do
        pool=$(pool_for "$k" "$pairs" "$all")
        all=$((all + k))
        pools+="${pools:+ }$pool"
        [ "$pool" != all ] || pool=$pairs
        ((k <= pool)) || misuse "a round is to pick $k of a pool of $pool"
        ((!most || k <= limit)) || misuse "MAX_PER_IMAGE $most lets a round pick" \
            "$limit of $n images at most, but it is to pick $k"
    done
    [[ ${value[POOL]} = bought || ${value[BY]}${value[SINGLE]} = c10 ]] || ((all <= pairs)) ||
        misuse "the rounds are to pick $all of $pairs that there are"
}

# The pool of a round: "all" where there are no more. "4x" is of those not asked before, which
# are then left out of the pool.
pool_for() { # PICKS PAIRS ASKED
    local pool=${value[POOL]} left=$(($2 - $3)) times
    case $pool in
    bought) pool=$((10#${value[BUDGET]})) ;;
    all) ;;
    *x)
        times=$((10#${pool%x}))
        if ((left <= 0 || times > left / $1)); then
            pool=all
        else
            pool=$((times * $1 + times * $1 * $3 / left))
        fi
        ;;
    *) pool=$((10#$pool)) ;;
    esac
    [ "${value[POOL]}" = bought ] || [ "$pool" = all ] || ((pool < $2)) || pool=all
    echo "$pool"
}

# The files of the teacher "replay:...", one a line.
replayed_files() {
    local pattern path patterns
    IFS=, read -ra patterns <<<"${value[TEACHER]#replay:}"
    for pattern in "${patterns[@]}"; do
        while IFS= read -r path; do
            [ ! -d "$path" ] || path=$path/answers.amkd
            [ -r "$path" ] || fail "'$path': cannot be read"
            printf '%s\n' "$path"
        done < <(compgen -G "$pattern" || printf '%s\n' "$pattern")
    done
}

# The digest of the image set that labels are about, if that is the one of DIGEST or views of
# it.
set_of() { # DIGEST LABELS
    amkd-cat --header "$2" | awk -v digest="\"$1\"" '
        $1 == "\"kind\":" { labels = $2 ~ /labels/ }
        $1 == "\"digest\":" {
            sub(/,$/, "", $2)
            if (own == "") own = $2
            about = about || $2 == digest
        }
        END { if (labels && about) { gsub(/"/, "", own); print own } }'
}

# Sets what POOL = bought picks among: the replayed labels that are about views of the
# images, of the set with the most of them, or else about the images themselves.
find_bought() { # DIGEST FILE...
    local file set most='' digest=$1
    local -A found count
    [[ ${value[TEACHER]} = replay:* ]] ||
        misuse "POOL bought is what a teacher replay:FILES has answers to"
    shift
    for file in "$@"; do
        set=$(set_of "$digest" "$file")
        [ -n "$set" ] || continue
        need_path_of "'$file'" "$file"
        found[$set]+=" $file"
        count[$set]=$((${count[$set]:-0} + 1))
        [ "$set" != "$digest" ] || continue
        most=${most:-$set}
        ((${count[$set]} <= ${count[$most]})) || most=$set
    done
    most=${most:-$digest}
    [ -n "${found[$most]:-}" ] ||
        fail "'${value[TEACHER]}': no labels there about '${value[IMAGES]}'"
    assignments+=("BOUGHT=${found[$most]}" SHARDS=1)
    [ "$most" != "$digest" ] || assignments+=(BOUGHT_REAL=1)
}

# Sets STORE, the journal in SHARED of this very teacher: what it is sent is a part of it,
# how its answers are read is not.
find_store() { # DIGEST
    local key
    [ -n "${value[SHARED]}" ] || return 0
    key=$({
        printf '%s\n' "${value[TEACHER]}" "${value[TEACHER_INPUT]}" "$1"
        grep -oE -- '--(request|response|classes|layout|input-name|input-shape|answer)[ =]+[^ ]+' \
            <<<"${value[TEACHER_OPTIONS]}" || true
    } | sha256sum)
    assignments+=("STORE=${value[SHARED]}/answers-${key:0:12}")
}

find_identities() {
    local n digest file=${value[TEACHER]#model:} files=()
    local identity identity_of_images
    identity=$(identify "${value[IMAGES]}") || exit 1
    identity_of_images=$identity
    read -r n digest <<<"$identity"
    assignments+=("IMAGES_DIGEST=$digest")
    settle_views "$n"
    divide_budget "$n"
    assignments+=("PICKS=$picks" "POOLS=$pools")
    if [ -n "${value[TEST]}" ]; then
        identity=$(identify "${value[TEST]}") || exit 1
        assignments+=("TEST_DIGEST=${identity#* }")
    fi
    case ${value[TEACHER]} in
    model:*)
        [ -r "$file" ] || fail "'$file': cannot be read"
        digest=$(sha256sum <"$file")
        assignments+=("TEACHER_DIGEST=sha256:${digest%% *}")
        find_store "$digest"
        ;;
    replay:*)
        digest=$(replayed_files) || exit 1
        mapfile -t files <<<"$digest"
        digest=$(cat -- "${files[@]}" | sha256sum)
        assignments+=("TEACHER_DIGEST=sha256:${digest%% *}")
        ;;
    *) find_store '' ;;
    esac
    [ "${value[POOL]}" != bought ] || find_bought "${identity_of_images#* }" "${files[@]}"
}
