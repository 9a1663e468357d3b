#!/usr/bin/env -S bash -p
# shellcheck shell=bash
# amkd-distill: the whole loop, by make over the other tools. This front checks the
# parameters of distill-parameters.mk; the loop is distill-rules.mk.

# Of the environment, nothing changes what the shell (-p), make or the commands under them
# do. Before anything else is read: a POSIX shell would not know some of it.
unset POSIXLY_CORRECT BASH_COMPAT EXECIGNORE FUNCNEST TMOUT GREP_OPTIONS
unset MAKEFLAGS GNUMAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL MAKEFILES VPATH GPATH
# Nor do the options of a shell here go to a teacher that is a script.
export -n SHELLOPTS BASHOPTS
set -euo pipefail
# Numbers have a point and letters ASCII's order; texts stay as the user's, for the teacher.
[ -z "${LC_ALL:-}" ] || export LANG="$LC_ALL" LC_CTYPE="$LC_ALL"
unset LC_ALL
export LC_NUMERIC=C LC_COLLATE=C

usage() {
    cat <<'END'
Usage: amkd-distill [OPTION]... [RECIPE] [NAME=VALUE]...
       amkd-distill compare [OPTION]... RECIPE... [NAME=VALUE]...
       amkd-distill --status|--watch [DIR]
distil a teacher into a student, in rounds, by make over the amkd tools

  -n, --dry-run     show the plan: the commands that are still to be run
  -j, --jobs=N      run N commands side by side where they do not wait for each other
      --launch=PREFIX  let PREFIX, such as 'srun -n1', run the commands that compute
                    (LAUNCH; LAUNCH_train and others for one tool)
      --dir=DIR     keep everything in DIR (default: amkd-run)
      --parameters  list the parameters with their values and exit
      --status      say what the run or the comparison in DIR is doing or did, and exit
      --watch       the same again every two seconds while it runs (a comparison: ten)
      --json        --status, --watch: as JSON, an object a line
  -q, --quiet       no progress, errors and the rounds' figures only
  -v, --verbose     show each command as it is run
      --help        print this text and exit
      --version     print the version and exit
      --seeds=LIST  compare: run every recipe with each of these seeds, one after
                    another or N side by side (default: the recipe's SEED)
      --answers=LIST  compare: run every recipe with each of these kinds of answers:
                    full, digits-D, top-K or top-K+digits-D

RECIPE is a file of NAME = VALUE lines; parameters given as arguments come first.
IMAGES (unlabeled real images), TEACHER (as for amkd-query) and BUDGET (answers in
all) or BUDGETS (the same by the end of each round) are needed. A run that was stopped
goes on where it stood when the same command is given again; with changed parameters
it redoes what depends on them. "compare" runs several recipes, asks the teacher
nothing twice, and shows their figures side by side.

Examples:
  amkd-distill IMAGES=real.amkd TEACHER=exec:./teacher BUDGET=24000
  amkd-distill -n --dir run recipe.mk ROUNDS=8
  amkd-distill compare -j 2 --seeds 1,2,3 random.recipe active.recipe
  amkd-distill compare --answers full,digits-2,top-3,top-1 defender.mk
END
}

fail() {
    printf 'amkd-distill: %s\n' "$*" >&2
    exit 1
}

# What a command prints, all or with an error, and then the end.
print_all() {
    local text
    text=$("$@")
    printf '%s\n' "$text" 2>/dev/null || fail "stdout: it cannot be written"
    exit 0
}

misuse() {
    printf "amkd-distill: %s\nTry 'amkd-distill --help'\n" "$*" >&2
    exit 2
}

# --------------------------------------------------------------------- the command line

dir='' recipe='' jobs=1 plan='' quiet='' verbose='' list='' options='' status='' json='' launch=() assignments=()
# shellcheck disable=SC2034 # distill-networks.sh's
chosen_networks=''

need_count() { # WHAT VALUE LEAST
    if ! [[ $2 =~ ^[0-9]{1,15}$ ]] || ((10#$2 < $3)); then
        misuse "$1 '$2': expected a whole number of at least $3"
    fi
}

take_argument() {
    case $1 in
    *=*)
        [[ ${1%%=*} =~ ^[A-Z_]+[a-z]*$ ]] || misuse "'$1': expected NAME=VALUE or a recipe"
        assignments+=("$1")
        ;;
    *)
        [ -z "$recipe" ] || misuse "'$1': there is a recipe already, '$recipe'"
        [ -n "$1" ] || misuse "the recipe's name is empty"
        recipe=$1
        ;;
    esac
}

read_arguments() {
    local words
    words=$(getopt -n amkd-distill -o nj:qvh \
        -l dry-run,jobs:,dir:,launch:,parameters,options,status,watch,json,quiet,verbose,help,version -- "$@") ||
        { echo "Try 'amkd-distill --help'" >&2 && exit 2; }
    eval set -- "$words"
    while [ "$1" != -- ]; do
        case $1 in
        -n | --dry-run) plan=1 ;;
        -j | --jobs) need_count "$1" "$2" 1 && jobs=$2 && shift ;;
        --dir) dir=$2 && shift ;;
        --launch) launch=("LAUNCH=$2") && shift ;;
        --parameters) list=1 ;;
        --options) options=1 ;;
        --status) status=${status:-once} ;;
        --watch) status=watch ;;
        --json) json=1 ;;
        -q | --quiet) quiet=1 ;;
        -v | --verbose) verbose=1 ;;
        -h | --help) print_all usage ;;
        --version) print_all echo 'amkd-distill @PROJECT_VERSION@' ;;
        esac
        shift
    done
    shift
    if [ -n "$status" ]; then
        (($# <= 1)) || misuse "--status takes one directory"
        dir=${1:-${dir:-amkd-run}}
        return
    fi
    [ -z "$json" ] || misuse "--json is for --status and --watch"
    local argument
    for argument in "$@"; do
        take_argument "$argument"
    done
    assignments+=("${launch[@]}")
    [ -z "$dir" ] || assignments+=("DIR=$dir")
    # A dollar sign on the command line is one, not make's.
    assignments=("${assignments[@]//\$/\$\$}")
}

# The tools beside this script come before others of their name.
find_tools() {
    local here tool
    here=$(dirname "$(readlink -f "$0")")
    PATH=$here:$PATH
    AMKD_TOOLS=$here AMKD_SHARE=$here
    [ -e "$here/distill-rules.mk" ] || AMKD_SHARE=$here/@AMKD_DATA_FROM_BIN@
    export PATH AMKD_TOOLS AMKD_SHARE
    [ -e "$AMKD_SHARE/distill-rules.mk" ] || fail "'$AMKD_SHARE': no distill-rules.mk there"
    for tool in make flock setsid amkd-augment amkd-pool amkd-score amkd-merge amkd-query \
        amkd-train amkd-eval amkd-cat; do
        command -v $tool >/dev/null || fail "$tool is not installed"
    done
    [[ $(make --version) == 'GNU Make'* ]] || fail "make is not GNU make"
}

# ------------------------------------------------------------------------ the parameters

# Whatever ends this script ends what it runs.
wait_for() { # GROUP
    local status=0
    # shellcheck disable=SC2064 # the group of now
    trap "stop_group $1" INT TERM HUP
    wait "$1" || status=$?
    while kill -0 "$1" 2>/dev/null; do
        wait "$1" || status=$?
    done
    trap - INT TERM HUP
    end_group "$1"
    return $status
}

run_make() {
    local command=(make -rRs --no-print-directory -f "$AMKD_SHARE/distill-parameters.mk"
        "RECIPE=$recipe" "JOBS=$jobs" "${assignments[@]}" "$@")
    if [ -z "$life" ]; then
        "${command[@]}"
        return
    fi
    begin_group exec "${command[@]}"
    wait_for $!
}

# The arguments end with the goal.
run_loop() {
    run_make -f "$AMKD_SHARE/distill-rules.mk" "GRACE=$(grace)" "$@"
}

# The table of parameters: which there are, and what is so of each.
declare -A traits=()
parameters=()
read_table() {
    local name so
    while read -r name so; do
        parameters+=("$name")
        traits[$name]=$so
    done < <(make -rRs --no-print-directory -f "$AMKD_SHARE/distill-parameters.mk" RECIPE= table)
    ((${#parameters[@]})) || fail "'$AMKD_SHARE': no table of parameters there"
}

has() { # NAME TRAIT
    [[ " ${traits[$1]} " == *" $2 "* ]]
}

# What the parameters are, as make reads defaults, recipe and arguments together.
declare -A value=()
read_parameters() {
    local lines line name
    if [ -n "$recipe" ]; then
        [[ ! $recipe =~ [[:space:]] ]] ||
            misuse "'$recipe': make cannot take a recipe with spaces in its name"
        [ -r "$recipe" ] || fail "'$recipe': cannot be read"
    fi
    lines=$(run_make parameters) || misuse "the recipe is no makefile"
    while IFS= read -r line; do
        name=${line%%=*}
        case $name in
        \'*) echo "amkd-distill: note: $line" >&2 ;;
        *) value[$name]=${line#*=} ;;
        esac
    done <<<"$lines"
    shopt -s extglob
    value[TEACHER]=${value[TEACHER]%%+([[:space:]])}
    for line in "${assignments[@]}"; do
        [ -n "${value[${line%%=*}]+known}" ] ||
            misuse "there is no parameter '${line%%=*}' (--parameters lists them)"
    done
    assignments+=("TEACHER=${value[TEACHER]//\$/\$\$}")
    if [ -n "$list" ]; then
        print_all grep -v "^'" <<<"$lines"
    fi
}

need_path_of() { # WHAT PATH
    [ -z "$(tr -cd ' \t:#$%;&|<>()*?'\''"`~\\[]{}' <<<"$2")" ] ||
        misuse "$1: make cannot take spaces or special characters there"
}

need_path() { # NAME
    need_path_of "$1 '${value[$1]}'" "${value[$1]}"
    ! has "$1" directory || [[ ${value[$1]} != *[,=]* ]] ||
        misuse "$1 '${value[$1]}': make cannot take a comma or an equals sign in a folder's name"
}

# What the table says of each alone.
check_given() {
    local name
    for name in "${parameters[@]}"; do
        ! has "$name" needed || [ -n "${value[$name]}" ] || misuse "$name is not set"
    done
    for name in "${parameters[@]}"; do
        ! has "$name" path || need_path "$name"
    done
}

check_choice() { # NAME
    [[ " ${traits[$1]} " =~ ' one-of='([^ ]+) ]] || return 0
    [[ ,${BASH_REMATCH[1]}, == *",${value[$1]},"* ]] ||
        misuse "$1 '${value[$1]}': expected ${BASH_REMATCH[1]//,/ or }"
}

check_words() {
    local name
    for name in "${parameters[@]}"; do
        [ -n "${value[$name]}" ] || ! has "$name" or-empty || continue
        ! has "$name" from-0 || need_count "$name" "${value[$name]}" 0
        ! has "$name" from-1 || need_count "$name" "${value[$name]}" 1
        check_choice "$name"
        ! has "$name" word || [[ ${value[$name]} =~ ^[A-Za-z0-9.,:+-]+$ ]] ||
            misuse "$name '${value[$name]}': expected one word, without special characters"
    done
}

check_parameters() {
    check_given
    [ -z "${value[JOURNAL]}" ] || [ -z "${value[SHARED]}" ] ||
        misuse "JOURNAL and SHARED are two places for the same answers"
    check_budgets
    check_words
    case ${value[POOL]} in
    '' | all | bought) ;;
    *x)
        [[ ${value[POOL]} =~ ^0*([2-9]|[1-9][0-9]{1,8})x$ ]] || misuse \
            "POOL '${value[POOL]}': expected a number, 2x or more, all or bought"
        ;;
    *) need_count POOL "${value[POOL]}" 1 ;;
    esac
    check_teacher_options
    check_diverse
    check_stop_rules
}

# What the loop itself says to amkd-query is no option of the teacher.
check_teacher_options() {
    local names='teacher|output|dry-run|check|append|journal|no-journal|budget|batch|timeout'
    names+='|device|images|quiet|help|version'
    [[ ! " ${value[TEACHER_OPTIONS]} " =~ \ (-[tondqh][^ ]*|--($names)(=[^ ]*)?)\  ]] ||
        misuse "TEACHER_OPTIONS: '${BASH_REMATCH[1]}' is what the loop itself says to amkd-query"
}

# BUDGETS is ascending, and neither BUDGET nor ROUNDS says something else.
check_budgets() {
    local budgets answers before=0
    [ -n "${value[BUDGETS]}" ] || return 0
    read -ra budgets <<<"${value[BUDGETS]}"
    for answers in "${budgets[@]}"; do
        need_count BUDGETS "$answers" 1
        ((10#$answers > before)) || misuse "BUDGETS '${value[BUDGETS]}': expected" \
            "ascending numbers, but $answers follows $before"
        before=$((10#$answers))
    done
    [[ ${value[BUDGET]} =~ ^0*$before$ ]] ||
        misuse "BUDGET is ${value[BUDGET]}, but BUDGETS '${value[BUDGETS]}' ends with $before"
    [[ ${value[ROUNDS]} =~ ^0*${#budgets[@]}$ ]] || misuse "ROUNDS is ${value[ROUNDS]}," \
        "but BUDGETS '${value[BUDGETS]}' is of ${#budgets[@]}"
}

# Diverse picks leave the score something to choose of, and are of one part.
check_diverse() {
    if [[ ${value[DIVERSE]} =~ ^0*\.?0*([eE].*)?$ ]]; then
        settle DIVERSE 0
        return
    fi
    awk -v n="${value[DIVERSE]}" -v pool="${value[POOL]}" '
        BEGIN { exit pool ~ /x$/ && n + 0 >= pool + 0 }' ||
        misuse "DIVERSE ${value[DIVERSE]} leaves nothing to the score in a POOL of" \
            "${value[POOL]}"
    assignments+=("SHARDS=1")
}

check_stop_rules() {
    [[ ${value[HOLDOUT]} =~ ^(0?\.[0-9]+|[0-9]{1,9}|)$ ]] || misuse "HOLDOUT" \
        "'${value[HOLDOUT]}': expected a number of images, or a share of BUDGET below 1"
    [[ ${value[TARGET]} =~ ^(0?\.[0-9]+|[01]|1\.0*|)$ ]] ||
        misuse "TARGET '${value[TARGET]}': expected a number from 0 to 1"
    settle PATIENCE $((10#${value[PATIENCE]}))
}

# -------------------------------------------------------------------------------- the run

# Two runs in one place would buy the same answers. What a killed one was about to write is
# nobody's then.
lock() {
    mkdir -p "${value[DIR]}" ${value[SHARED]:+"${value[SHARED]}"} || exit 1
    exec 9>"${value[DIR]}/.lock"
    if ! flock -n 9; then
        echo "amkd-distill: waiting for another run in '${value[DIR]}', or the end of one" >&2
        flock 9
    fi
    find "${value[DIR]}" -maxdepth 2 \
        \( -name '.*.????????????????.tmp' -o -name '*.running' \) -delete
    rm -f "${value[DIR]}/ended.txt"
    local name
    for name in "${!value[@]}"; do
        printf '%s=%s\n' "$name" "${value[$name]}"
    done | sort >"${value[DIR]}/parameters.txt"
}

# Seconds that a run has to end when told: an answer under way is waited for.
grace() {
    awk -v timeout="${value[TIMEOUT]}" 'BEGIN {
        printf "%d", (timeout > 0 ? timeout : 300) + 30 }'
}

stopped() {
    end_watch
    fail "stopped; the same command goes on from here"
}

# Whether the last round is what its parameters say: nothing is left to run.
is_complete() { # ROUND
    local left
    left=$(life='' && run_loop PLAN=1 -n "LAST=$1" all) && [ -z "$left" ] &&
        [ -e "${value[DIR]}/student.safetensors" ]
}

main() {
    if [ "${1:-}" = compare ]; then
        find_tools
        shift
        exec bash -p "$AMKD_SHARE/distill-compare.sh" "$(readlink -f "$0")" "$@"
    fi
    read_arguments "$@"
    find_tools
    . "$AMKD_SHARE/distill-answers.sh"
    . "$AMKD_SHARE/distill-budget.sh"
    . "$AMKD_SHARE/distill-check.sh"
    . "$AMKD_SHARE/distill-groups.sh"
    . "$AMKD_SHARE/distill-launchers.sh"
    . "$AMKD_SHARE/distill-networks.sh"
    . "$AMKD_SHARE/distill-stop.sh"
    [ -z "$options" ] || print_all bash -p "$AMKD_SHARE/distill-options.sh" < <(usage)
    if [ -n "$status" ]; then
        exec bash -p "$AMKD_SHARE/distill-status.sh" "$dir" "${status#once}" "$json"
    fi
    read_table
    read_parameters
    check_parameters
    find_identities
    check_launchers
    check_commands
    check_images
    warn_of_shared
    [ -n "$quiet" ] || say_budget >&2
    if [ -n "$plan" ]; then
        if has_stop_rule; then plan_rounds; else run_loop PLAN=1 -n all; fi || exit 1
        exit 0
    fi
    lock
    watch_groups "$(grace)"
    end_jobs
    try_launchers
    if has_stop_rule; then
        run_rounds "QUIET=$quiet" "VERBOSE=$verbose" -j "$jobs" || stopped
    else
        last=${value[ROUNDS]} why="the budget is spent"
        run_loop "QUIET=$quiet" "VERBOSE=$verbose" -j "$jobs" all || stopped
    fi
    is_complete "$last" || fail "make ended, but round $last is not complete"
    echo "after round $last: $why" >"${value[DIR]}/ended.txt"
    end_watch
    ! has_stop_rule || echo "ended after round $last: $why"
    [ -n "$quiet" ] || echo "the student: ${value[DIR]}/student.safetensors"
}

main "$@"
