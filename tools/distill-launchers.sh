# shellcheck shell=bash
# What launches the commands of a run (LAUNCH and its like): whether it is there, whether what
# it runs works, and the jobs that an earlier run left behind. Read by amkd-distill.

# Which parameters launch, and what, is in the table of distill-parameters.mk.
# shellcheck disable=SC2154

# Sets words, those of a launcher.
split_launcher() { # NAME
    (eval "words=(${value[$1]})") 2>/dev/null ||
        misuse "$1 '${value[$1]}': expected the words of a command"
    eval "words=(${value[$1]})"
}

# Calls a function with the name of each parameter that launches something, of those that are
# alike with the first, and that is LAUNCH where they come from it.
each_launcher() { # FUNCTION
    local name
    local -A seen=()
    for name in "${parameters[@]}"; do
        has "$name" launch || continue
        [[ -n ${value[$name]} && -z ${seen[${value[$name]}]:-} ]] || continue
        seen[${value[$name]}]=1
        [ "${value[$name]}" != "${value[LAUNCH]}" ] || name=LAUNCH
        "$1" "$name"
    done
}

check_launcher() { # NAME
    local words
    split_launcher "$1"
    command -v -- "${words[0]}" >/dev/null ||
        fail "$1 '${value[$1]}': '${words[0]}' is not there"
}

# Where a training is launched, the MPI is that of where it runs.
check_mpi() {
    [ -n "${value[MPIRUN]}" ] && [ -z "${value[LAUNCH_train]}" ] || return 0
    check_launcher MPIRUN
    command -v amkd-train_mpi >/dev/null || fail "MPIRUN: this amkd has no amkd-train_mpi"
}

check_launchers() {
    each_launcher check_launcher
    check_mpi
}

# A first job, before anything is asked: it finds this amkd, the images and the device, and what
# it writes is seen here.
try_launcher() { # NAME
    local command says=${value[DIR]}/launched.txt here there device devices
    command="amkd-pool --check ${value[IMAGES]}"
    IFS=, read -ra devices <<<"${value[DEVICE]}"
    if [ "$1" != LAUNCH_query ] || [[ ${value[TEACHER]} = model:* ]]; then
        for device in "${devices[@]:-}"; do
            command+=" && amkd-devices -d $(printf %q "$device") >/dev/null"
        done
    fi
    command+=" && amkd-pool --version >$says"
    rm -f "$says"
    begin_group bash -p "$AMKD_SHARE/distill-launch.sh" "${value[$1]}" "${value[LATE]}" \
        "$(grace)" "$says" "$command" "${value[IMAGES]}"
    wait_for $! || {
        end_watch
        fail "$1: a first job failed; nothing was asked"
    }
    there=$(cat "$says") here=$(amkd-pool --version)
    rm -f "$says"
    [ "$there" = "$here" ] || fail "$1 '${value[$1]}': '$there' is there, '$here' is here"
}

# Not where nothing is left to run.
try_launchers() {
    local left
    [ -n "$(each_launcher echo)" ] || return 0
    # shellcheck disable=SC2034 # life is run_make's
    left=$(life='' && run_loop PLAN=1 -n all) || exit 1
    [ -z "$left" ] || each_launcher try_launcher
}

# Ends the jobs of an earlier run, whose launcher was killed: they see that their file is
# gone (distill-job.sh), and hold a lock on it for as long as they live.
end_jobs() {
    local job held
    while IFS= read -r job; do
        exec {held}<>"$job"
        rm -f "$job"
        if ! flock -n "$held"; then
            echo "amkd-distill: waiting for the end of a job that an earlier run left" >&2
            flock -w "$(grace)" "$held" || fail "'${job%.job}': a job of an earlier run does not end"
        fi
        exec {held}>&-
    done < <(find "${value[DIR]}" -maxdepth 2 -name '*.job')
}
