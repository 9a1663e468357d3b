# What the answers of a run will be about, and where they are kept: read by amkd-distill,
# whose value and assignments these functions read and add to. How many there will be of what
# is distill-budget.sh's.

# "rows digest" of an image set, as the streams that refer to it say.
identify() { # IMAGES
    [ -r "$1" ] || fail "'$1': cannot be read"
    amkd-pool -q -n 1 "$1" | amkd-cat --header | awk '
        $1 == "\"digest\":" { gsub(/[",]/, "", $2); digest = $2 }
        $1 == "\"rows\":" && !n { n = $2 + 0 }
        END { print n, digest }'
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
    read_earlier "$digest"
    choose_networks
    settle_views "$n"
    settle_rounds "$n"
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
