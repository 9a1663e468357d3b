# Sourced by test_slurm.sh: runs of amkd-distill in which something is killed by SIGKILL after a
# random time, and which are begun again until they are done.

# A slurmstepd is none unless VICTIMS says so: Slurm does not notice that it was killed before
# the time limit of its job, a minute at least.
read -ra victims <<<"${VICTIMS:-slurmd slurmd job srun loop}"

# The processes that are one of these now, of this test's alone.
find_victims() { # KIND
    local process words
    for process in $(slurm_processes); do
        mapfile -d '' -t words 2>/dev/null <"/proc/$process/cmdline" || continue
        case $1:${words[*]} in
        job:*/distill-job.sh\ * | job:amkd-score\ * | job:amkd-train\ *) ;;
        stepd:slurmstepd:* | srun:srun\ * | loop:*/amkd-distill\ -q*) ;;
        *) continue ;;
        esac
        echo "$process"
    done
}

# One of them, at once where there is one, else when there is; fails when the run has ended.
await_victim() { # KIND RUN
    local found
    while kill -0 "$2" 2>/dev/null; do
        mapfile -t found < <(find_victims "$1")
        if [ ${#found[@]} -gt 0 ]; then
            echo "${found[RANDOM % ${#found[@]}]}"
            return 0
        fi
        sleep 0.05
    done
    return 1
}

# Counts in nsought the kills that need a victim, in nkilled those that had one.
nsought=0 nkilled=0
kill_one() { # NUMBER
    local kind=${victims[RANDOM % ${#victims[@]}]} node=$((RANDOM % 3 + 1)) run victim got=0 tries=0
    local delay=$((RANDOM % 40))
    amkd-distill -q -j 2 --launch "$srun" "${loop[@]}" >table 2>said &
    run=$!
    sleep "$(printf '%d.%d' $((delay / 10)) $((delay % 10)))"
    if [ "$kind" = slurmd ]; then
        kill -9 "${slurm_pids[node$node]}"
        wait "${slurm_pids[node$node]}" 2>/dev/null || true
        sleep 1
        slurm_node "$node"
        victim="slurmd of node$node"
    elif ((++nsought)) && victim=$(await_victim "$kind" $run); then
        kill -9 "$victim" 2>/dev/null && ((++nkilled)) || true
    else
        victim=none
    fi
    wait $run || got=$?
    while ((got)); do
        ((tries++ < 5)) || fail "kill $1, $kind: not done after 5 tries: $(cat said)"
        got=0
        timeout 120 amkd-distill -q -j 2 --launch "$srun" "${loop[@]}" >table 2>>said || got=$?
    done
    echo "kill $1: $kind ($victim) after $delay/10 s: begun again $tries times"
    same_run "kill $1, $kind"
}
