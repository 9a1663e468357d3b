#!/usr/bin/env bash
# amkd-distill compare: several recipes with several seeds, by as many runs of amkd-distill
# that share what is equal, and their figures side by side.
# Usage: distill-compare.sh AMKD-DISTILL ARGUMENT...
set -euo pipefail
export LC_ALL=C
distill=$1
shift

usage() {
    cat <<'END'
Usage: amkd-distill compare [OPTION]... RECIPE... [NAME=VALUE]...
run several recipes with several seeds and show their figures side by side

  -j, --jobs=N      run N of them side by side (default: 1)
      --dir=DIR     keep everything in DIR (default: amkd-compare)
      --seeds=LIST  every recipe with each of these seeds (default: its own SEED)
      --answers=LIST  every recipe with each of these kinds of answers: full, digits-2 (so
                    many decimals), top-3 (so many classes), top-1 (the label alone),
                    or both, as top-3+digits-2
      --launch=PREFIX  let PREFIX run the commands that compute, as "srun -n1"
  -n, --dry-run     show how the recipes differ and what is still to be run
  -q, --quiet       no word on what is begun and ended
  -v, --verbose     show each command as it is run
      --help        print this text and exit

Each RECIPE is an arm, named as its file; the others are compared with the first. The run
of a seed is in DIR/NAME/seed-SEED, and $(SEED) in a recipe, as in IMAGES, stands for it.
NAME=VALUE are parameters for all arms, in place of the recipes'. The teacher is asked
nothing twice, by no arm and no seed: a BUDGET counts the answers that its run uses,
whoever bought them. TEST is needed. The same command goes on where it was stopped.

DIR/comparison.txt is what is printed, DIR/rounds.tsv its figures, DIR/report.html the
page of amkd-report. "amkd-distill --watch DIR" says how far it is.

With --answers an arm is named as its kind of answers, of several recipes as NAME-KIND.

Examples:
  amkd-distill compare -j 2 --seeds 1,2,3 random.recipe active.recipe
  amkd-distill compare --answers full,digits-2,top-3,top-1 defender.mk
  amkd-distill compare -n half.recipe whole.recipe ROUNDS=2 BUDGET=8000
END
}

fail() {
    printf 'amkd-distill: %s\n' "$*" >&2
    exit 1
}

misuse() {
    printf "amkd-distill: %s\nTry 'amkd-distill compare --help'\n" "$*" >&2
    exit 2
}

say() {
    [ -n "$quiet" ] || printf 'amkd-distill: %s\n' "$*" >&2
}

# Writes stdin to a file, which is whole whoever else writes it or is killed meanwhile.
# Comparisons in one place may go on side by side.
put() { # FILE
    local new=$1.$BASHPID.new
    cat >"$new"
    mv "$new" "$1"
}

# --------------------------------------------------------------------- the command line

jobs=1 dir=amkd-compare plan='' quiet='' flags=(-q) seeds=() kinds=() settings=()
arms=()                  # names, in the order given
declare -A recipe=()     # of an arm
declare -A options_of=() # TEACHER_OPTIONS of an arm of --answers
runs=()                  # "SEED ARM"

take_recipe() {
    local arm=${1##*/}
    [ -r "$1" ] || fail "'$1': cannot be read"
    arm=${arm%.*}
    [[ $arm =~ ^[A-Za-z0-9_][A-Za-z0-9._+-]*$ && $arm != networks ]] ||
        misuse "'$1': the name of an arm has letters, digits and '.', '_', '+', '-'"
    [ -z "${recipe[$arm]:-}" ] || misuse "'$1': there is an arm '$arm' already"
    arms+=("$arm")
    recipe[$arm]=$1
}

take_setting() {
    case ${1%%=*} in
    SEED) misuse "$1: seeds are given by --seeds" ;;
    DIR | JOURNAL | SHARED) misuse "$1: compare sets that itself" ;;
    *) settings+=("$1") ;;
    esac
}

read_arguments() {
    local options value
    options=$(getopt -n amkd-distill -o nj:qvh \
        -l dry-run,jobs:,dir:,launch:,seeds:,answers:,quiet,verbose,help -- "$@") ||
        { echo "Try 'amkd-distill compare --help'" >&2 && exit 2; }
    eval set -- "$options"
    while [ "$1" != -- ]; do
        case $1 in
        -n | --dry-run) plan=1 ;;
        -j | --jobs) jobs=$2 && shift ;;
        --dir) dir=$2 && shift ;;
        --launch) take_setting "LAUNCH=$2" && shift ;;
        --seeds) IFS=, read -ra seeds <<<"$2" && shift ;;
        --answers) IFS=, read -ra kinds <<<"${2:-,}" && shift ;;
        -q | --quiet) quiet=1 ;;
        -v | --verbose) flags+=(-v) ;;
        -h | --help) usage && exit 0 ;;
        esac
        shift
    done
    shift
    [[ $jobs =~ ^[1-9][0-9]{0,5}$ ]] ||
        misuse "--jobs '$jobs': expected a whole number of at least 1"
    for value in ${seeds[@]+"${seeds[@]}"}; do
        [[ $value =~ ^[0-9]{1,15}$ ]] ||
            misuse "--seeds '$value': expected whole numbers with commas between"
    done
    [ -n "$dir" ] || misuse "the name of --dir is empty"
    for value in "$@"; do
        case $value in
        *=*) take_setting "$value" ;;
        *) take_recipe "$value" ;;
        esac
    done
    [ ${#arms[@]} -gt 0 ] || misuse "no recipe to run"
}

# ------------------------------------------------------------------------------- the arms

run_of() { # SEED ARM
    echo "$dir/$2/seed-$1"
}

# Sets arguments: an arm's recipe, and the parameters that come before it.
set_arguments() { # ARM
    arguments=("${recipe[$1]}" ${settings[@]+"${settings[@]}"})
    [ -z "${options_of[$1]+set}" ] || arguments+=("TEACHER_OPTIONS=${options_of[$1]}")
    arguments+=(JOURNAL= "SHARED=$dir/shared")
}

# amkd-distill as an arm's run with a seed.
distil() { # SEED ARM ARGUMENT...
    local seed=$1 arm=$2 arguments
    shift 2
    set_arguments "$arm"
    "$distill" "$@" "${arguments[@]}" "SEED=$seed" "DIR=$(run_of "$seed" "$arm")"
}

# What the parameters of an arm are, by make's reading, as "ARM NAME=VALUE" lines.
list_parameters() { # ARM [SEED]
    local arguments
    set_arguments "$1"
    "$distill" --parameters "${arguments[@]}" DIR= ${2:+"SEED=$2"} | sed "s/^/$1 /"
}

parameter() { # ARM NAME
    awk -v key="$1 $2=" 'index($0, key) == 1 { print substr($0, length(key) + 1) }' \
        <<<"$parameters"
}

# Sets parameters, of all arms, and runs: seed by seed, so that what there is can be
# compared early.
read_recipes() {
    local arm seed own
    parameters=$(for arm in "${arms[@]}"; do
        list_parameters "$arm" "${seeds[0]:-}" || exit 2
    done) || exit 2
    if [ ${#seeds[@]} = 0 ]; then
        for arm in "${arms[@]}"; do
            own=$(parameter "$arm" SEED)
            runs+=("$own $arm")
        done
        mapfile -t seeds < <(printf '%s\n' "${runs[@]%% *}" | awk '!seen[$0]++')
        return
    fi
    for seed in "${seeds[@]}"; do
        for arm in "${arms[@]}"; do
            runs+=("$seed $arm")
        done
    done
}

# Everything is found good before anything is asked. What is to be said of several runs is
# said once; the runs themselves say nothing but what fails.
check_all() {
    local arm
    for arm in "${arms[@]}"; do
        [ -n "$(parameter "$arm" TEST)" ] ||
            misuse "'${recipe[$arm]}': TEST is not set, there is nothing to compare by"
    done
    check_runs 2>&1 >/dev/null | awk '!said[$0]++' >&2 || exit "${PIPESTATUS[0]}"
}

check_runs() {
    local run seed arm
    for run in "${runs[@]}"; do
        read -r seed arm <<<"$run"
        distil "$seed" "$arm" -n ${quiet:+-q} || return
    done
}

show_plans() {
    local run seed arm
    for run in "${runs[@]}"; do
        read -r seed arm <<<"$run"
        printf '# %s, seed %s\n' "$arm" "$seed"
        distil "$seed" "$arm" -n -q
    done
}

main() {
    read_arguments "$@"
    . "$AMKD_SHARE/distill-degraded.sh"
    . "$AMKD_SHARE/distill-groups.sh"
    . "$AMKD_SHARE/distill-compare-runs.sh"
    . "$AMKD_SHARE/distill-compare-figures.sh"
    command -v amkd-report >/dev/null || fail "amkd-report is not installed"
    [ ${#kinds[@]} = 0 ] || degrade_arms "${kinds[@]}"
    read_recipes
    check_all
    if [ -n "$plan" ]; then
        say_differences
        show_plans
        exit 0
    fi
    [ -n "$quiet" ] || say_differences | grep -v '^$' >&2 || true
    note_runs
    watch_groups 60
    run_all
    compare
    end_watch
}

main "$@"
